#include "classes/parity/parity_class.h"
#include "model/reply.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// The verbs of arrays with parity: raid3 and raid5.

namespace biotope::runtime {

namespace {

using parity::Group;
using parity::ParityClass;
using parity::ScrubReport;

Outcome<Group*> group_at(Call& call, int index, std::string_view whose) {
  const auto geom = geom_at(call, index, sentence(whose, ": the array"));
  if (!geom) return hand_on(geom);
  Group* found = Group::of(**geom);
  if (found == nullptr) return misuse(whose, ": ", (*geom)->title(), " is no array with parity");
  return found;
}

Outcome<const ParityClass*> kind_at(Call& call, int index, std::string_view whose) {
  const auto cls = class_at(call, index, whose);
  if (!cls) return hand_on(cls);
  const ParityClass* kind = ParityClass::of(call.world().mesh(), (*cls)->name());
  if (kind == nullptr) return misuse(whose, ": ", (*cls)->name(), " has no parity");
  return kind;
}

// The calling actor waits until `ask(then)` is answered, and gets nothing or a refusal.
Answer wait_for_verb(Call& call, const Group& group, const std::function<void(Group::Then)>& ask) {
  World& world = call.world();
  const auto wait = world.actors().wait(call, sentence("a verb of ", group.title()));
  if (!wait) return hand_on(wait);
  ask(waker(world, *wait, [](Call&) -> Answer { return 0; }));
  return kWaits;
}

// A verb about one disk of an array: (array, disk).
using DiskVerb = void (Group::*)(const std::string& disk, Group::Then then);
template <DiskVerb kVerb>
Answer disk_verb(Call& call) {
  const auto self = group_at(call, 1, "raid");
  if (!self) return hand_on(self);
  const auto disk = provider_at(call, 2, "raid: the disk");
  if (!disk) return hand_on(disk);
  return wait_for_verb(
      call, **self, [&](Group::Then then) { ((*self)->*kVerb)((*disk)->name(), std::move(then)); });
}

// A verb about a whole array: (array).
using WholeVerb = void (Group::*)(Group::Then then);
template <WholeVerb kVerb>
Answer whole_verb(Call& call) {
  const auto self = group_at(call, 1, "raid");
  if (!self) return hand_on(self);
  return wait_for_verb(call, **self, [&](Group::Then then) { ((*self)->*kVerb)(std::move(then)); });
}

// raid.label(class, name, disks [, parameters])
Answer label(Call& call) {
  const auto kind = kind_at(call, 1, "raid.label");
  if (!kind) return hand_on(kind);
  const auto name = call.text(2, "raid.label: the name");
  if (!name) return hand_on(name);
  const auto below = providers_at(call, 3, "raid.label: the disks");
  if (!below) return hand_on(below);
  const auto values = call.values(4, (*kind)->parameters(), "raid.label");
  if (!values) return hand_on(values);
  return run_for_actor(call, sentence("the labelling of ", *name),
                       (*kind)->label(call.world().mesh(), *name, *below, *values));
}

// raid.clear(class, disk)
Answer clear(Call& call) {
  const auto kind = kind_at(call, 1, "raid.clear");
  if (!kind) return hand_on(kind);
  const auto disk = provider_at(call, 2, "raid.clear: the disk");
  if (!disk) return hand_on(disk);
  return run_for_actor(call, sentence("the clearing of ", (*disk)->name()),
                       (*kind)->clear(call.world().mesh(), **disk));
}

Task<Result<ScrubReport>> run_scrub(Group* group, bool mend) {
  Reply<Result<ScrubReport>> reply;
  group->scrub(mend, reply.taker());
  co_return co_await reply.answer();
}

const Parameter kScrub[] = {
    {.name = "mend",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "parity is made to fit the data"},
};

// raid.scrub(array [, { mend }])
Answer scrub(Call& call) {
  const auto self = group_at(call, 1, "raid.scrub");
  if (!self) return hand_on(self);
  const auto values = call.values(2, kScrub, "raid.scrub");
  if (!values) return hand_on(values);
  return run_for_actor<ScrubReport>(
      call, sentence("the scrub of ", (*self)->title()), run_scrub(*self, values->boolean("mend")),
      [](Call& c, const ScrubReport& report) -> Answer {
        lua_createtable(c.thread(), 0, 3);
        for (const auto& [field, value] : {std::pair{"compared", report.compared_bytes},
                                           {"differing", report.differing_bytes},
                                           {"repaired", report.repaired_bytes}}) {
          lua_pushinteger(c.thread(), value);
          lua_setfield(c.thread(), -2, field);
        }
        return 1;
      });
}

}  // namespace

void bind_parity(lua_State* thread) {
  const Binding verbs[] = {
      {"label", &lua_function<&label>},
      {"clear", &lua_function<&clear>},
      {"insert", &lua_function<&disk_verb<&Group::insert>>},
      {"remove", &lua_function<&disk_verb<&Group::remove>>},
      {"rebuild", &lua_function<&disk_verb<&Group::rebuild>>},
      {"complete", &lua_function<&whole_verb<&Group::when_complete>>},
      {"stop", &lua_function<&whole_verb<&Group::stop>>},
      {"destroy", &lua_function<&whole_verb<&Group::destroy>>},
      {"scrub", &lua_function<&scrub>},
  };
  bind_table(thread, "raid", verbs);
}

}  // namespace biotope::runtime
