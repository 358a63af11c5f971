#include "classes/nop/nop.h"

#include "model/mesh.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "offset",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "where the window begins; a multiple of the sector size"},
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "how long the window is; 0 for all there is, also when that changes"},
};

class NopGeom final : public Geom {
 public:
  NopGeom(Mesh& mesh, const Class& cls, const Creation& creation)
      : Geom(mesh, cls, creation.name),
        offset_bytes_(creation.values.integer("offset")),
        size_bytes_(creation.values.integer("size")) {}

  Verdict start(Bio& bio, Provider&) override {
    bio.shift(offset_bytes_);
    return Verdict::remapped(consumers().front());
  }

  // It remembers nothing of what it passes on, so nothing can go stale.
  void spoiled(Consumer&) override {}

  Properties derive(const Provider& own) const override {
    const Properties& below = consumers().front().provider()->properties();
    return part_of(below, offset_bytes_, own.media_size_bytes());
  }

  bool resized(Consumer& consumer) override {
    const Result<std::int64_t> length = window(*consumer.provider());
    if (!length) return false;
    return mesh().resize(providers().front(), *length).has_value();
  }

  Result<Consumer*> bypass() override {
    if (offset_bytes_ != 0) return Geom::bypass();
    return &consumers().front();
  }

  // How long the window on `below` is; EINVAL when it does not lie on it, in whole sectors.
  Result<std::int64_t> window(const Provider& below) const {
    const Properties& p = below.properties();
    const bool whole =
        offset_bytes_ % p.sector_size_bytes == 0 && size_bytes_ % p.sector_size_bytes == 0;
    if (!whole || offset_bytes_ > p.media_size_bytes ||
        size_bytes_ > p.media_size_bytes - offset_bytes_) {
      return fail(EINVAL, title(), ": offset ", offset_bytes_, " and size ", size_bytes_,
                  " are no window on ", below.name(), ", which has ", p.media_size_bytes,
                  " bytes in sectors of ", p.sector_size_bytes);
    }
    return size_bytes_ > 0 ? size_bytes_ : p.media_size_bytes - offset_bytes_;
  }
  std::int64_t offset_bytes() const { return offset_bytes_; }

 private:
  std::int64_t offset_bytes_;
  std::int64_t size_bytes_;
};

Status build(Mesh& mesh, NopGeom& geom, Provider& below) {
  const Result<std::int64_t> length = geom.window(below);
  if (!length) return pass_on(length);
  if (const auto consumer = mesh.new_consumer(geom, below); !consumer) return pass_on(consumer);
  const Result<Provider*> provider = mesh.new_provider(
      geom, geom.name(), part_of(below.properties(), geom.offset_bytes(), *length));
  if (!provider) return pass_on(provider);
  mesh.publish(**provider);
  return {};
}

}  // namespace

std::span<const Parameter> NopClass::parameters() const { return kParameters; }

Result<Geom*> NopClass::create(Mesh& mesh, const Creation& creation) {
  if (creation.below.size() != 1) {
    return fail(EINVAL, "nop ", creation.name, " stands on exactly one provider, not on ",
                creation.below.size());
  }
  auto& geom = static_cast<NopGeom&>(mesh.add(std::make_unique<NopGeom>(mesh, *this, creation)));
  if (const Status built = build(mesh, geom, *creation.below.front()); !built) {
    mesh.wither(geom);
    return pass_on(built);
  }
  return &geom;
}

}  // namespace biotope
