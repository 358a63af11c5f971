#include "model/virtual_executor.h"

#include <iterator>
#include <limits>

#include "model/check.h"

namespace biotope {

void VirtualExecutor::after(std::int64_t delay_ns, std::function<void()> work) {
  BIOTOPE_CHECK(delay_ns >= 0, "work can not be asked for in the past");
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const std::int64_t due_ns = delay_ns > kEnd - now_ns_ ? kEnd : now_ns_ + delay_ns;
  due_.emplace(std::pair(due_ns, sequence_++), std::move(work));
}

VirtualExecutor::Due::iterator VirtualExecutor::choose() {
  const auto first = due_.begin();
  if (!chooser_) return first;
  const auto end = due_.lower_bound({first->first.first, sequence_});
  const auto count = static_cast<std::size_t>(std::distance(first, end));
  return count < 2 ? first : std::next(first, static_cast<std::ptrdiff_t>(chooser_(count)));
}

bool VirtualExecutor::step() {
  if (due_.empty()) return false;
  const auto next = choose();
  now_ns_ = next->first.first;
  // Out of the map before it runs: what it asks for may be due now as well.
  const std::function<void()> work = std::move(next->second);
  due_.erase(next);
  work();
  return true;
}

}  // namespace biotope
