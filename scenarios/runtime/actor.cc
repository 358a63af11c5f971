#include "scenarios/runtime/actor.h"

#include "model/check.h"

namespace biotope::runtime {

namespace {

Answer deliver_nothing(Call&) { return 0; }

}  // namespace

Actor& Actors::add(lua_State* from, int arguments, std::string name) {
  lua_State* thread = lua_newthread(from);
  const int anchor = luaL_ref(from, LUA_REGISTRYINDEX);
  lua_checkstack(thread, arguments + LUA_MINSTACK);
  lua_xmove(from, thread, arguments + 1);
  const std::uint64_t id = ++last_id_;
  auto& actor = actors_[id] = std::make_unique<Actor>(id, std::move(name), thread, anchor);
  by_thread_[thread] = actor.get();
  return *actor;
}

Actor& Actors::spawn(lua_State* from, int arguments, std::string name) {
  Actor& actor = add(from, arguments, std::move(name));
  later_.post([this, id = actor.id_, arguments] { take_turn(id, arguments); });
  return actor;
}

void Actors::run_main(lua_State* from, std::string name) {
  take_turn(add(from, 0, std::move(name)).id_, 0);
}

Actor* Actors::find(std::uint64_t id) {
  const auto found = actors_.find(id);
  return found == actors_.end() ? nullptr : found->second.get();
}

Actor& Actors::of(lua_State* thread) {
  const auto found = by_thread_.find(thread);
  BIOTOPE_CHECK(found != by_thread_.end(), "only actors run script code");
  return *found->second;
}

Outcome<Wait> Actors::wait(Call& call, std::string what) {
  if (lua_isyieldable(call.thread()) == 0) {
    return misuse("nothing can be waited for here, in the middle of a function of Lua's own");
  }
  Actor& actor = of(call.thread());
  actor.waits_for_ = sentence(what, " since ", where(call.thread(), 0));
  actor.woken_ = false;
  return Wait{actor.id_, ++actor.wait_number_};
}

void Actors::wake(const Wait& wait, Delivery delivery) {
  Actor* actor = find(wait.actor);
  if (actor == nullptr || actor->wait_number_ != wait.number || actor->woken_) return;
  actor->woken_ = true;
  actor->delivery_ = std::move(delivery);
  later_.post([this, id = wait.actor] { take_turn(id, 0); });
}

Answer Actors::deliver(Call& call) {
  Actor& actor = of(call.thread());
  const Delivery delivery = std::exchange(actor.delivery_, nullptr);
  return delivery(call);
}

Answer Actors::follow(std::uint64_t id, Call& call) {
  Actor* actor = find(id);
  if (actor == nullptr) return 0;
  const Outcome<Wait> waiting = wait(call, sentence("the end of ", actor->name_));
  if (!waiting) return hand_on(waiting);
  actor->followers_.push_back(*waiting);
  return kWaits;
}

void Actors::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
}

std::string Actors::waiting() const {
  std::string text;
  for (const auto& [id, actor] : actors_) {
    text += sentence(text.empty() ? "" : "; ", actor->name_, " waits for ", actor->waits_for_);
  }
  return text;
}

void Actors::take_turn(std::uint64_t id, int arguments) {
  Actor* actor = find(id);
  if (actor == nullptr || failure_) return;
  actor->waits_for_.clear();
  switch (state_.resume(actor->thread_, arguments)) {
    case LuaState::Progress::finished:
      finish(*actor);
      break;
    case LuaState::Progress::failed:
      fail(state_.failure_of(actor->thread_));
      break;
    case LuaState::Progress::waiting:
      break;
  }
}

void Actors::finish(Actor& actor) {
  for (const Wait& follower : actor.followers_) wake(follower, &deliver_nothing);
  luaL_unref(state_.main(), LUA_REGISTRYINDEX, actor.anchor_);
  by_thread_.erase(actor.thread_);
  actors_.erase(actor.id_);
}

}  // namespace biotope::runtime
