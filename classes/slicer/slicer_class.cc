#include "classes/slicer/slicer_class.h"

#include <charconv>
#include <utility>

namespace biotope {

namespace {

void tell(const Class& cls, const Taster& taster, const Geom* geom, int error,
          const std::string& text) {
  Fact fact;
  fact.kind = FactKind::note;
  fact.cls = &cls;
  fact.geom = geom;
  fact.provider = &taster.provider();
  fact.error = error;
  fact.text = text;
  taster.mesh().emit(fact);
}

const Parameter kParameters[] = {
    {.name = "entries",
     .fallback = std::int64_t{0},
     .max = 4096,
     .help = "how many partitions there is to be room for; 0 for the usual number"},
    {.name = "id",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "the disk's: a GUID or a number; empty for one that follows from the disk"},
};

Parameter guard_option(bool fallback) {
  return {.name = "guard",
          .kind = Parameter::Kind::boolean,
          .fallback = fallback,
          .help = "what others write to the sectors of a table is examined first"};
}

Status no_table_on(const Provider& provider) {
  for (const Consumer& user : provider.consumers()) {
    const Slicer* slicer = Slicer::of(std::as_const(user.geom()));
    if (slicer == nullptr || slicer->withering()) continue;
    return fail(EEXIST, provider.name(), " has an ", slicer->table().scheme,
                " table; erase that first");
  }
  return {};
}

}  // namespace

Surroundings surroundings_of(const Provider& provider) {
  const Slicer* slicer = Slicer::of(std::as_const(provider.geom()));
  if (slicer == nullptr || slicer->below() == nullptr) return {};
  return {.scheme = slicer->table().scheme,
          .type = slicer->slice_of(provider).type,
          .leaf = slicer->table().leaf,
          .depth = surroundings_of(*slicer->below()).depth + 1};
}

Task<Surroundings> surroundings_of(Taster& taster) {
  Surroundings where;
  where.leaf = co_await taster.attribute("PART::isleaf") == "1";
  if (where.leaf) co_return where;
  where.scheme = co_await taster.attribute("PART::scheme");
  if (where.scheme.empty()) co_return where;
  where.type = co_await taster.attribute("PART::type");
  const std::string depth = co_await taster.attribute("PART::depth");
  std::from_chars(depth.data(), depth.data() + depth.size(), where.depth);
  ++where.depth;
  co_return where;
}

Task<Result<Document>> read_table(const Scheme& scheme, Surroundings where, Taster& taster) {
  Reading reading(scheme, std::move(where), taster.properties());
  const std::int64_t sector = taster.properties().sector_size_bytes;
  while (const auto range = reading.next()) {
    const Result<Bytes> bytes = co_await taster.read(range->first * sector, range->count * sector);
    reading.supply(*range, bytes);
  }
  co_return reading.result();
}

std::span<const Parameter> SlicerClass::parameters() const { return kParameters; }

std::span<const Parameter> SlicerClass::options() const {
  static const Parameter on_request[] = {guard_option(false)};
  static const Parameter usual[] = {guard_option(true)};
  return guarding_ == Guarding::usual ? usual : on_request;
}

Result<Geom*> SlicerClass::create(Mesh& mesh, const Creation& creation) {
  if (creation.below.size() != 1) {
    return fail(EINVAL, "an ", scheme_.name(), " table lies on exactly one provider, not on ",
                creation.below.size());
  }
  Provider& below = *creation.below.front();
  if (const Status free = no_table_on(below); !free) return pass_on(free);
  const Blank blank{.entries = creation.values.integer("entries"),
                    .id = creation.values.text("id")};
  Result<Document> document =
      Document::create(scheme_, below.properties(), surroundings_of(below), blank);
  if (!document) return pass_on(document);
  const Result<Slicer*> made = Slicer::build(mesh, *this, below, std::move(*document), guard_);
  if (!made) return pass_on(made);
  if (const Status held = (*made)->hold(); !held) {
    mesh.wither(**made);
    return pass_on(held);
  }
  return *made;
}

Task<Result<Document>> SlicerClass::look_at(Taster& taster) const {
  const Surroundings where = co_await surroundings_of(taster);
  if (where.leaf || taster.properties().media_size_bytes == 0) {
    co_return fail(kNoTable, "no table is looked for on ", taster.provider().name());
  }
  co_return co_await read_table(scheme_, where, taster);
}

Task<Geom*> SlicerClass::taste(Taster& taster) {
  Result<Document> found = co_await look_at(taster);
  // What was written meanwhile is tasted when its writer has closed.
  if (taster.lost() || taster.stale()) co_return nullptr;
  Result<Slicer*> made = nullptr;
  if (found) {
    made = Slicer::build(taster.mesh(), *this, taster.provider(), std::move(*found), guard_);
  } else {
    made = pass_on(found);
  }
  if (!made) {
    const Error& why = made.error();
    if (why.code == kNoTable) co_return nullptr;
    tell(*this, taster, nullptr, why.code,
         sentence(taster.provider().name(), ": its ", name(), " table is refused: ", why.text));
    co_return nullptr;
  }
  for (const std::string& note : (*made)->table().notes) {
    tell(*this, taster, *made, 0, sentence(taster.provider().name(), ": ", note));
  }
  co_return *made;
}

Task<void> SlicerClass::taste_again(Taster& taster, Geom& geom) {
  Slicer* slicer = Slicer::of(geom);
  if (slicer == nullptr || !slicer->doubted()) co_return;
  Result<Document> found = co_await look_at(taster);
  if (taster.lost() || taster.stale() || slicer->withering()) co_return;
  slicer->settle_doubt(std::move(found));
}

}  // namespace biotope
