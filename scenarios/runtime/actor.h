#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/executor.h"
#include "scenarios/runtime/call.h"

namespace biotope::runtime {

// Pushes what a wait has brought as results, or says why it brought nothing.
using Delivery = std::function<Answer(Call&)>;

// A wait of an actor. Stays harmless when the actor is gone or waits for something else.
struct Wait {
  std::uint64_t actor = 0;
  std::uint64_t number = 0;
};

// Somebody who acts in a scenario: a coroutine of the script, resumed by simulated time. The main
// script is one, and each spawn() makes another.
class Actor {
 public:
  Actor(std::uint64_t id, std::string name, lua_State* thread, int anchor)
      : id_(id), name_(std::move(name)), thread_(thread), anchor_(anchor) {}

  std::uint64_t id() const { return id_; }
  const std::string& name() const { return name_; }
  lua_State* thread() const { return thread_; }
  // What it waits for and since which line, for people.
  const std::string& waits_for() const { return waits_for_; }

 private:
  friend class Actors;

  std::uint64_t id_;
  std::string name_;
  lua_State* thread_;
  int anchor_;  // keeps the coroutine from being collected
  std::string waits_for_;
  std::uint64_t wait_number_ = 0;
  bool woken_ = false;
  Delivery delivery_;
  std::vector<Wait> followers_;  // wait for it to finish
};

// All actors of a run. They take turns on the executor, one at a time, in the order of time and of
// waking. The first failure of any of them ends the run.
class Actors {
 public:
  Actors(LuaState& state, Executor& executor) : state_(state), later_(executor) {
    state.actors = this;
  }
  Actors(const Actors&) = delete;
  Actors& operator=(const Actors&) = delete;

  // A new actor for the function and its `arguments` on top of `from`'s stack, which are taken off.
  // It starts when its turn comes.
  Actor& spawn(lua_State* from, int arguments, std::string name);
  // Likewise, but it starts now and runs to its first wait: nothing is on the executor's stack yet.
  void run_main(lua_State* from, std::string name);
  Actor* find(std::uint64_t id);
  Actor& of(lua_State* thread);

  // The calling native is about to return kWaits; `what` says for people what for. Fails where Lua
  // can not be left in the middle: in the comparison of a sort, say.
  Outcome<Wait> wait(Call& call, std::string what);
  // Its turn comes again, with this. Only the first waking counts.
  void wake(const Wait& wait, Delivery delivery);
  // Is called in the resumed actor.
  Answer deliver(Call& call);
  // Waits for the end of an actor; returns at once when it has ended already.
  Answer follow(std::uint64_t id, Call& call);

  bool all_done() const { return actors_.empty(); }
  const std::optional<Failure>& failure() const { return failure_; }
  void fail(Failure failure);
  // "the main script waits for ... since story.lua:12; ...".
  std::string waiting() const;

 private:
  Actor& add(lua_State* from, int arguments, std::string name);
  void take_turn(std::uint64_t id, int arguments);
  void finish(Actor& actor);

  LuaState& state_;
  Lifeline later_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Actor>> actors_;
  std::map<lua_State*, Actor*> by_thread_;
  std::optional<Failure> failure_;
};

}  // namespace biotope::runtime
