#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "model/executor.h"
#include "model/task.h"

namespace biotope {

// The one queue of everything that changes the mesh. An event runs to its end, waits for I/O
// included, before the next starts. Losses go before all else; clearing away (the washer) comes
// when nothing else is queued.
class EventQueue {
 public:
  using Work = std::function<Task<void>()>;

  explicit EventQueue(Executor& executor) : later_(executor) {}

  void post(Work work) { push(ordinary_, std::move(work)); }
  void post_loss(Work work) { push(losses_, std::move(work)); }
  void post_washing(Work work) { push(washing_, std::move(work)); }

  // Drops everything, also the event that runs.
  void clear();

  // Nothing is queued and nothing runs.
  bool idle() const { return !busy_; }
  // Calls `then` when the queue is idle; from the executor, never from here.
  void when_idle(std::function<void()> then);
  std::uint64_t queued() const {
    return losses_.size() + ordinary_.size() + washing_.size() + (busy_ ? 1U : 0U);
  }

 private:
  void push(std::deque<Work>& queue, Work work);
  bool take(Work& work);
  Task<void> run();
  void became_idle();

  Lifeline later_;
  bool busy_ = false;
  std::deque<Work> losses_;
  std::deque<Work> ordinary_;
  std::deque<Work> washing_;
  std::vector<std::function<void()>> when_idle_;
  Task<void> runner_;
};

}  // namespace biotope
