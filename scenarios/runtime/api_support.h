#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// What the functions of several parts of the API have in common.

namespace biotope::runtime {

// A provider told by its handle or its name.
Outcome<Provider*> provider_at(Call& call, int index, std::string_view what);
// None, one of them, or a list.
Outcome<std::vector<Provider*>> providers_at(Call& call, int index, std::string_view what);
// A geom told by its handle, or by that of what stands for it: a volume or a device.
Outcome<Geom*> geom_at(Call& call, int index, std::string_view what);
// The bay of the rack that (self, bay) of a method of machines means.
Outcome<int> bay_of(Call& call, std::string_view whose);
// A class that is loaded; `whose` starts the sentence that says there is none.
Outcome<const Class*> class_called(World& world, std::string_view name, std::string_view whose);
// The same, told by its name as an argument.
Outcome<const Class*> class_at(Call& call, int index, std::string_view whose);

// For calls that answer through a function: wakes the actor that waits with a refusal, or with what
// `give` pushes.
std::function<void(Status)> waker(World& world, const Wait& wait,
                                  std::function<Answer(Call&)> give);

// Runs `work` for the calling actor, which waits until it is done: a refusal, or what `give`
// pushes.
template <class T>
Answer run_for_actor(Call& call, std::string what, Task<Result<T>> work,
                     std::function<Answer(Call&, const T&)> give);
Answer run_for_actor(Call& call, std::string what, Task<Status> work);

namespace detail {

template <class T>
Task<void> run_and_wake(World& world, Wait wait, Task<Result<T>> work,
                        std::function<Answer(Call&, const T&)> give) {
  Result<T> result = co_await std::move(work);
  world.actors().wake(wait,
                      [result = std::move(result), give = std::move(give)](Call& call) -> Answer {
                        if (!result) return refused(result.error());
                        return give(call, *result);
                      });
}

}  // namespace detail

template <class T>
Answer run_for_actor(Call& call, std::string what, Task<Result<T>> work,
                     std::function<Answer(Call&, const T&)> give) {
  World& world = call.world();
  const auto wait = world.actors().wait(call, std::move(what));
  if (!wait) return hand_on(wait);
  world.keep(detail::run_and_wake<T>(world, *wait, std::move(work), std::move(give)));
  return kWaits;
}

}  // namespace biotope::runtime
