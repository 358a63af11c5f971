#include "model/event_queue.h"

namespace biotope {

void EventQueue::push(std::deque<Work>& queue, Work work) {
  queue.push_back(std::move(work));
  if (busy_) return;
  busy_ = true;
  later_.post([this] {
    runner_ = run();
    runner_.start();
  });
}

bool EventQueue::take(Work& work) {
  for (std::deque<Work>* queue : {&losses_, &ordinary_, &washing_}) {
    if (queue->empty()) continue;
    work = std::move(queue->front());
    queue->pop_front();
    return true;
  }
  return false;
}

Task<void> EventQueue::run() {
  Work work;
  while (take(work)) co_await work();
  became_idle();
}

void EventQueue::became_idle() {
  busy_ = false;
  for (auto& then : std::exchange(when_idle_, {})) when_idle(std::move(then));
}

void EventQueue::clear() {
  runner_ = {};
  losses_.clear();
  ordinary_.clear();
  washing_.clear();
  when_idle_.clear();
  busy_ = false;
}

void EventQueue::when_idle(std::function<void()> then) {
  if (!idle()) return when_idle_.push_back(std::move(then));
  // Whoever runs before it may post events: then it has to wait again.
  later_.post([this, then = std::move(then)] {
    if (idle()) {
      then();
    } else {
      when_idle_.push_back(then);
    }
  });
}

}  // namespace biotope
