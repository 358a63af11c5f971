#include "classes/parity/parity_class.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <limits>
#include <numeric>

#include "classes/array/array_class.h"
#include "model/control_io.h"

namespace biotope::parity {

namespace {

const Tuning kUsual;

const Parameter kOptions[] = {
    {.name = "timeout",
     .unit = "ns",
     .fallback = kUsual.start_timeout_ns,
     .help = "how long an array waits for a missing disk before it starts without"},
    {.name = "idle",
     .unit = "ns",
     .fallback = kUsual.idle_ns,
     .min = 1,
     .help = "after how long without a write its disks are marked clean"},
    {.name = "copy_rate",
     .unit = "bytes/s",
     .fallback = kUsual.copy_busy_bytes_per_s,
     .min = 1,
     .help = "how fast a copy goes while the array is in use"},
};

// What fits a common sector of disks whose sectors differ.
constexpr std::int64_t kMostSectorBytes = 1 << 20;
constexpr std::size_t kLongestName = 15;  // and a NUL

// How much of a disk is the array's.
std::int64_t usable_bytes(const Record& record, const Properties& disk) {
  return record.by_hand ? disk.media_size_bytes : metadata::place_bytes(disk);
}

std::uint32_t number_for(const std::string& what) {
  boost::crc_32_type crc;
  crc.process_bytes(what.data(), what.size());
  return std::max<std::uint32_t>(crc.checksum(), 1);
}

}  // namespace

std::span<const Parameter> ParityClass::options() const { return kOptions; }

void ParityClass::configure(const biotope::Values& values) {
  tuning_.start_timeout_ns = values.integer("timeout");
  tuning_.idle_ns = values.integer("idle");
  tuning_.copy_busy_bytes_per_s = values.integer("copy_rate");
}

Status ParityClass::fits(const Record& record, const Properties& disk) const {
  if (member_sector_bytes(record) % disk.sector_size_bytes != 0 ||
      (!record.by_hand && disk.sector_size_bytes < least_sector_bytes())) {
    return fail(EINVAL, "its sectors of ", disk.sector_size_bytes, " bytes do not divide those of ",
                member_sector_bytes(record));
  }
  if (usable_bytes(record, disk) < needed_bytes(record)) {
    return fail(EINVAL, "it has ", usable_bytes(record, disk), " usable bytes, and ",
                needed_bytes(record), " are needed");
  }
  return {};
}

// Found ------------------------------------------------------------------------------------------

Task<Geom*> ParityClass::taste(Taster& taster) {
  const Result<metadata::Found> found = co_await metadata::look(taster, kind());
  const std::string& disk = taster.provider().name();
  Result<Record> record = found ? decode(*found) : pass_on(found);
  Status fine = record ? sane(*record) : pass_on(record);
  if (found && !fine) {
    fine = fail(fine.error().code, disk, ": ", fine.error().text);
  }
  if (fine) fine = metadata::belongs(record->owner, taster.provider());
  Geom* made = nullptr;
  if (fine && !taster.lost() && !taster.stale()) fine = join(taster, std::move(*record), made);
  if (!fine) metadata::refuse(*this, taster, fine.error());
  co_return made;
}

Status ParityClass::join(Taster& taster, Record record, Geom*& made) const {
  Mesh& mesh = taster.mesh();
  Provider& disk = taster.provider();
  Geom* geom = mesh.geom(name(), record.name);
  Group* group = geom == nullptr ? nullptr : Group::of(*geom);
  if (group != nullptr && group->self().id != record.id) {
    return fail(EEXIST, disk.name(), " is of another ", name(), ' ', record.name,
                " than the one that is here; rename one of them");
  }
  const bool first = group == nullptr;
  if (first) group = static_cast<Group*>(&mesh.add(make(mesh, record)));
  Status joined = group->consider(disk, record);
  if (joined) {
    const Result<Consumer*> edge = mesh.new_consumer(*group, disk);
    joined = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (joined) group->arrive(**edge, std::move(record));
    if (!joined && edge) mesh.drop(**edge);
  }
  if (joined) made = group;
  if (!joined && first) mesh.wither(*group);
  return joined;
}

// Made -------------------------------------------------------------------------------------------

Result<Record> ParityClass::planned(const Mesh& mesh, const Creation& creation,
                                    bool by_hand) const {
  const auto refuse = [&](int code, const auto&... why) {
    return fail(code, name(), ' ', creation.name, " can not be made: ", why...);
  };
  const std::size_t longest = by_hand ? creation.name.size() : kLongestName;
  if (creation.name.empty() || creation.name.size() > longest ||
      creation.name.find('/') != std::string::npos) {
    return refuse(EINVAL, "a name has 1 to ", kLongestName, " characters and no slash");
  }
  if (mesh.geom(name(), creation.name) != nullptr) {
    return refuse(EEXIST, "there is one of that name");
  }
  if (creation.below.size() < 3 || creation.below.size() > kMostMembers) {
    return refuse(EINVAL, "it needs 3 to ", kMostMembers, " disks, not ", creation.below.size());
  }
  Record record;
  record.name = creation.name;
  record.count = static_cast<std::uint16_t>(creation.below.size());
  record.view.syncid = 1;
  record.by_hand = by_hand;
  if (!creation.values.boolean("autosync")) record.array_flags |= kNoAutoSync;
  if (const Status fine = common(record, creation); !fine) {
    return refuse(fine.error().code, fine.error().text);
  }
  const auto wished = static_cast<std::uint32_t>(creation.values.integer("id"));
  record.id = wished != 0 ? wished
                          : number_for(sentence(name(), creation.name, creation.below.front()->id(),
                                                const_cast<Mesh&>(mesh).executor().now_ns()));
  return record;
}

// What its disks have in common, and so what the array is like.
Status ParityClass::common(Record& record, const Creation& creation) const {
  std::int64_t sector = 1;
  std::int64_t usable = std::numeric_limits<std::int64_t>::max();
  for (const Provider* disk : creation.below) {
    if (std::ranges::count(creation.below, disk) > 1) {
      return fail(EINVAL, disk->name(), " is named twice");
    }
    if (!record.by_hand && disk->sector_size_bytes() < least_sector_bytes()) {
      return fail(EINVAL, "the metadata do not fit into a sector of ", disk->name(), ", of ",
                  disk->sector_size_bytes(), " bytes");
    }
    if (sector <= kMostSectorBytes) sector = std::lcm(sector, disk->sector_size_bytes());
    usable = std::min(usable, usable_bytes(record, disk->properties()));
  }
  if (sector > kMostSectorBytes) return fail(EINVAL, "the sectors of its disks differ too much");
  return plan(record, creation.values, usable, sector);
}

Result<Geom*> ParityClass::make_by_hand(Mesh& mesh, const Creation& creation) const {
  const Result<Record> record = planned(mesh, creation, true);
  if (!record) return pass_on(record);
  auto& group = static_cast<Group&>(mesh.add(make(mesh, *record)));
  std::vector<Consumer*> edges;
  Status done;
  for (Provider* disk : creation.below) {
    const Result<Consumer*> edge = mesh.new_consumer(group, *disk);
    done = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (!done) break;
    edges.push_back(*edge);
  }
  if (done) done = group.begin_by_hand(edges);
  if (done) return &group;
  mesh.wither(group);
  return pass_on(done);
}

Task<Status> ParityClass::label(Mesh& mesh, std::string name, std::vector<Provider*> below,
                                Values given) const {
  const Result<Values> values = resolve(parameters(), given, sentence(this->name(), ' ', name));
  if (!values) co_return pass_on(values);
  for (const Provider* disk : below) {
    if (disk == nullptr) co_return fail(ENOENT, "one of the disks is not there");
  }
  const Creation creation{name, below, *values};
  Result<Record> record = planned(mesh, creation, false);
  if (!record) co_return pass_on(record);
  const bool hardcode = values->boolean("hardcode");
  const Result<array::Alone> alone = array::open_alone(mesh, *this, below);
  if (!alone) co_return pass_on(alone);
  const Status done = co_await write_records(alone->edges, std::move(*record), hardcode);
  array::give_back(mesh, *alone);
  co_return done;
}

// All of them or none.
Task<Status> ParityClass::write_records(std::vector<Consumer*> edges, Record record,
                                        bool hardcode) const {
  std::vector<Bytes> before;
  for (Consumer* edge : edges) {
    Result<Bytes> sector = co_await array::free_sector(*edge);
    if (!sector) co_return pass_on(sector);
    before.push_back(std::move(*sector));
  }
  Status done;
  std::size_t written = 0;
  for (; written < edges.size() && done; ++written) {
    const Provider& disk = *edges[written]->provider();
    Record mine = record;
    mine.index = static_cast<std::uint16_t>(written);
    mine.owner.provsize = static_cast<std::uint64_t>(disk.media_size_bytes());
    if (hardcode) mine.owner.provider = disk.name();
    mine.set(kHardcoded, hardcode);
    // What lies on the others need not have fitting parity.
    mine.set(kSynchronizing, written + 1 == edges.size());
    Bytes sector = encode(kind(), mine, disk.sector_size_bytes());
    done = co_await metadata::store(*edges[written], std::move(sector));
  }
  for (std::size_t i = 0; i < written && !done; ++i) {
    // The one that failed may have been written as well.
    const Status undone = co_await metadata::store(*edges[i], before[i]);
    if (!undone) done.error().text += sentence("; ", undone.error().text);
  }
  co_return done;
}

Task<Status> ParityClass::clear(Mesh& mesh, Provider& disk) const {
  return array::clear_metadata(mesh, *this, disk, kind());
}

}  // namespace biotope::parity
