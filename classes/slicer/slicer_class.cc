#include "classes/slicer/slicer_class.h"

#include <charconv>

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

}  // namespace

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

Task<Geom*> SlicerClass::taste(Taster& taster) {
  const Surroundings where = co_await surroundings_of(taster);
  if (where.leaf || taster.properties().media_size_bytes == 0) co_return nullptr;
  const Result<Document> found = co_await read_table(scheme_, where, taster);
  // What was written meanwhile is tasted when its writer has closed.
  if (taster.lost() || taster.stale()) co_return nullptr;
  Result<Slicer*> made = nullptr;
  if (found) {
    made = Slicer::build(taster.mesh(), *this, taster.provider(), found->table(), where.depth);
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

}  // namespace biotope
