// The template for a class of your own: a Class, which says what there is to know about the kind
// and makes geoms, and a Geom, which answers requests.
#include "classes/zero/zero.h"

#include <cstring>

#include "model/mesh.h"

namespace biotope {

namespace {

// The table that the command line, the scripts and the docs read. What create() gets is already
// checked against it and complete.
const Parameter kParameters[] = {
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{1} << 60,
     .min = 512,
     .help = "how large it claims to be, a multiple of 512"},
};

class ZeroGeom final : public Geom {
 public:
  using Geom::Geom;

  // The one method that every geom must have. The core has checked that the request is aligned, in
  // range and allowed, so what is left is to say what becomes of it. A layer over another disk
  // would say `bio.shift(offset_bytes); return Verdict::remapped(consumer)`, and be done.
  Verdict start(Bio& bio, Provider&) override {
    if (bio.command == Command::read) {
      // Data is a scatter list: it is visited piece by piece and never assumed to be one.
      bio.data.for_each_piece(bio.length_bytes, [](std::span<std::byte> piece) {
        std::memset(piece.data(), 0, piece.size());
      });
    }
    // Every command gets an answer. Nothing is kept here, so a FLUSH has nothing to wait for.
    return bio.command == Command::getattr ? Verdict::done(ENOTTY) : Verdict::done();
  }
  // A geom over other disks would attach consumers, and override what does not fit in geom.h.
};

}  // namespace

std::span<const Parameter> ZeroClass::parameters() const { return kParameters; }

// Makes a geom: all or nothing. The mesh owns it from add() on; wither() takes back what there is.
Result<Geom*> ZeroClass::create(Mesh& mesh, const Creation& creation) {
  Geom& geom = mesh.add(std::make_unique<ZeroGeom>(mesh, *this, creation.name));
  Properties properties;
  properties.media_size_bytes = creation.values.integer("size");
  properties.deletable = true;
  const Result<Provider*> provider = mesh.new_provider(geom, creation.name, properties);
  if (!provider) {
    mesh.wither(geom);
    return pass_on(provider);
  }
  // Until now every request would have got ENXIO; from here on the world may come.
  mesh.publish(**provider);
  return &geom;
}

}  // namespace biotope
