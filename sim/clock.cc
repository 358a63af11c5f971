#include "sim/clock.h"

#include <Random123/philox.h>

#include <algorithm>
#include <limits>
#include <systemc>
#include <utility>

#include "model/check.h"

namespace biotope::sim {
namespace {

// Posted work runs behind all that was due anyway.
constexpr std::uint64_t kLastRank = std::numeric_limits<std::uint64_t>::max();

std::uint64_t drawn_rank(std::uint64_t seed, std::uint64_t number) {
  const r123::Philox4x32::ctr_type counter{
      {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), 0, 0}};
  const r123::Philox4x32::key_type key{
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const auto drawn = r123::Philox4x32()(counter, key);
  return drawn[0];
}

}  // namespace

// Stops the kernel at the time asked for. The work itself runs when the kernel has paused, on the
// caller of step(): it may then step again, and may leave by whatever way it likes.
class SystemcExecutor::Alarm : public sc_core::sc_module {
 public:
  explicit Alarm(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_HAS_PROCESS(Alarm);
    SC_METHOD(ring);
    sensitive << due_;
    dont_initialize();
  }

  void sleep(std::int64_t delay_ns) {
    due_.notify(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(delay_ns)));
    rung_ = false;
    sc_core::sc_start();
    BIOTOPE_CHECK(rung_, "SystemC came back before the time it was asked for");
  }

 private:
  void ring() {
    rung_ = true;
    sc_core::sc_pause();
  }

  sc_core::sc_event due_;
  bool rung_ = false;
};

SystemcExecutor::SystemcExecutor(std::uint64_t tie_seed)
    : tie_seed_(tie_seed), alarm_(std::make_unique<Alarm>("alarm")) {}

SystemcExecutor::~SystemcExecutor() = default;

bool SystemcExecutor::later(const Entry& a, const Entry& b) {
  if (a.due_ns != b.due_ns) return a.due_ns > b.due_ns;
  if (a.rank != b.rank) return a.rank > b.rank;
  return a.number > b.number;
}

void SystemcExecutor::add(std::int64_t due_ns, std::uint64_t rank, std::function<void()> work) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(work));
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = std::move(work);
  }
  heap_.push_back({due_ns, rank, next_number_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void SystemcExecutor::post(std::function<void()> work) {
  add(now_ns_, tie_seed_ == 0 ? 0 : kLastRank, std::move(work));
}

void SystemcExecutor::after(std::int64_t delay_ns, std::function<void()> work) {
  BIOTOPE_CHECK(delay_ns >= 0, "nothing can be done in the past");
  if (delay_ns == 0) return post(std::move(work));
  const std::uint64_t rank = tie_seed_ == 0 ? 0 : drawn_rank(tie_seed_, next_number_);
  constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();
  add(delay_ns > kEndOfTime - now_ns_ ? kEndOfTime : now_ns_ + delay_ns, rank, std::move(work));
}

std::function<void()> SystemcExecutor::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const std::uint32_t slot = heap_.back().slot;
  heap_.pop_back();
  free_slots_.push_back(slot);
  return std::exchange(slots_[slot], nullptr);
}

void SystemcExecutor::start() {
  if (std::exchange(started_, true)) return;
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

bool SystemcExecutor::step() {
  if (heap_.empty()) return false;
  start();
  const std::int64_t due_ns = heap_.front().due_ns;
  if (due_ns > now_ns_) {
    alarm_->sleep(due_ns - now_ns_);
    now_ns_ = due_ns;
  }
  pop()();
  return true;
}

}  // namespace biotope::sim
