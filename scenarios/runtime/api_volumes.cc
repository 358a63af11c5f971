#include "classes/fs/fs.h"
#include "classes/fs/work.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Mounted file systems and the work loads on them.

namespace biotope::runtime {

namespace {

// The most that one call may read.
constexpr std::int64_t kMostBytes = 64 << 20;

std::string_view as_text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes to_bytes(const std::string& text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(data, data + text.size());
}

void set_field(lua_State* thread, const char* name, std::int64_t number) {
  lua_pushinteger(thread, number);
  lua_setfield(thread, -2, name);
}

// --- mounting ---

// What the class takes, and where the mount is said to be.
std::vector<Parameter> mount_parameters(const Class& cls, const std::string& fallback) {
  std::vector<Parameter> table(cls.parameters().begin(), cls.parameters().end());
  table.push_back({.name = "on",
                   .kind = Parameter::Kind::text,
                   .unit = {},
                   .fallback = fallback,
                   .help = "the folder it is mounted on, for people"});
  return table;
}

// mount(provider [, { on, readonly, raw, cache }])
Answer mount(Call& call) {
  const auto provider = provider_at(call, 1, "mount: the provider");
  if (!provider) return hand_on(provider);
  World& world = call.world();
  const auto cls = class_called(world, "fs", "mount");
  if (!cls) return hand_on(cls);
  const auto table = mount_parameters(**cls, (*provider)->name());
  const auto values = call.values(2, table, "mount");
  if (!values) return hand_on(values);
  Creation creation{values->text("on"), {*provider}, *values};
  const std::string what = sentence("the mount of ", (*provider)->name());
  return run_for_actor<fs::Fs*>(call, what,
                                fs::mount(world.mesh(), (*provider)->id(), std::move(creation)),
                                [](Call& c, fs::Fs* const& fs) -> Answer {
                                  c.world().handle_of(*fs);
                                  return c.give(c.world().add(fs->id(), fs->mount()));
                                });
}

Outcome<fs::Mount::Pointer> self_mount(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::volume, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return call.world().mount(*self);
}

Answer unmount(Call& call) {
  const auto self = call.handle(1, HandleKind::volume, "unmount: self");
  if (!self) return hand_on(self);
  World& world = call.world();
  return run_for_actor(call, sentence("the unmount of ", world.mount(*self)->name()),
                       fs::Fs::unmount(world.mesh(), self->id));
}

// --- files ---

Answer read(Call& call) {
  const auto mount = self_mount(call, "read");
  if (!mount) return hand_on(mount);
  const auto path = call.text(2, "read: the path");
  if (!path) return hand_on(path);
  const auto offset = call.size_bytes(3, "read: the offset");
  if (!offset) return hand_on(offset);
  const auto length = call.size_bytes(4, "read: the length");
  if (!length) return hand_on(length);
  if (*offset < 0 || *length < 0 || *length > kMostBytes) {
    return misuse("read: offset ", *offset, " and length ", *length,
                  "; they must not be below 0, nor the length above ", kMostBytes);
  }
  return run_for_actor<Bytes>(
      call, sentence("a read of ", (*mount)->name()),
      fs::Mount::read_file(*mount, *path, *offset, *length),
      [](Call& c, const Bytes& bytes) -> Answer { return c.give(as_text(bytes)); });
}

Answer write(Call& call) {
  const auto mount = self_mount(call, "write");
  if (!mount) return hand_on(mount);
  const auto path = call.text(2, "write: the path");
  if (!path) return hand_on(path);
  const auto offset = call.size_bytes(3, "write: the offset");
  if (!offset) return hand_on(offset);
  const auto text = call.text(4, "write: the bytes");
  if (!text) return hand_on(text);
  if (*offset < 0) return misuse("write: the offset is ", *offset, "; it must not be below 0");
  return run_for_actor(call, sentence("a write to ", (*mount)->name()),
                       fs::Mount::write_file(*mount, *path, *offset, to_bytes(*text)));
}

Answer size(Call& call) {
  const auto mount = self_mount(call, "size");
  if (!mount) return hand_on(mount);
  const auto path = call.text(2, "size: the path");
  if (!path) return hand_on(path);
  return run_for_actor<fs::FileMap>(
      call, sentence("a look at ", (*mount)->name()), fs::Mount::find(*mount, *path),
      [](Call& c, const fs::FileMap& map) -> Answer { return c.give(map.size_bytes); });
}

Answer sync(Call& call) {
  const auto mount = self_mount(call, "sync");
  if (!mount) return hand_on(mount);
  return run_for_actor(call, sentence("the sync of ", (*mount)->name()), fs::Mount::sync(*mount));
}

// --- what it is ---

Answer name(Call& call) {
  const auto mount = self_mount(call, "name");
  if (!mount) return hand_on(mount);
  return call.give((*mount)->name());
}

// "ufs2", "fat16"; nil where nothing was recognised.
Answer kind(Call& call) {
  const auto mount = self_mount(call, "kind");
  if (!mount) return hand_on(mount);
  if ((*mount)->info() != nullptr) return call.give(fs::kind_name((*mount)->info()->kind));
  lua_pushnil(call.thread());
  return 1;
}

// Where it was mounted last, as its superblock says; empty where that says nothing.
Answer last_mounted(Call& call) {
  const auto mount = self_mount(call, "last_mounted");
  if (!mount) return hand_on(mount);
  const fs::VolumeInfo* info = (*mount)->info();
  return call.give(info == nullptr ? std::string() : info->last_mounted);
}

// The name that the volume has of itself; empty where it has none.
Answer label(Call& call) {
  const auto mount = self_mount(call, "label");
  if (!mount) return hand_on(mount);
  const fs::VolumeInfo* info = (*mount)->info();
  return call.give(info == nullptr ? std::string() : info->name);
}

Answer is_mounted(Call& call) {
  const auto mount = self_mount(call, "is_mounted");
  if (!mount) return hand_on(mount);
  return call.give((*mount)->alive());
}

// What was not on the disk yet when the disk was gone.
Answer lost(Call& call) {
  const auto mount = self_mount(call, "lost");
  if (!mount) return hand_on(mount);
  const fs::LostData& lost = (*mount)->lost();
  lua_createtable(call.thread(), 0, 3);
  set_field(call.thread(), "blocks", static_cast<std::int64_t>(lost.blocks));
  set_field(call.thread(), "bytes", lost.bytes);
  call.give(lost.files);
  lua_setfield(call.thread(), -2, "files");
  return 1;
}

// --- work loads ---

const Parameter kWork[] = {
    {.name = "file",
     .kind = Parameter::Kind::text,
     .unit = {},
     .fallback = std::string(),
     .help = "the file that is worked on"},
    {.name = "seed",
     .unit = {},
     .fallback = std::int64_t{-1},
     .min = -1,
     .help = "what it does follows from this; -1: from the seed of the run"},
    {.name = "write_percent",
     .unit = "percent",
     .fallback = std::int64_t{50},
     .max = 100,
     .help = "how many of its operations write"},
    {.name = "most",
     .unit = "bytes",
     .fallback = std::int64_t{16384},
     .min = 1,
     .max = 1 << 20,
     .help = "the most that one operation moves"},
    {.name = "pause", .unit = "ns", .fallback = std::int64_t{0}, .help = "between two operations"},
    {.name = "sync_every",
     .unit = "writes",
     .fallback = std::int64_t{0},
     .help = "syncs after that many; 0: never by itself"},
};

// volume:work{ file, ... } starts and goes on by itself.
Answer start_work(Call& call) {
  const auto mount = self_mount(call, "work");
  if (!mount) return hand_on(mount);
  const auto values = call.values(2, kWork, "work");
  if (!values) return hand_on(values);
  if (values->text("file").empty()) return misuse("work: 'file' must name a file of the volume");
  fs::WorkOptions options;
  options.path = values->text("file");
  options.seed = values->integer("seed") < 0 ? call.world().random_for_work()
                                             : static_cast<std::uint64_t>(values->integer("seed"));
  options.write_percent = values->integer("write_percent");
  options.most_bytes = values->integer("most");
  options.pause_ns = values->integer("pause");
  options.sync_every = values->integer("sync_every");
  return call.give(call.world().add(std::make_shared<fs::Work>(*mount, std::move(options))));
}

Outcome<RunningWork*> self_work(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::work, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return &call.world().work(*self);
}

Answer stop(Call& call) {
  const auto self = self_work(call, "stop");
  if (!self) return hand_on(self);
  (*self)->work->stop();
  return 0;
}

// Gives nothing when it ended well, else why.
Answer wait(Call& call) {
  const auto self = self_work(call, "wait");
  if (!self) return hand_on(self);
  if ((*self)->outcome) {
    const Status& outcome = *(*self)->outcome;
    return outcome ? 0 : call.give(outcome.error().text);
  }
  const auto wait =
      call.world().actors().wait(call, sentence("the work on ", (*self)->work->options().path));
  if (!wait) return hand_on(wait);
  (*self)->followers.push_back(*wait);
  return kWaits;
}

// Also while it works: what its user sees in the file.
Answer contents(Call& call) {
  const auto self = self_work(call, "contents");
  if (!self) return hand_on(self);
  return call.give(as_text((*self)->work->contents()));
}

Answer counts(Call& call) {
  const auto self = self_work(call, "counts");
  if (!self) return hand_on(self);
  lua_createtable(call.thread(), 0, 2);
  set_field(call.thread(), "reads", static_cast<std::int64_t>((*self)->work->reads()));
  set_field(call.thread(), "writes", static_cast<std::int64_t>((*self)->work->writes()));
  return 1;
}

}  // namespace

void bind_volumes(lua_State* thread) {
  const Binding globals[] = {{"mount", &lua_function<&mount>}};
  bind_globals(thread, globals);
  const Binding volume_methods[] = {
      {"read", &lua_function<&read>},       {"write", &lua_function<&write>},
      {"size", &lua_function<&size>},       {"sync", &lua_function<&sync>},
      {"unmount", &lua_function<&unmount>}, {"name", &lua_function<&name>},
      {"kind", &lua_function<&kind>},       {"is_mounted", &lua_function<&is_mounted>},
      {"lost", &lua_function<&lost>},       {"work", &lua_function<&start_work>},
      {"label", &lua_function<&label>},     {"last_mounted", &lua_function<&last_mounted>},
  };
  bind_methods(thread, HandleKind::volume, volume_methods);
  const Binding work_methods[] = {
      {"stop", &lua_function<&stop>},
      {"wait", &lua_function<&wait>},
      {"contents", &lua_function<&contents>},
      {"counts", &lua_function<&counts>},
  };
  bind_methods(thread, HandleKind::work, work_methods);
}

}  // namespace biotope::runtime
