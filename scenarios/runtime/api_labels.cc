#include "classes/label/label.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Labels written and taken away.

namespace biotope::runtime {

namespace {

// label(provider, name): into its last sector
Answer give_label(Call& call) {
  const auto provider = provider_at(call, 1, "label: the provider");
  if (!provider) return hand_on(provider);
  auto name = call.text(2, "label: the name");
  if (!name) return hand_on(name);
  return run_for_actor(
      call, sentence("the labelling of ", (*provider)->name()),
      label::write_label(call.world().mesh(), (*provider)->id(), std::move(*name)));
}

Answer take_label(Call& call) {
  const auto provider = provider_at(call, 1, "unlabel: the provider");
  if (!provider) return hand_on(provider);
  return run_for_actor(call, sentence("the end of the label of ", (*provider)->name()),
                       label::clear_label(call.world().mesh(), (*provider)->id()));
}

}  // namespace

void bind_labels(lua_State* thread) {
  const Binding globals[] = {
      {"label", &lua_function<&give_label>},
      {"unlabel", &lua_function<&take_label>},
  };
  bind_globals(thread, globals);
}

}  // namespace biotope::runtime
