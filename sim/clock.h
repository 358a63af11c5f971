#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "model/executor.h"

namespace biotope::sim {

// The executor whose time is SystemC's. Lives inside a FreshContext. start() or the first step()
// ends the elaboration, so all hardware must have been made by then.
//
// Everything that is to happen stands in one heap, ordered by (time, order of asking), behind one
// sc_event and one SC_METHOD: SystemC carries the time, and no result can depend on the order in
// which it runs the processes of a delta. With a `tie_seed` other than 0 the work that was asked
// for by after(delay > 0) and falls due at the same instant runs in an order drawn from the seed;
// posted work stays first in, first out behind it. Meant for finding what depends on ties.
class SystemcExecutor final : public Executor {
 public:
  explicit SystemcExecutor(std::uint64_t tie_seed = 0);
  ~SystemcExecutor() override;

  std::int64_t now_ns() const override { return now_ns_; }
  void post(std::function<void()> work) override;
  void after(std::int64_t delay_ns, std::function<void()> work) override;
  // Runs one piece of work. May be called from inside such a piece.
  bool step() override;

  // Ends the elaboration without moving time. Done by the first step() otherwise.
  void start();
  // When the next piece of work is due, or -1 when there is none.
  std::int64_t next_due_ns() const { return heap_.empty() ? -1 : heap_.front().due_ns; }
  bool started() const { return started_; }
  std::size_t pending() const { return heap_.size(); }

 private:
  class Alarm;

  struct Entry {
    std::int64_t due_ns;
    std::uint64_t rank;  // orders equal times before `number` does
    std::uint64_t number;
    std::uint32_t slot;  // where the work is in slots_: entries stay small when the heap moves them
  };
  static bool later(const Entry& a, const Entry& b);

  void add(std::int64_t due_ns, std::uint64_t rank, std::function<void()> work);
  std::function<void()> pop();

  std::uint64_t tie_seed_;
  bool started_ = false;
  std::int64_t now_ns_ = 0;
  std::uint64_t next_number_ = 0;
  std::vector<Entry> heap_;
  std::vector<std::function<void()>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace biotope::sim
