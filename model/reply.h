#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace biotope {

// For a coroutine that asks somebody who answers by calling a function, now or later:
//
//   Reply<Status> reply;
//   mesh.remove(geom, reply.taker());
//   const Status removed = co_await reply.answer();
//
// An answer that comes when the coroutine is gone finds nobody and is dropped.
template <class T>
class Reply {
 public:
  std::function<void(T)> taker() {
    return [state = std::weak_ptr<State>(state_)](T value) {
      const std::shared_ptr<State> there = state.lock();
      if (!there) return;
      there->value.emplace(std::move(value));
      if (there->waiting) there->waiting.resume();
    };
  }

  auto answer() {
    struct Awaiter {
      std::shared_ptr<State> state;
      bool await_ready() const { return state->value.has_value(); }
      void await_suspend(std::coroutine_handle<> waiting) const { state->waiting = waiting; }
      T await_resume() const { return std::move(*state->value); }
    };
    return Awaiter{state_};
  }

 private:
  struct State {
    std::optional<T> value;
    std::coroutine_handle<> waiting;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace biotope
