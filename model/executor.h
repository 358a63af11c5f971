#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace biotope {

// The only clock there is, and the only way to do something later. One thread: everything that is
// posted runs one after the other, on the caller of step(). Equal times run in the order they were
// asked for, unless an implementation exists to permute exactly that.
class Executor {
 public:
  virtual ~Executor() = default;

  // Simulated time since the start, never going back.
  virtual std::int64_t now_ns() const = 0;
  // Runs `work` at the present time, after what is running and what was posted before.
  virtual void post(std::function<void()> work) = 0;
  // Runs `work` once `delay_ns` >= 0 has passed.
  virtual void after(std::int64_t delay_ns, std::function<void()> work) = 0;
  // Runs what is due next, moving time forward if need be. False when nothing is left to run.
  virtual bool step() = 0;
};

// Asks an executor for work on behalf of one owner: what has not run when the owner goes never
// runs.
class Lifeline {
 public:
  explicit Lifeline(Executor& executor) : executor_(&executor) {}

  void post(std::function<void()> work) { executor_->post(guarded(std::move(work))); }
  void after(std::int64_t delay_ns, std::function<void()> work) {
    executor_->after(delay_ns, guarded(std::move(work)));
  }

 private:
  std::function<void()> guarded(std::function<void()> work) {
    return [owner = std::weak_ptr<const bool>(alive_), work = std::move(work)] {
      if (!owner.expired()) work();
    };
  }

  Executor* executor_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace biotope
