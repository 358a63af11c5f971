#include "classes/mirror/mirror_class.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <numeric>

#include "classes/array/array_class.h"
#include "model/control_io.h"
#include "model/surgery.h"

namespace biotope {

namespace {

using mirror::Balance;
using mirror::Mirror;
using mirror::Record;

const Parameter kParameters[] = {
    {.name = "balance",
     .kind = Parameter::Kind::text,
     .fallback = std::string("load"),
     .help = "which copy is read: none, round-robin, load, split or prefer"},
    {.name = "slice",
     .unit = "bytes",
     .fallback = std::int64_t{4096},
     .min = 1,
     .max = std::int64_t{1} << 31,
     .help = "with balance split, longer reads go to several disks at once"},
};

const mirror::Tuning kUsual;

// What fits a common sector of disks whose sectors differ.
constexpr std::int64_t kMostSectorBytes = 1 << 20;

const Parameter kOptions[] = {
    {.name = "timeout",
     .unit = "ns",
     .fallback = kUsual.start_timeout_ns,
     .help = "how long a mirror waits for missing disks before it starts without them"},
    {.name = "idle",
     .unit = "ns",
     .fallback = kUsual.idle_ns,
     .min = 1,
     .help = "after how long without a write its disks are marked clean"},
    {.name = "sync_rate",
     .unit = "bytes/s",
     .fallback = kUsual.sync_busy_bytes_per_s,
     .min = 1,
     .help = "how fast a copy goes while the mirror is in use"},
    {.name = "repair",
     .kind = Parameter::Kind::boolean,
     .fallback = kUsual.repair,
     .help = "write a bad sector anew from a good copy; else its disk is put out of the mirror"},
};

Mirror* mirror_called(Mesh& mesh, const Class& cls, std::string_view name) {
  Geom* geom = mesh.geom(cls.name(), name);
  return geom == nullptr ? nullptr : Mirror::of(*geom);
}

}  // namespace

Result<Balance> mirror::balance_named(const std::string& text) {
  for (std::uint8_t b = 0; b < mirror::kBalances; ++b) {
    const auto balance = static_cast<Balance>(b);
    if (text == mirror::balance_name(balance)) return balance;
  }
  return fail(EINVAL, "there is no balance '", text,
              "'; there are none, round-robin, load, split and prefer");
}

std::span<const Parameter> MirrorClass::parameters() const { return kParameters; }
std::span<const Parameter> MirrorClass::options() const { return kOptions; }

void MirrorClass::configure(const Values& values) {
  tuning_.start_timeout_ns = values.integer("timeout");
  tuning_.idle_ns = values.integer("idle");
  tuning_.sync_busy_bytes_per_s = values.integer("sync_rate");
  tuning_.repair = values.boolean("repair");
}

// By metadata ------------------------------------------------------------------------------------

Task<Geom*> MirrorClass::taste(Taster& taster) {
  Mesh& mesh = taster.mesh();
  const auto refuse = [&](const Error& why) -> Geom* {
    metadata::refuse(*this, taster, why);
    return nullptr;
  };
  const Result<metadata::Found> found = co_await metadata::look(taster, mirror::kKind);
  if (!found) co_return refuse(found.error());
  Provider& disk = taster.provider();
  Result<Record> record = mirror::decode(*found);
  if (!record) {
    co_return refuse({record.error().code, sentence(disk.name(), ": ", record.error().text)});
  }
  if (const Status ours = metadata::belongs(record->owner, disk); !ours) {
    co_return refuse(ours.error());
  }
  if (taster.lost() || taster.stale()) co_return nullptr;
  Mirror* mirror = mirror_called(mesh, *this, record->name);
  if (mirror != nullptr && mirror->self().mirror_id != record->mirror_id) {
    co_return refuse({EEXIST, sentence(disk.name(), " is of a mirror ", record->name,
                                       " that is not the one of that name which is here; rename "
                                       "one of them")});
  }
  const bool first = mirror == nullptr;
  if (first) {
    mirror = static_cast<Mirror*>(
        &mesh.add(std::make_unique<Mirror>(mesh, *this, *record, tuning_, true)));
  }
  const Result<mirror::Role> role = mirror->consider(disk, *record);
  Status joined = role ? Status{} : pass_on(role);
  if (joined) {
    const Result<Consumer*> edge = mesh.new_consumer(*mirror, disk);
    joined = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (joined) mirror->arrive(**edge, std::move(*record), *role);
    if (!joined && edge) mesh.drop(**edge);
  }
  if (joined) co_return mirror;
  if (first) mesh.wither(*mirror);
  co_return refuse(joined.error());
}

// By hand ----------------------------------------------------------------------------------------

Result<Geom*> MirrorClass::create(Mesh& mesh, const Creation& creation) {
  const Result<Balance> balance = mirror::balance_named(creation.values.text("balance"));
  if (!balance) return pass_on(balance);
  if (creation.below.empty() || creation.below.size() > 255) {
    return fail(EINVAL, "mirror ", creation.name, " stands on 1 to 255 disks, not on ",
                creation.below.size());
  }
  Record self;
  self.name = creation.name;
  self.balance = *balance;
  self.slice_bytes = static_cast<std::uint32_t>(creation.values.integer("slice"));
  std::int64_t sector = 1;
  std::int64_t size = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < creation.below.size(); ++i) {
    const Provider& disk = *creation.below[i];
    if (std::ranges::count(creation.below, &disk) > 1) {
      return fail(EINVAL, "mirror ", creation.name, " can not have ", disk.name(), " twice");
    }
    if (sector <= kMostSectorBytes) sector = std::lcm(sector, disk.sector_size_bytes());
    size = std::min(size, disk.media_size_bytes());
  }
  if (sector > kMostSectorBytes) {
    return fail(EINVAL, "mirror ", creation.name,
                " can not be made: the sectors of its disks "
                "differ too much");
  }
  self.sector_size_bytes = static_cast<std::uint32_t>(sector);
  self.media_size_bytes = static_cast<std::uint64_t>(size / sector * sector);
  if (self.media_size_bytes == 0) {
    return fail(EINVAL, "mirror ", creation.name, " would have no room: its smallest disk has ",
                size, " bytes");
  }
  auto& mirror = static_cast<Mirror&>(
      mesh.add(std::make_unique<Mirror>(mesh, *this, std::move(self), tuning_, false)));
  Status built;
  for (Provider* disk : creation.below) {
    const Result<Consumer*> edge = mesh.new_consumer(mirror, *disk);
    built = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (!built) break;
    mirror.adopt(**edge);
  }
  if (built) built = mirror.start_by_hand();
  if (built) return &mirror;
  mesh.wither(mirror);
  return pass_on(built);
}

namespace mirror {

namespace {

// Holds disks open while an operator's verb writes to them.
class Desk final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  void spoiled(Consumer&) override {}
};

const Class* mirror_class(Mesh& mesh) { return mesh.find_class("mirror"); }

Result<Geom*> desk(Mesh& mesh, const std::vector<std::string>& disks) {
  const Class* cls = mirror_class(mesh);
  if (cls == nullptr) return fail(ENOENT, "the class mirror is not loaded");
  Geom& geom = mesh.add(std::make_unique<Desk>(mesh, *cls, "desk"));
  Status fine;
  for (const std::string& disk : disks) {
    Provider* provider = mesh.provider(disk);
    if (provider == nullptr) {
      fine = fail(ENOENT, "there is no ", disk);
      break;
    }
    const Result<Consumer*> edge = mesh.new_consumer(geom, *provider);
    fine = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (!fine) break;
  }
  if (fine) return &geom;
  mesh.wither(geom);
  return pass_on(fine);
}

std::uint32_t number_for(const std::string& what) {
  boost::crc_32_type crc;
  crc.process_bytes(what.data(), what.size());
  return crc.checksum();
}

Result<Record> plan(Mesh& mesh, const Label& label, const std::vector<std::string>& disks) {
  const auto refuse = [&](int code, const auto&... why) {
    return fail(code, "mirror ", label.name, " can not be made: ", why...);
  };
  if (label.name.empty() || label.name.size() > 15 || label.name.find('/') != std::string::npos) {
    return refuse(EINVAL, "a name has 1 to 15 characters and no slash");
  }
  if (mesh.geom("mirror", label.name) != nullptr) {
    return refuse(EEXIST, "there is one of that name");
  }
  if (disks.empty() || disks.size() > 255) {
    return refuse(EINVAL, "it needs 1 to 255 disks, not ", disks.size());
  }
  std::int64_t sector = 1;
  std::int64_t size = std::numeric_limits<std::int64_t>::max();
  for (const std::string& disk : disks) {
    const Provider* provider = mesh.provider(disk);
    if (provider == nullptr) return refuse(ENOENT, "there is no ", disk);
    if (std::ranges::count(disks, disk) > 1) return refuse(EINVAL, disk, " is named twice");
    if (provider->sector_size_bytes() < static_cast<std::int64_t>(kKind.bytes)) {
      return refuse(EINVAL, "the metadata do not fit into a sector of ", disk, ", of ",
                    provider->sector_size_bytes(), " bytes");
    }
    if (sector <= kMostSectorBytes) sector = std::lcm(sector, provider->sector_size_bytes());
    size = std::min(size, metadata::place_bytes(provider->properties()));
  }
  size = size / sector * sector;
  if (size <= 0) return refuse(EINVAL, "its smallest disk has no room");
  if (sector > kMostSectorBytes) {
    return refuse(EINVAL, "the sectors of its disks differ too much");
  }
  if (label.slice_bytes == 0 || label.slice_bytes % sector != 0) {
    return refuse(EINVAL, "reads can not be split at ", label.slice_bytes,
                  " bytes: that is no multiple of sectors of ", sector);
  }
  Record record;
  record.name = label.name;
  record.mirror_id = number_for(sentence(label.name, mesh.executor().now_ns(), disks.front()));
  record.disks = static_cast<std::uint8_t>(disks.size());
  record.syncid = 1;
  record.slice_bytes = label.slice_bytes;
  record.balance = label.balance;
  record.media_size_bytes = static_cast<std::uint64_t>(size);
  record.sector_size_bytes = static_cast<std::uint32_t>(sector);
  if (!label.autosync) record.mirror_flags |= kNoAutoSync;
  if (!label.failsync) record.mirror_flags |= kNoFailSync;
  record.lineage.add(record.mirror_id);
  if (label.intent) {
    Intent intent;
    intent.shift = Intent::shift_for(size);
    intent.base_syncid = 1;
    record.intent = intent;
  }
  return record;
}

Task<Status> write_labels(Geom* geom, Record record, bool hardcode) {
  std::vector<Consumer*> edges;
  for (Consumer& edge : geom->consumers()) edges.push_back(&edge);
  for (Consumer* edge : edges) {
    const Result<Bytes> free = co_await array::free_sector(*edge);
    if (!free) co_return pass_on(free);
  }
  auto priority = static_cast<int>(edges.size());
  Status written;
  std::size_t done = 0;
  for (Consumer* edge : edges) {
    const Provider& disk = *edge->provider();
    Record mine = record;
    mine.disk_id = number_for(sentence(record.mirror_id, ' ', disk.name()));
    mine.priority = static_cast<std::uint8_t>(--priority);
    mine.owner.provsize = static_cast<std::uint64_t>(disk.media_size_bytes());
    if (hardcode) mine.owner.provider = disk.name();
    mine.set(kHardcoded, hardcode);
    mine.set(kCanDelete, disk.properties().deletable);
    Bytes sector = encode(mine, disk.sector_size_bytes());
    written = co_await metadata::store(*edge, std::move(sector));
    if (!written) break;
    ++done;
  }
  for (std::size_t i = 0; !written && i < done; ++i) {
    const Status cleared = co_await metadata::clear(*edges[i]);
    if (!cleared) written.error().text += sentence("; ", cleared.error().text);
  }
  co_return written;
}

Task<void> label_event(Mesh* mesh, Label label, std::vector<std::string> disks, Then then) {
  Status done;
  const Result<Record> record = plan(*mesh, label, disks);
  if (!record) {
    done = pass_on(record);
  } else if (const Result<Geom*> at = desk(*mesh, disks); !at) {
    done = pass_on(at);
  } else {
    const Stay stay(**at);
    done = co_await write_labels(*at, *record, label.hardcode);
    mesh->wither(**at);
  }
  then(done);
}

Task<void> clear_event(Mesh* mesh, std::string disk, Then then) {
  Status done;
  if (const Result<Geom*> at = desk(*mesh, {disk}); !at) {
    done = pass_on(at);
  } else {
    const Stay stay(**at);
    Consumer& edge = (*at)->consumers().front();
    const Result<metadata::Found> found = co_await metadata::look(edge, kKind);
    if (found || found.error().code == EOPNOTSUPP) {
      done = co_await metadata::clear(edge);
    } else {
      done = pass_on(found);
    }
    mesh->wither(**at);
  }
  then(done);
}

}  // namespace

void label(Mesh& mesh, Label label, std::vector<std::string> disks, Then then) {
  mesh.events().post([mesh = &mesh, label = std::move(label), disks = std::move(disks),
                      then = std::move(then)] { return label_event(mesh, label, disks, then); });
}

void clear(Mesh& mesh, const std::string& disk, Then then) {
  mesh.events().post(
      [mesh = &mesh, disk, then = std::move(then)] { return clear_event(mesh, disk, then); });
}

namespace {

// One that stands on nothing, to be put in above `below`.
Result<Mirror*> make_loose(Mesh& mesh, const Properties& below, const std::string& name) {
  const Class* cls = mirror_class(mesh);
  if (cls == nullptr) return fail(ENOENT, "the class mirror is not loaded");
  if (mesh.geom("mirror", name) != nullptr) {
    return fail(EEXIST, "there is a mirror ", name, " already; choose another name");
  }
  Record self;
  self.name = name;
  self.slice_bytes = static_cast<std::uint32_t>(below.sector_size_bytes);
  self.sector_size_bytes = static_cast<std::uint32_t>(below.sector_size_bytes);
  self.media_size_bytes = static_cast<std::uint64_t>(below.media_size_bytes);
  auto& mirror = static_cast<Mirror&>(mesh.add(std::make_unique<Mirror>(
      mesh, *cls, std::move(self), static_cast<const MirrorClass*>(cls)->tuning(), false)));
  mirror.adopt(**mesh.new_consumer(mirror));
  if (const Status started = mirror.start_by_hand(&below); !started) {
    mesh.wither(mirror);
    return pass_on(started);
  }
  return &mirror;
}

}  // namespace

void interpose(Mesh& mesh, Provider& below, const std::string& name,
               std::function<void(Result<Mirror*>)> then) {
  const Result<Mirror*> made = make_loose(mesh, below.properties(), name);
  if (!made) return then(pass_on(made));
  Mirror& mirror = **made;
  Surgery::interpose_above(mesh, below, mirror.providers().front(), mirror.consumers().front(),
                           [&mesh, id = mirror.id(), then = std::move(then)](const Status& done) {
                             auto* there = static_cast<Mirror*>(mesh.geom_by_id(id));
                             if (done && there != nullptr) return then(there);
                             if (there != nullptr) mesh.wither(*there);
                             then(done ? fail(ENXIO, "the mirror is gone") : pass_on(done));
                           });
}

}  // namespace mirror
}  // namespace biotope
