#include "classes/array/array_class.h"

#include <algorithm>

#include "classes/random_stream.h"
#include "model/check.h"

namespace biotope::array {

namespace {

constexpr std::size_t kLongestName = 15;  // and a NUL
constexpr std::size_t kMostMembers = 0xffff;

// A geom that only holds a disk open.
class Holder final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
};

std::uint32_t chosen_id(const Mesh& mesh, const std::string& cls, const Creation& creation) {
  std::string what = sentence(cls, ' ', creation.name);
  for (const Provider* disk : creation.below) what += sentence(' ', disk->id());
  const auto now_ns = static_cast<std::uint64_t>(const_cast<Mesh&>(mesh).executor().now_ns());
  return static_cast<std::uint32_t>(RandomStream(now_ns, what).between(1, kId.max));
}

}  // namespace

Task<Result<Bytes>> free_sector(Consumer& edge) {
  constexpr layout::Text kMagic(0, 16);
  const Properties disk = edge.provider()->properties();
  const std::string name = edge.provider()->name();
  Result<Bytes> sector = co_await read(edge, metadata::place_bytes(disk), disk.sector_size_bytes);
  if (!sector) co_return sector;
  const std::string magic = sector->size() < kMagic.end() ? "" : kMagic.get(*sector);
  if (!magic.starts_with("GEOM::") && !magic.starts_with("BIOTOPE::")) co_return sector;
  co_return fail(EEXIST, name, " holds ", magic, " metadata already; clear them first");
}

Status open_all(Array& array) {
  Mesh& mesh = array.mesh();
  for (Consumer* member : array.members()) {
    if (member == nullptr) continue;
    Status opened = mesh.access(*member, kReadWriteExclusive - member->access());
    if (opened) continue;
    for (Consumer* one : array.members()) {
      if (one == nullptr || one->access().closed()) continue;
      BIOTOPE_CHECK(mesh.close(*one).has_value(), "closing is never refused");
    }
    return opened;
  }
  return {};
}

Result<Consumer*> open_alone(Mesh& mesh, const Class& cls, Provider& disk) {
  Geom& holder = mesh.add(std::make_unique<Holder>(mesh, cls, disk.name()));
  const Result<Consumer*> edge = mesh.new_consumer(holder, disk);
  const Status opened = edge ? mesh.access(**edge, kReadWriteExclusive) : pass_on(edge);
  if (opened) return *edge;
  mesh.wither(holder);
  return pass_on(opened);
}

Result<Alone> open_alone(Mesh& mesh, const Class& cls, const std::vector<Provider*>& disks) {
  Alone alone;
  for (Provider* disk : disks) {
    const Result<Consumer*> edge = open_alone(mesh, cls, *disk);
    if (!edge) {
      give_back(mesh, alone);
      return pass_on(edge);
    }
    alone.stays.push_back(std::make_unique<Stay>((*edge)->geom()));
    alone.edges.push_back(*edge);
  }
  return alone;
}

void give_back(Mesh& mesh, const Alone& alone) {
  for (Consumer* edge : alone.edges) mesh.wither(edge->geom());
}

Status check_disks(const Class& cls, const Creation& creation, std::size_t least_count) {
  const std::string title = sentence(cls.name(), ' ', creation.name);
  if (creation.name.empty()) return fail(EINVAL, cls.name(), ": an array needs a name");
  if (creation.below.size() < least_count || creation.below.size() > kMostMembers) {
    return fail(EINVAL, title, " stands on ", least_count, " to ", kMostMembers, " disks, not on ",
                creation.below.size());
  }
  std::vector<const Provider*> sorted(creation.below.begin(), creation.below.end());
  std::ranges::sort(sorted, {}, &Provider::id);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice == sorted.end()) return {};
  return fail(EINVAL, title, " can not have ", (*twice)->name(), " twice");
}

Result<Array*> attach_all(Mesh& mesh, std::unique_ptr<Array> array,
                          const std::vector<Provider*>& disks) {
  auto& added = static_cast<Array&>(mesh.add(std::move(array)));
  for (std::size_t i = 0; i < disks.size(); ++i) {
    if (const Status attached = added.attach(*disks[i], i); !attached) {
      mesh.wither(added);
      return pass_on(attached);
    }
  }
  return &added;
}

Result<Geom*> publish_over(Mesh& mesh, std::unique_ptr<Array> array,
                           const std::vector<Provider*>& disks) {
  const Result<Array*> attached = attach_all(mesh, std::move(array), disks);
  if (!attached) return pass_on(attached);
  const Status published = (*attached)->publish();
  if (published) return *attached;
  mesh.wither(**attached);
  return pass_on(published);
}

std::unique_ptr<Array> ArrayClass::make_of(Mesh& mesh, const Creation& creation,
                                           Shape shape) const {
  shape.name = creation.name;
  shape.count = static_cast<std::uint16_t>(creation.below.size());
  shape.values = creation.values;
  return make(mesh, std::move(shape));
}

Result<Geom*> ArrayClass::create(Mesh& mesh, const Creation& creation) {
  if (Status fine = check_disks(*this, creation, least_count()); !fine) return pass_on(fine);
  return publish_over(mesh, make_of(mesh, creation, {}), creation.below);
}

Status ArrayClass::may_label_these(const Mesh& mesh, const Creation& creation) const {
  const std::string title = sentence(name(), ' ', creation.name);
  if (creation.name.size() > kLongestName) {
    return fail(EINVAL, title, ": the metadata hold names of up to ", kLongestName, " letters");
  }
  if (mesh.geom(name(), creation.name) != nullptr) {
    return fail(EEXIST, title, " is there already; stop it first");
  }
  for (const Provider* disk : creation.below) {
    if (disk->sector_size_bytes() >= static_cast<std::int64_t>(format().kind.bytes)) continue;
    return fail(EINVAL, title, ": ", disk->name(), " has sectors of ", disk->sector_size_bytes(),
                " bytes, too small for metadata");
  }
  return may_label(creation);
}

std::vector<Bytes> ArrayClass::records_of(const Array& array,
                                          const std::vector<Provider*>& below) const {
  std::vector<Bytes> sectors;
  for (const Provider* disk : below) {
    const bool hardcode = array.shape().values.boolean("hardcode");
    const Record record{
        .name = array.name(),
        .id = array.shape().id,
        .index = static_cast<std::uint16_t>(sectors.size()),
        .count = array.shape().count,
        .unit_bytes = unit_of(array.shape().values),
        .owner = {.provider = hardcode ? disk->name() : "",
                  .provsize = static_cast<std::uint64_t>(disk->media_size_bytes())}};
    sectors.push_back(encode(format(), record, disk->sector_size_bytes()));
  }
  return sectors;
}

Task<Status> ArrayClass::label(Mesh& mesh, std::string name, std::vector<Provider*> below,
                               Values given) const {
  Result<Values> values = resolve(parameters(), given, sentence(this->name(), ' ', name));
  if (!values) co_return pass_on(values);
  const Creation creation{std::move(name), std::move(below), std::move(*values)};
  if (Status fine = may_label_these(mesh, creation); !fine) co_return fine;
  const auto wished = static_cast<std::uint32_t>(creation.values.integer("id"));
  Shape shape{.labelled = true};
  shape.id = wished != 0 ? wished : chosen_id(mesh, this->name(), creation);
  if (Status fine = check_disks(*this, creation, least_count()); !fine) co_return fine;
  const Result<Array*> array =
      attach_all(mesh, make_of(mesh, creation, std::move(shape)), creation.below);
  if (!array) co_return pass_on(array);
  const Stay stay(**array);
  const std::vector<Bytes> sectors = records_of(**array, creation.below);
  Status done = co_await write_records(**array, sectors);
  mesh.wither(**array);
  co_return done;
}

// All of them or none.
Task<Status> ArrayClass::write_records(Array& array, const std::vector<Bytes>& sectors) {
  if (const auto fits = array.offered(); !fits) co_return pass_on(fits);
  if (Status opened = open_all(array); !opened) co_return opened;
  const std::vector<Consumer*> members = array.members();
  std::vector<Bytes> before;
  for (Consumer* member : members) {
    Result<Bytes> sector = co_await free_sector(*member);
    if (!sector) co_return pass_on(sector);
    before.push_back(std::move(*sector));
  }
  Status done;
  std::size_t written = 0;
  for (; written < members.size() && done; ++written) {
    done = co_await metadata::store(*members[written], sectors[written]);
  }
  for (std::size_t i = 0; i < written && !done; ++i) {
    // The one that failed may have been written as well. What can not be undone is told.
    const Status undone = co_await metadata::store(*members[i], before[i]);
    if (!undone) array.mesh().note(array, undone.error().text);
  }
  co_return done;
}

Task<Geom*> ArrayClass::taste(Taster& taster) {
  const Result<metadata::Found> found = co_await metadata::look(taster, format().kind);
  Result<Record> record =
      found ? decode(format(), *found, taster.provider().name()) : Result<Record>(pass_on(found));
  Status ours = record ? metadata::belongs(record->owner, taster.provider()) : pass_on(record);
  Geom* made = nullptr;
  if (ours && !taster.lost() && !taster.stale()) ours = take(taster, *record, made);
  if (!ours) metadata::refuse(*this, taster, ours.error());
  co_return made;
}

Array* ArrayClass::find(Mesh& mesh, const Record& record) const {
  for (Geom& geom : mesh.geoms()) {
    if (&geom.cls() != this || geom.withering() || geom.name() != record.name) continue;
    auto* array = dynamic_cast<Array*>(&geom);
    if (array == nullptr || !array->shape().labelled || array->shape().id != record.id) continue;
    return array;
  }
  return nullptr;
}

Result<Shape> ArrayClass::shape_of(const Record& record, const std::string& title) const {
  Values given = values_of(record);
  given.set("id", std::int64_t{record.id});
  given.set("hardcode", !record.owner.provider.empty());
  Result<Values> values = resolve(parameters(), given, title);
  if (!values) return pass_on(values);
  if (record.count < least_count()) {
    return fail(EINVAL, title, " has ", record.count, " disks, and at least ", least_count(),
                " make one");
  }
  return Shape{.name = record.name,
               .id = record.id,
               .count = record.count,
               .labelled = true,
               .values = std::move(*values)};
}

Status ArrayClass::take(Taster& taster, const Record& record, Geom*& made) {
  Mesh& mesh = taster.mesh();
  const std::string title = sentence(taster.provider().name(), ": ", name(), ' ', record.name);
  Result<Shape> shape = shape_of(record, title);
  if (!shape) return pass_on(shape);
  Array* array = find(mesh, record);
  if (array != nullptr && unit_of(array->shape().values) != record.unit_bytes) {
    return fail(EINVAL, title, " has stripes of ", unit_of(array->shape().values),
                " bytes, and this disk says ", record.unit_bytes);
  }
  const bool first = array == nullptr;
  if (first) array = &static_cast<Array&>(mesh.add(make(mesh, std::move(*shape))));
  Status arrived = array->arrive(taster.provider(), record);
  if (arrived) {
    made = array;
  } else if (first) {
    mesh.wither(*array);
  }
  return arrived;
}

Task<Status> ArrayClass::destroy(Array& array) {
  Mesh& mesh = array.mesh();
  for (const Provider& provider : array.providers()) {
    if (provider.access().closed()) continue;
    co_return fail(EBUSY, array.title(), " is open (", provider.access().text(),
                   "); close it first");
  }
  const Stay stay(array);
  Status done;
  if (array.shape().labelled) {
    if (Status opened = open_all(array); !opened) co_return opened;
    array.set_recording(true);
    const std::vector<Consumer*> members = array.members();
    for (Consumer* member : members) {
      if (member == nullptr) continue;
      const Status cleared = co_await metadata::clear(*member);
      if (!cleared && done) done = cleared;
    }
  }
  mesh.wither(array);
  co_return done;
}

Task<Status> ArrayClass::clear(Mesh& mesh, Provider& disk) const {
  return clear_metadata(mesh, *this, disk, format().kind);
}

Task<Status> clear_metadata(Mesh& mesh, const Class& cls, Provider& disk,
                            const metadata::Kind& kind) {
  const Result<Consumer*> edge = open_alone(mesh, cls, disk);
  if (!edge) co_return pass_on(edge);
  Geom& holder = (*edge)->geom();
  const Stay stay(holder);
  const Result<metadata::Found> found = co_await metadata::look(**edge, kind);
  Status done;
  // What is too new to be read can be cleared as well.
  if (found || found.error().code == EOPNOTSUPP) {
    done = co_await metadata::clear(**edge);
  } else {
    done = pass_on(found);
  }
  mesh.wither(holder);
  co_return done;
}

}  // namespace biotope::array
