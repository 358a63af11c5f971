#include "classes/label/label.h"

#include "classes/label/name.h"
#include "classes/metadata/metadata.h"

namespace biotope {

namespace {

using label::Kind;
using label::Name;

// All names of one disk: providers of the same bytes, from its start.
class LabelGeom final : public Geom {
 public:
  using Geom::Geom;

  Status populate(Provider& below, const std::vector<Name>& names);

  Verdict start(Bio& bio, Provider& provider) override {
    // What is in a volume was looked for where the disk has its first name. The native label alone
    // makes a disk of another size, with tables of its own.
    if (bio.command == Command::getattr && provider.index == 0 &&
        std::string_view(bio.attribute) == "PART::isleaf") [[unlikely]] {
      return answer_attribute(bio, "1");
    }
    return Verdict::remapped(consumers().front());
  }

  // Names of one disk are open together only as one disk would be.
  Status demand(AccessPlan& plan) override {
    for (const Provider& one : providers()) {
      if (!plan.opens(one)) continue;
      for (const Provider& other : providers()) {
        if (&one == &other) continue;
        if (Status fine = check(plan, one, other); !fine) return fine;
      }
    }
    require_union(plan);
    return {};
  }

  Properties derive(const Provider& own) const override {
    return part_of(consumers().front().provider()->properties(), 0, own.media_size_bytes());
  }

  // A name stands for all of the disk, also when that grows. What has shrunk is looked at anew.
  bool resized(Consumer& consumer) override {
    const std::int64_t size = consumer.provider()->media_size_bytes();
    for (const Provider& own : providers()) {
      if (own.media_size_bytes() > size) return false;
    }
    for (Provider& own : providers()) {
      if (own.index == 0 && !mesh().resize(own, size)) return false;
    }
    return true;
  }

  Result<Consumer*> bypass() override {
    if (providers().size() != 1) return Geom::bypass();
    return &consumers().front();
  }

  std::string status() const override {
    const std::size_t count = providers().size();
    return sentence(count, count == 1 ? " name" : " names", " of ", name());
  }
  std::string about(const Provider&) const override { return sentence("another name of ", name()); }

 private:
  Status check(const AccessPlan& plan, const Provider& opened, const Provider& sibling) const {
    const Access before = opened.access();
    const Access after = plan.would_be(opened);
    const Access held = plan.would_be(sibling);
    const bool writes = after.w > before.w && held.e > 0;
    const bool excludes = after.e > before.e && held.w > 0;
    if (!writes && !excludes) return {};
    return fail(EPERM, title(), " refuses to open ", opened.name(), " for ",
                writes ? "writing" : "exclusive use", ": it is the same disk as ", sibling.name(),
                ", which is open (", held.text(), "); close that first");
  }
};

// Provider::index says where in the order of kinds a name stands: 0 for names that were found on
// the disk, 1 for a label that this class gave.
constexpr std::uint64_t index_of(Kind kind) { return kind == Kind::label ? 1 : 0; }

Status LabelGeom::populate(Provider& below, const std::vector<Name>& names) {
  const Result<Consumer*> consumer = mesh().new_consumer(*this, below);
  if (!consumer) return pass_on(consumer);
  for (const Name& name : names) {
    const Result<Provider*> provider = mesh().new_provider(
        *this, name.provider, part_of(below.properties(), 0, name.length_bytes));
    if (!provider) return pass_on(provider);
    (*provider)->index = index_of(name.kind);
  }
  for (Provider& provider : providers()) mesh().publish(provider);
  return {};
}

Result<Geom*> build(Mesh& mesh, const Class& cls, Provider& below, const std::vector<Name>& names) {
  auto& geom =
      static_cast<LabelGeom&>(mesh.add(std::make_unique<LabelGeom>(mesh, cls, below.name())));
  if (const Status populated = geom.populate(below, names); !populated) {
    mesh.wither(geom);
    return pass_on(populated);
  }
  return &geom;
}

// Takes out what another disk is called already, and tells so: the name is whose it was first.
void leave_to_others(std::vector<Name>& names, const Class& cls, const Taster& taster) {
  std::erase_if(names, [&](const Name& name) {
    const Provider* taken = taster.mesh().provider(name.provider);
    if (taken == nullptr || taken->orphaned()) return false;
    metadata::refuse(cls, taster,
                     Error{EEXIST, sentence(taster.provider().name(), " is called ", name.provider,
                                            " too, and that name is ", taken->geom().name(),
                                            "'s; rename one of them")});
    return true;
  });
}

}  // namespace

Result<Geom*> LabelClass::create(Mesh& mesh, const Creation& creation) {
  if (creation.below.size() != 1) {
    return fail(EINVAL, "label ", creation.name, " stands on exactly one provider, not on ",
                creation.below.size());
  }
  Provider& below = *creation.below.front();
  const Name name{Kind::label, sentence("label/", label::encoded(creation.name)),
                  below.media_size_bytes()};
  return build(mesh, *this, below, {name});
}

Task<Geom*> LabelClass::taste(Taster& taster) {
  // A name has no names, or there would be no end of them.
  if (&taster.provider().geom().cls() == this) co_return nullptr;
  Result<std::vector<Name>> names = co_await label::find_names(taster, wanted_);
  if (taster.lost() || taster.stale()) co_return nullptr;
  if (!names) {
    metadata::refuse(*this, taster, names.error());
    co_return nullptr;
  }
  leave_to_others(*names, *this, taster);
  if (names->empty()) co_return nullptr;
  const Result<Geom*> made = build(taster.mesh(), *this, taster.provider(), *names);
  co_return made ? *made : nullptr;
}

// Own metadata -----------------------------------------------------------------------------------

namespace label {

namespace {

// Has a provider open to write to its last sector, and lets go of it at the end.
class Visit {
 public:
  Visit(Mesh& mesh, const Class& cls, Provider& provider)
      : mesh_(mesh),
        geom_(mesh.add(std::make_unique<LabelGeom>(mesh, cls, provider.name()))),
        stay_(geom_) {
    const Result<Consumer*> edge = mesh_.new_consumer(geom_, provider);
    opened_ = edge ? mesh_.access(**edge, kReadWriteExclusive) : Status(pass_on(edge));
  }
  ~Visit() {
    if (opened_) static_cast<void>(mesh_.close(edge()));
    mesh_.wither(geom_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  const Status& opened() const { return opened_; }
  Consumer& edge() const { return geom_.consumers().front(); }

 private:
  Mesh& mesh_;
  Geom& geom_;
  Stay stay_;
  Status opened_;
};

Status check_name(const std::string& name) {
  if (name.empty() || name.size() > kLongestLabel || encoded(name) != name) {
    return fail(EINVAL, "'", encoded(name), "' is no label: it must have 1 to ", kLongestLabel,
                " bytes and no blanks, controls, '/', '%' or '\"'");
  }
  return {};
}

// What others keep in the last sector of theirs.
Status check_unused(const Bytes& sector, std::string_view provider) {
  constexpr layout::Text kMagic(0, 16);
  const std::string magic = kMagic.get(sector);
  const bool ours = magic == kMetadata.magic;
  const bool theirs = magic.starts_with("GEOM::") || magic.starts_with("EFI PART");
  if (ours || !theirs) return {};
  return fail(EEXIST, provider, ": its last sector is in use (", encoded(magic),
              "), and there is no other place for a label; clear that first");
}

Task<Status> put(Consumer& edge, std::string name) {
  const Properties& below = edge.provider()->properties();
  const std::string disk = edge.provider()->name();
  const std::int64_t place = metadata::place_bytes(below);
  if (place == 0 || below.sector_size_bytes < static_cast<std::int64_t>(kMetadata.bytes)) {
    co_return fail(ENOSPC, disk, " is too small for a label");
  }
  const Result<Bytes> before = co_await read(edge, place, below.sector_size_bytes);
  if (!before) co_return pass_on(before);
  if (Status unused = check_unused(*before, disk); !unused) co_return unused;
  if (edge.orphaned()) co_return fail(ENXIO, disk, " is gone");
  Bytes sector = metadata_sector(name, *edge.provider());
  co_return co_await metadata::store(edge, std::move(sector));
}

Task<Status> take_away(Consumer& edge) {
  const Result<metadata::Found> found = co_await metadata::look(edge, kMetadata);
  const bool newer = !found && found.error().code == EOPNOTSUPP;
  if (!found && !newer) co_return pass_on(found);
  if (edge.orphaned()) co_return fail(ENXIO, "the disk of the label is gone");
  if (!newer) {
    const Result<std::string> name = label_in(*found, *edge.provider());
    if (!name) co_return pass_on(name);
  }
  co_return co_await metadata::clear(edge);
}

Result<Provider*> provider_for(Mesh& mesh, std::uint64_t provider_id) {
  Provider* provider = mesh.provider_by_id(provider_id);
  if (provider == nullptr) return fail(ENXIO, "what is to be labelled is not there");
  if (mesh.find_class("label") == nullptr) return fail(ENOENT, "the class label is not loaded");
  return provider;
}

}  // namespace

Task<Status> write_label(Mesh& mesh, std::uint64_t provider_id, std::string name) {
  if (Status good = check_name(name); !good) co_return good;
  const Result<Provider*> provider = provider_for(mesh, provider_id);
  if (!provider) co_return pass_on(provider);
  Visit visit(mesh, *mesh.find_class("label"), **provider);
  if (!visit.opened()) co_return visit.opened();
  co_return co_await put(visit.edge(), std::move(name));
}

Task<Status> clear_label(Mesh& mesh, std::uint64_t provider_id) {
  const Result<Provider*> provider = provider_for(mesh, provider_id);
  if (!provider) co_return pass_on(provider);
  Visit visit(mesh, *mesh.find_class("label"), **provider);
  if (!visit.opened()) co_return visit.opened();
  co_return co_await take_away(visit.edge());
}

}  // namespace label

}  // namespace biotope
