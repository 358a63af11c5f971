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
  const auto providers = providers_at(call, 2, "mirror.label: a disk");
  if (!providers) return hand_on(providers);
  std::vector<std::string> disks;
  for (const Provider* disk : *providers) disks.push_back(disk->name());
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

// The end of a mirror: (mirror).
using EndVerb = void (Mirror::*)(Mirror::WhenOpen when_open, mirror::Then then);
template <EndVerb kVerb>
Answer end_verb(Call& call) {
  const auto self = mirror_at(call, 1, "mirror");
  if (!self) return hand_on(self);
  return wait_for_verb(call, sentence("the end of ", (*self)->title()), [&](mirror::Then then) {
    ((*self)->*kVerb)(Mirror::WhenOpen::refuse, std::move(then));
  });
}

// mirror.resize(mirror [, size])
Answer resize(Call& call) {
  const auto self = mirror_at(call, 1, "mirror.resize");
  if (!self) return hand_on(self);
  Outcome<std::int64_t> size = 0;
  if (!call.is_nil(2)) size = call.size_bytes(2, "mirror.resize: the size");
  if (!size) return hand_on(size);
  if (*size < 0) return misuse("mirror.resize: the size is ", *size, "; it must not be below 0");
  return wait_for_verb(call, sentence("the resize of ", (*self)->title()),
                       [&](mirror::Then then) { (*self)->resize(*size, std::move(then)); });
}

// --- what a mirror is told to be like ---

const Parameter kChanges[] = {
    {.name = "balance",
     .kind = Parameter::Kind::text,
     .fallback = std::string("load"),
     .help = "which copy is read"},
    {.name = "slice",
     .unit = "bytes",
     .fallback = std::int64_t{4096},
     .min = 1,
     .max = std::int64_t{1} << 31,
     .help = "with balance split, longer reads go to several disks"},
    {.name = "autosync",
     .kind = Parameter::Kind::boolean,
     .fallback = true,
     .help = "a disk that was away gets a copy by itself"},
    {.name = "failsync",
     .kind = Parameter::Kind::boolean,
     .fallback = true,
     .help = "disks are compared after an unclean stop"},
    {.name = "disk",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "whose priority or name in the metadata is meant"},
    {.name = "priority", .fallback = std::int64_t{0}, .max = 255, .help = "for the balance prefer"},
    {.name = "hardcode",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "the disk's metadata name it"},
};

// Whether the table of options at `index` says anything of it.
bool says(Call& call, int index, std::string_view name) {
  if (!call.is_table(index)) return false;
  const bool there = !call.is_nil(call.field(index, name));
  lua_pop(call.thread(), 1);
  return there;
}

Result<mirror::Changes> changes_of(Call& call, int index, const Values& values) {
  mirror::Changes changes;
  if (says(call, index, "balance")) {
    const auto balance = mirror::balance_named(values.text("balance"));
    if (!balance) return pass_on(balance);
    changes.balance = *balance;
  }
  if (says(call, index, "slice")) {
    changes.slice_bytes = static_cast<std::uint32_t>(values.integer("slice"));
  }
  if (says(call, index, "autosync")) changes.autosync = values.boolean("autosync");
  if (says(call, index, "failsync")) changes.failsync = values.boolean("failsync");
  changes.disk = values.text("disk");
  if (says(call, index, "priority")) {
    changes.priority = static_cast<std::uint8_t>(values.integer("priority"));
  }
  if (says(call, index, "hardcode")) changes.hardcode = values.boolean("hardcode");
  return changes;
}

// mirror.configure(mirror, { balance, slice, autosync, failsync, disk, priority, hardcode })
Answer configure(Call& call) {
  const auto self = mirror_at(call, 1, "mirror.configure");
  if (!self) return hand_on(self);
  const auto values = call.values(2, kChanges, "mirror.configure");
  if (!values) return hand_on(values);
  const Result<mirror::Changes> changes = changes_of(call, 2, *values);
  if (!changes) return refused(changes.error());
  return wait_for_verb(call, sentence("the configuration of ", (*self)->title()),
                       [&](mirror::Then then) { (*self)->configure(*changes, std::move(then)); });
}

// --- scrubs ---

const Parameter kScrub[] = {
    {.name = "mend",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "what is wrong is written anew"},
    {.name = "trusted",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "the disk that is right where no majority says what is"},
};

using Field = std::pair<const char*, std::int64_t>;
int give_table(Call& call, std::initializer_list<Field> fields) {
  lua_createtable(call.thread(), 0, static_cast<int>(fields.size()));
  for (const auto& [field, value] : fields) {
    lua_pushinteger(call.thread(), value);
    lua_setfield(call.thread(), -2, field);
  }
  return 1;
}

Task<Result<mirror::ScrubReport>> run_scrub(Mirror& self, bool mend, std::string trusted) {
  Reply<Result<mirror::ScrubReport>> reply;
  self.scrub(mend, trusted, reply.taker());
  co_return co_await reply.answer();
}

// mirror.scrub(mirror [, { mend, trusted }])
Answer scrub(Call& call) {
  const auto self = mirror_at(call, 1, "mirror.scrub");
  if (!self) return hand_on(self);
  const auto values = call.values(2, kScrub, "mirror.scrub");
  if (!values) return hand_on(values);
  return run_for_actor<mirror::ScrubReport>(
      call, sentence("the scrub of ", (*self)->title()),
      run_scrub(**self, values->boolean("mend"), values->text("trusted")),
      [](Call& c, const mirror::ScrubReport& report) -> Answer {
        return give_table(c, {{"compared", report.compared_bytes},
                              {"differing", report.differing_bytes},
                              {"unreadable", report.unreadable_bytes},
                              {"repaired", report.repaired_bytes}});
      });
}

// --- in a mesh in use ---

Task<Result<Handle>> run_interpose(World& world, Provider& below, std::string name) {
  Reply<Result<Mirror*>> reply;
  mirror::interpose(world.mesh(), below, name, reply.taker());
  const Result<Mirror*> made = co_await reply.answer();
  if (!made) co_return pass_on(made);
  co_return world.handle_of(**made);
}

// mirror.interpose(provider, name)
Answer interpose(Call& call) {
  const auto below = provider_at(call, 1, "mirror.interpose: what is below");
  if (!below) return hand_on(below);
  const auto name = call.text(2, "mirror.interpose: the name");
  if (!name) return hand_on(name);
  return run_for_actor<Handle>(call, sentence("the insertion of mirror ", *name),
                               run_interpose(call.world(), **below, *name),
                               [](Call& c, const Handle& made) -> Answer { return c.give(made); });
}

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
        return give_table(c, {{"copied", report.copied_bytes},
                              {"duration_ns", report.duration_ns},
                              {"longest_pause_ns", report.longest_pause_ns}});
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
      {"interpose", &lua_function<&interpose>},
      {"insert", &lua_function<&insert>},
      {"remove", &lua_function<&disk_verb<&Mirror::remove>>},
      {"activate", &lua_function<&disk_verb<&Mirror::activate>>},
      {"deactivate", &lua_function<&disk_verb<&Mirror::deactivate>>},
      {"rebuild", &lua_function<&disk_verb<&Mirror::rebuild>>},
      {"forget", &lua_function<&whole_verb<&Mirror::forget>>},
      {"complete", &lua_function<&whole_verb<&Mirror::when_complete>>},
      {"configure", &lua_function<&configure>},
      {"resize", &lua_function<&resize>},
      {"scrub", &lua_function<&scrub>},
      {"stop", &lua_function<&end_verb<&Mirror::stop>>},
      {"destroy", &lua_function<&end_verb<&Mirror::destroy>>},
  };
  bind_table(thread, "mirror", verbs);
  const Binding globals[] = {{"move", &lua_function<&move>},
                             {"call_off", &lua_function<&call_off>}};
  bind_globals(thread, globals);
}

}  // namespace biotope::runtime
