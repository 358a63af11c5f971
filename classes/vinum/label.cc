// Writing what drives say of themselves, and finding it.
#include <algorithm>
#include <memory>

#include "classes/array/array_class.h"
#include "classes/vinum/vinum.h"
#include "model/control_io.h"

namespace biotope {

namespace {

using vinum::Stamp;

constexpr std::size_t kLongestName = 31;        // and a NUL
constexpr std::size_t kMostTextBytes = 60'000;  // so that there is room for states

const Parameter kOptions[] = {
    {.name = "timeout",
     .unit = "ns",
     .fallback = std::int64_t{4'000'000'000},
     .help = "how long a vinum waits for a missing drive before it starts without"},
};

Stamp now(Mesh& mesh) {
  constexpr std::uint64_t kMicrosecond_ns = 1'000;
  constexpr std::uint64_t kMicrosecondsInOne = 1'000'000;
  const std::uint64_t all = static_cast<std::uint64_t>(mesh.executor().now_ns()) / kMicrosecond_ns;
  return {all / kMicrosecondsInOne, all % kMicrosecondsInOne};
}

// All or nothing, as far as disks that fail allow.
Task<Status> write_all(std::vector<Consumer*> edges, std::vector<vinum::Header> headers,
                       Bytes copy) {
  for (Consumer* edge : edges) {
    const std::string disk = edge->provider()->name();
    const Result<Bytes> sector =
        co_await read(*edge, vinum::kHeaderAt_bytes, vinum::kHeaderLength_bytes);
    if (!sector) co_return pass_on(sector);
    const Result<vinum::Header> there = vinum::decode(*sector);
    const Result<Bytes> free = co_await array::free_sector(*edge);
    if (!free) co_return pass_on(free);
    if (there || there.error().code != ENOENT) {
      co_return fail(EEXIST, disk, " holds a drive of vinum already; clear it first");
    }
  }
  Status done;
  std::size_t written = 0;
  for (; written < edges.size() && done; ++written) {
    Consumer& edge = *edges[written];
    const Bytes header = vinum::encode(headers[written]);
    done = co_await write(edge, vinum::copy_at_bytes(0), copy);
    if (done) done = co_await write(edge, vinum::copy_at_bytes(1), copy);
    if (done) done = co_await write(edge, vinum::kHeaderAt_bytes, header);
    if (done) done = co_await flush(edge);
  }
  for (std::size_t i = 0; i < written && !done; ++i) {
    const Status undone = co_await vinum::wipe(*edges[i]);
    if (!undone) done.error().text += sentence("; ", undone.error().text);
  }
  co_return done;
}

}  // namespace

std::span<const Parameter> VinumClass::options() const { return kOptions; }

void VinumClass::configure(const Values& values) { start_timeout_ns_ = values.integer("timeout"); }

// Label ------------------------------------------------------------------------------------------

Status VinumClass::may_label(const Mesh& mesh, const std::string& name,
                             const std::vector<Provider*>& disks) const {
  if (name.empty() || name.size() > kLongestName || name.find('/') != std::string::npos) {
    return fail(EINVAL, "vinum ", name, ": a name has 1 to ", kLongestName,
                " characters and no slash");
  }
  if (mesh.geom(this->name(), name) != nullptr) return fail(EEXIST, "there is a vinum ", name);
  for (const Provider* disk : disks) {
    if (vinum::kHeaderLength_bytes % disk->sector_size_bytes() == 0) continue;
    return fail(EINVAL, "vinum ", name, ": ", disk->name(), " has sectors of ",
                disk->sector_size_bytes(), " bytes, and vinum's header has ",
                vinum::kHeaderLength_bytes);
  }
  return {};
}

Task<Status> VinumClass::label(Mesh& mesh, std::string name, std::string text,
                               std::vector<Provider*> disks) const {
  for (const Provider* disk : disks) {
    if (disk == nullptr) co_return fail(ENOENT, "one of the disks is not there");
  }
  Result<vinum::Plan> plan = vinum::plan(sentence("vinum ", name), text, disks);
  if (!plan) co_return pass_on(plan);
  if (Status may = may_label(mesh, name, plan->disks); !may) co_return may;
  vinum::with_parity_to_build(plan->config);
  const Stamp stamp = now(mesh);
  vinum::Kept kept{plan->config, {}};
  std::vector<vinum::Header> headers;
  for (std::size_t i = 0; i < plan->disks.size(); ++i) {
    const std::string& drive = plan->config.drives[i].name;
    kept.seen[drive] = stamp;
    headers.push_back({name, drive, stamp, stamp, plan->disks[i]->media_size_bytes()});
  }
  const std::string all = text_of(kept);
  if (all.size() > kMostTextBytes) {
    co_return fail(EINVAL, "vinum ", name, ": the configuration has ", all.size(),
                   " bytes as it is written to drives, and there is room for ", kMostTextBytes);
  }
  const Result<array::Alone> alone = array::open_alone(mesh, *this, plan->disks);
  if (!alone) co_return pass_on(alone);
  const Status done = co_await write_all(alone->edges, headers, vinum::encode_copy(stamp, all));
  array::give_back(mesh, *alone);
  co_return done;
}

Task<Status> VinumClass::clear(Mesh& mesh, Provider& disk) const {
  if (disk.media_size_bytes() < vinum::kHeader_bytes) {
    co_return fail(ENOENT, disk.name(), " is too small for a drive of vinum");
  }
  const Result<Consumer*> edge = array::open_alone(mesh, *this, disk);
  if (!edge) co_return pass_on(edge);
  Geom& holder = (*edge)->geom();
  const Stay stay(holder);
  const Result<Bytes> sector =
      co_await read(**edge, vinum::kHeaderAt_bytes, vinum::kHeaderLength_bytes);
  const Result<vinum::Header> there = sector ? vinum::decode(*sector) : pass_on(sector);
  Status done;
  if (!there && (!sector || there.error().code == ENOENT)) {
    done = fail(there.error().code, disk.name(), ": ", there.error().text);
  } else {
    done = co_await vinum::wipe(**edge);
  }
  mesh.wither(holder);
  co_return done;
}

// Found ------------------------------------------------------------------------------------------

namespace {

// The newest copy that is whole.
Task<Result<Vinum::Drive>> look(Taster* taster, vinum::Header header) {
  const std::string disk = taster->provider().name();
  std::optional<vinum::Copy> newest;
  for (int i = 0; i < 2; ++i) {
    const Result<Bytes> bytes =
        co_await taster->read(vinum::copy_at_bytes(i), vinum::kCopyLength_bytes);
    if (!bytes) continue;
    std::optional<vinum::Copy> copy = vinum::decode_copy(*bytes, header);
    if (copy && (!newest || copy->stamp > newest->stamp)) newest = std::move(copy);
  }
  if (!newest) {
    co_return fail(EINVAL, disk, ": both copies of what drive ", header.name, " of vinum ",
                   header.set, " says are damaged; clear it, or let others of its drives be found");
  }
  Result<vinum::Kept> kept = vinum::parse_kept(disk, newest->text);
  if (!kept) co_return pass_on(kept);
  co_return Vinum::Drive{disk, std::move(header), newest->stamp, std::move(newest->text),
                         std::move(*kept)};
}

}  // namespace

Task<Geom*> VinumClass::taste(Taster& taster) {
  const Properties& disk = taster.properties();
  const std::string name = taster.provider().name();
  if (disk.media_size_bytes < vinum::kHeader_bytes) co_return nullptr;
  const Result<Bytes> sector =
      co_await taster.read(vinum::kHeaderAt_bytes, vinum::kHeaderLength_bytes);
  Result<vinum::Header> header = sector ? vinum::decode(*sector) : pass_on(sector);
  // Another provider that begins at the same place.
  if (header && header->size_bytes != disk.media_size_bytes) co_return nullptr;
  Status fine = header ? Status{} : fail(header.error().code, name, ": ", header.error().text);
  if (fine && vinum::kHeaderLength_bytes % disk.sector_size_bytes != 0) {
    fine = fail(EINVAL, name, " says it is drive ", header->name, " of vinum ", header->set,
                ", and its sectors of ", disk.sector_size_bytes, " bytes do not divide the header");
  }
  Geom* made = nullptr;
  if (fine) {
    Result<Vinum::Drive> drive = co_await look(&taster, *header);
    fine = drive ? Status{} : pass_on(drive);
    if (fine && !taster.lost() && !taster.stale()) fine = join(taster, std::move(*drive), made);
  }
  if (!fine) metadata::refuse(*this, taster, fine.error());
  co_return made;
}

Status VinumClass::join(Taster& taster, Vinum::Drive drive, Geom*& made) const {
  Mesh& mesh = taster.mesh();
  auto* vinum = static_cast<Vinum*>(mesh.geom(name(), drive.header.set));
  if (vinum != nullptr && !vinum->labelled()) {
    return fail(EEXIST, drive.provider, " is a drive of a vinum ", drive.header.set,
                ", and there is one of that name, made by hand");
  }
  const bool first = vinum == nullptr;
  if (first) {
    vinum = &static_cast<Vinum&>(mesh.add(std::make_unique<Vinum>(
        mesh, *this, drive.header.set, vinum::Config(), Vinum::Made::labelled)));
    vinum->wait_at_most(start_timeout_ns_);
  }
  Status joined = vinum->consider(drive);
  if (joined) {
    const Result<Consumer*> edge = mesh.new_consumer(*vinum, taster.provider());
    joined = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
    if (!joined) {
      joined = fail(joined.error().code, drive.provider, " is drive ", drive.header.name,
                    " of vinum ", drive.header.set, ": ", joined.error().text);
    }
    if (joined) vinum->arrive(**edge, std::move(drive));
    if (!joined && edge) mesh.drop(**edge);
  }
  if (joined) made = vinum;
  if (!joined && first) mesh.wither(*vinum);
  return joined;
}

}  // namespace biotope
