#include "classes/mirror/mirror_class.h"
#include "classes/mirror/move.h"
#include "model/reply.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// The verbs of mirrors, and moves, which are made of them.

namespace biotope::runtime {

namespace {

using mirror::Mirror;
using mirror::Move;

Outcome<Mirror*> mirror_at(Call& call, int index, std::string_view whose) {
  const auto geom = geom_at(call, index, sentence(whose, ": the mirror"));
  if (!geom) return hand_on(geom);
  Mirror* found = Mirror::of(**geom);
  if (found == nullptr) return misuse(whose, ": ", (*geom)->title(), " is no mirror");
  return found;
}

// The calling actor waits until `ask(then)` is answered, and gets nothing or a refusal.
Answer wait_for_verb(Call& call, std::string what, const std::function<void(mirror::Then)>& ask) {
  World& world = call.world();
  const auto wait = world.actors().wait(call, std::move(what));
  if (!wait) return hand_on(wait);
  ask(waker(world, *wait, [](Call&) -> Answer { return 0; }));
  return kWaits;
}

// A verb about one disk of a mirror: (mirror, disk).
using DiskVerb = void (Mirror::*)(const std::string& disk, mirror::Then then);
template <DiskVerb kVerb>
Answer disk_verb(Call& call) {
  const auto self = mirror_at(call, 1, "mirror");
  if (!self) return hand_on(self);
  const auto disk = provider_at(call, 2, "mirror: the disk");
  if (!disk) return hand_on(disk);
  return wait_for_verb(call, sentence("a verb of ", (*self)->title()), [&](mirror::Then then) {
    ((*self)->*kVerb)((*disk)->name(), std::move(then));
  });
}

// A verb about a whole mirror: (mirror).
using WholeVerb = void (Mirror::*)(mirror::Then then);
template <WholeVerb kVerb>
Answer whole_verb(Call& call) {
  const auto self = mirror_at(call, 1, "mirror");
  if (!self) return hand_on(self);
  return wait_for_verb(call, sentence("a verb of ", (*self)->title()),
                       [&](mirror::Then then) { ((*self)->*kVerb)(std::move(then)); });
}

// mirror.label(name, disks)
Answer label(Call& call) {
  mirror::Label what;
  const auto name = call.text(1, "mirror.label: the name");
  if (!name) return hand_on(name);
  what.name = *name;
  if (!call.is_table(2)) return misuse("mirror.label: the disks must be a list");
  std::vector<std::string> disks;
  const auto count = static_cast<lua_Integer>(lua_rawlen(call.thread(), 2));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(call.thread(), 2, i);
    const auto disk = provider_at(call, lua_gettop(call.thread()), "mirror.label: a disk");
    lua_pop(call.thread(), 1);
    if (!disk) return hand_on(disk);
    disks.push_back((*disk)->name());
  }
  return wait_for_verb(call, sentence("the labelling of mirror ", *name), [&](mirror::Then then) {
    mirror::label(call.world().mesh(), what, disks, std::move(then));
  });
}

Answer clear(Call& call) {
  const auto disk = provider_at(call, 1, "mirror.clear: the disk");
  if (!disk) return hand_on(disk);
  return wait_for_verb(call, sentence("the clearing of ", (*disk)->name()), [&](mirror::Then then) {
    mirror::clear(call.world().mesh(), (*disk)->name(), std::move(then));
  });
}

const Parameter kInsert[] = {
    {.name = "priority", .fallback = std::int64_t{0}, .max = 255, .help = "for the balance prefer"},
    {.name = "spare",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "waits until a disk is lost"},
};

// mirror.insert(mirror, disk [, { priority, spare }])
Answer insert(Call& call) {
  const auto self = mirror_at(call, 1, "mirror.insert");
  if (!self) return hand_on(self);
  const auto disk = provider_at(call, 2, "mirror.insert: the disk");
  if (!disk) return hand_on(disk);
  const auto values = call.values(3, kInsert, "mirror.insert");
  if (!values) return hand_on(values);
  Mirror::InsertOptions options;
  options.priority = static_cast<std::uint8_t>(values->integer("priority"));
  options.spare = values->boolean("spare");
  return wait_for_verb(
      call, sentence("the insertion of ", (*disk)->name()),
      [&](mirror::Then then) { (*self)->insert((*disk)->name(), options, std::move(then)); });
}

Answer stop(Call& call) {
  const auto self = mirror_at(call, 1, "mirror.stop");
  if (!self) return hand_on(self);
  return wait_for_verb(call, sentence("the stop of ", (*self)->title()), [&](mirror::Then then) {
    (*self)->stop(Mirror::WhenOpen::refuse, std::move(then));
  });
}

// --- moves ---

Task<Result<Move::Report>> run_move(World& world, std::string from, std::string to) {
  Move move(world.mesh(), from, std::move(to));
  world.moves()[from] = &move;
  Reply<Result<Move::Report>> reply;
  move.start(reply.taker());
  Result<Move::Report> report = co_await reply.answer();
  world.moves().erase(from);
  co_return report;
}

// move(from, to)
Answer move(Call& call) {
  const auto from = provider_at(call, 1, "move: what is moved");
  if (!from) return hand_on(from);
  const auto to = provider_at(call, 2, "move: where to");
  if (!to) return hand_on(to);
  World& world = call.world();
  const std::string& name = (*from)->name();
  if (world.moves().contains(name)) return refused({EBUSY, name + " is being moved already"});
  return run_for_actor<Move::Report>(
      call, sentence("the move of ", name), run_move(world, name, (*to)->name()),
      [](Call& c, const Move::Report& report) -> Answer {
        lua_createtable(c.thread(), 0, 3);
        for (const auto& [field, value] : {std::pair{"copied", report.copied_bytes},
                                           {"duration_ns", report.duration_ns},
                                           {"longest_pause_ns", report.longest_pause_ns}}) {
          lua_pushinteger(c.thread(), value);
          lua_setfield(c.thread(), -2, field);
        }
        return 1;
      });
}

Answer call_off(Call& call) {
  const auto from = call.text(1, "call_off: the name of what is moved");
  if (!from) return hand_on(from);
  const auto found = call.world().moves().find(*from);
  if (found == call.world().moves().end()) return refused({ENOENT, *from + " is not being moved"});
  if (const Status done = found->second->abort(); !done) return refused(done.error());
  return 0;
}

}  // namespace

void bind_mirrors(lua_State* thread) {
  const Binding verbs[] = {
      {"label", &lua_function<&label>},
      {"clear", &lua_function<&clear>},
      {"insert", &lua_function<&insert>},
      {"remove", &lua_function<&disk_verb<&Mirror::remove>>},
      {"activate", &lua_function<&disk_verb<&Mirror::activate>>},
      {"deactivate", &lua_function<&disk_verb<&Mirror::deactivate>>},
      {"rebuild", &lua_function<&disk_verb<&Mirror::rebuild>>},
      {"forget", &lua_function<&whole_verb<&Mirror::forget>>},
      {"complete", &lua_function<&whole_verb<&Mirror::when_complete>>},
      {"stop", &lua_function<&stop>},
  };
  bind_table(thread, "mirror", verbs);
  const Binding globals[] = {{"move", &lua_function<&move>},
                             {"call_off", &lua_function<&call_off>}};
  bind_globals(thread, globals);
}

}  // namespace biotope::runtime
