#include <array>

#include "classes/array/array_class.h"
#include "classes/layout.h"
#include "classes/metadata/metadata.h"
#include "classes/multipath/multipath.h"
#include "classes/random_stream.h"

namespace biotope {

namespace {

constexpr std::array<std::string_view, 3> kModes{"active-passive", "active-active", "active-read"};

const Parameter kParameters[] = {
    {.name = "mode",
     .kind = Parameter::Kind::text,
     .fallback = std::string(kModes[0]),
     .help = "active-passive, active-active or active-read: whether other paths are used as well"},
};

// geom.md B3. The version stands elsewhere than in its kin.
constexpr metadata::Kind kKind{
    .magic = "GEOM::MULTIPATH", .newest = 1, .bytes = 89, .version = layout::le32(72)};
constexpr layout::Text kUuid(16, 40);
constexpr layout::Text kName(56, 16);
constexpr auto kSector = layout::le32(76);
constexpr auto kSize = layout::le64(80);
constexpr auto kMode = layout::u8(88);

constexpr std::size_t kLongestName = 15;

std::string new_uuid(Mesh& mesh, std::string_view name, const Provider& disk) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx";
  RandomStream random(static_cast<std::uint64_t>(mesh.executor().now_ns()),
                      sentence("multipath ", name, ' ', disk.id()));
  std::string uuid(kForm);
  for (char& c : uuid) {
    if (c == 'x') c = "0123456789abcdef"[random.between(0, 15)];
  }
  return uuid;
}

Status check_mode(std::string_view name, const Values& values) {
  const std::string& mode = values.text("mode");
  if (std::ranges::find(kModes, mode) != kModes.end()) return {};
  return fail(EINVAL, "multipath ", name, ": 'mode' is '", mode,
              "'; it must be active-passive, active-active or active-read");
}

Bytes encode(std::string_view name, std::string_view uuid, const Values& values,
             const Properties& disk) {
  Bytes sector = metadata::blank(kKind, kKind.newest, disk.sector_size_bytes);
  kUuid.set(sector, uuid);
  kName.set(sector, name);
  kSector.set(sector, static_cast<std::uint32_t>(disk.sector_size_bytes));
  kSize.set(sector, static_cast<std::uint64_t>(disk.media_size_bytes));
  const auto mode = std::ranges::find(kModes, values.text("mode")) - kModes.begin();
  kMode.set(sector, static_cast<std::uint8_t>(mode));
  return sector;
}

struct Record {
  std::string uuid;
  std::string name;
  Values values;
};

Result<Record> decode(const Bytes& sector, const Provider& disk) {
  if (Status ours = metadata::belongs({.provider = {}, .provsize = kSize.get(sector)}, disk);
      !ours) {
    return pass_on(ours);
  }
  Record record{.uuid = kUuid.get(sector), .name = kName.get(sector), .values = {}};
  const std::uint8_t mode = kMode.get(sector);
  if (record.uuid.empty() || record.name.empty() || mode >= kModes.size() ||
      kSector.get(sector) != static_cast<std::uint64_t>(disk.sector_size_bytes())) {
    return fail(EINVAL, disk.name(), ": its ", kKind.magic, " metadata say mode ", mode,
                " and sectors of ", kSector.get(sector), ", which can not be; clear them");
  }
  record.values.set("mode", std::string(kModes[mode]));
  return record;
}

}  // namespace

std::span<const Parameter> MultipathClass::parameters() const { return kParameters; }

Result<Geom*> MultipathClass::create(Mesh& mesh, const Creation& creation) {
  if (creation.below.empty() || creation.name.empty()) {
    return fail(EINVAL, "multipath ", creation.name, " needs a name and at least one path");
  }
  if (Status fine = check_mode(creation.name, creation.values); !fine) return pass_on(fine);
  auto& geom = static_cast<Multipath&>(mesh.add(
      std::make_unique<Multipath>(mesh, *this, creation.name, std::string(), creation.values)));
  for (Provider* path : creation.below) {
    if (const Status added = geom.add(*path); !added) {
      mesh.wither(geom);
      return pass_on(added);
    }
  }
  return &geom;
}

Task<Geom*> MultipathClass::taste(Taster& taster) {
  const Result<metadata::Found> found = co_await metadata::look(taster, kKind);
  if (!found) {
    metadata::refuse(*this, taster, found.error());
    co_return nullptr;
  }
  if (taster.lost() || taster.stale()) co_return nullptr;
  const Result<Record> record = decode(found->sector, taster.provider());
  if (!record) {
    metadata::refuse(*this, taster, record.error());
    co_return nullptr;
  }
  Mesh& mesh = taster.mesh();
  Multipath* geom = nullptr;
  for (Geom& one : mesh.geoms()) {
    if (&one.cls() != this || one.withering()) continue;
    auto* there = dynamic_cast<Multipath*>(&one);
    if (there != nullptr && there->uuid() == record->uuid) geom = there;
  }
  const bool first = geom == nullptr;
  if (first) {
    geom = &static_cast<Multipath&>(mesh.add(
        std::make_unique<Multipath>(mesh, *this, record->name, record->uuid, record->values)));
  }
  const Status added = geom->add(taster.provider());
  if (added) co_return geom;
  if (first) mesh.wither(*geom);
  metadata::refuse(*this, taster, added.error());
  co_return nullptr;
}

Task<Status> MultipathClass::label(Mesh& mesh, std::string name, std::vector<Provider*> paths,
                                   Values given) const {
  const std::string title = sentence("multipath ", name);
  const Result<Values> values = resolve(parameters(), given, title);
  if (!values) co_return pass_on(values);
  if (Status fine = check_mode(name, *values); !fine) co_return fine;
  if (name.empty() || name.size() > kLongestName || paths.empty()) {
    co_return fail(EINVAL, title, " needs a name of up to ", kLongestName,
                   " letters and at least one path");
  }
  if (mesh.geom(this->name(), name) != nullptr) {
    co_return fail(EEXIST, title, " is there already; stop it first");
  }
  const Properties disk = paths.front()->properties();
  if (disk.sector_size_bytes < static_cast<std::int64_t>(kKind.bytes) ||
      metadata::place_bytes(disk) == 0) {
    co_return fail(EINVAL, title, ": ", paths.front()->name(), " has no room for metadata");
  }
  const Result<array::Alone> alone = array::open_alone(mesh, *this, paths);
  if (!alone) co_return pass_on(alone);
  Bytes sector = encode(name, new_uuid(mesh, name, *paths.front()), *values, disk);
  const Status done = co_await write_and_compare(alone->edges, std::move(sector));
  array::give_back(mesh, *alone);
  co_return done;
}

Task<Status> MultipathClass::write_and_compare(std::vector<Consumer*> paths, Bytes sector) const {
  Consumer& first = *paths.front();
  const std::string name = first.provider()->name();
  const Result<Bytes> before = co_await array::free_sector(first);
  if (!before) co_return pass_on(before);
  Status done = co_await metadata::store(first, sector);
  for (std::size_t i = 1; i < paths.size() && done; ++i) {
    const Provider& path = *paths[i]->provider();
    const std::string other = path.name();
    const Result<Bytes> seen = co_await read(*paths[i], metadata::place_bytes(path.properties()),
                                             static_cast<std::int64_t>(sector.size()));
    if (!seen || *seen != sector) {
      done = fail(EINVAL, other, " is no path to the disk of ", name,
                  ": what is written there does not appear here");
    }
  }
  if (done) co_return done;
  const Status undone = co_await metadata::store(first, *before);
  co_return undone ? done : undone;
}

Task<Status> MultipathClass::clear(Mesh& mesh, Provider& disk) const {
  return array::clear_metadata(mesh, *this, disk, kKind);
}

}  // namespace biotope
