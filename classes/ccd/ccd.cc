#include "classes/ccd/ccd.h"

#include <algorithm>

#include "classes/array/array_class.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "interleave",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .max = 0xffffffff,
     .help = "how much lies together on a disk; 0 puts one disk after the other"},
    {.name = "uniform",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "of every disk only as much as of the smallest (CCDF_UNIFORM)"},
    {.name = "mirror",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "the second half of the disks is a copy of the first (CCDF_MIRROR); needs an "
             "interleave"},
    {.name = "no_offset",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "the data begin at the first sector of each disk, not 16 blocks further on"},
};

constexpr std::size_t kCopies = 2;

}  // namespace

Ccd::Ccd(Mesh& mesh, const Class& cls, array::Shape shape)
    : MappedArray(mesh, cls, std::move(shape)), Copies(mesh, kCopies) {}

Verdict Ccd::start(Bio& bio, Provider& provider) {
  if (!layout_.mirror) return MappedArray::start(bio, provider);
  return start_slowly(bio);
}

Verdict Ccd::issue(Bio& bio) {
  if (!layout_.mirror || !has_range(bio.command)) return MappedArray::issue(bio);
  return bio.command == Command::read ? read(bio) : write(bio);
}

// Whoever has a ccd open has its disks for itself.
Status Ccd::demand(AccessPlan& plan) {
  Access needed;
  for (const Provider& provider : providers()) {
    const Access open = plan.would_be(provider);
    needed.r |= open.r > 0 ? 1 : 0;
    needed.w |= open.w > 0 ? 1 : 0;
    needed.e |= open.closed() ? 0 : 1;
  }
  for (Consumer& consumer : consumers()) {
    if (!consumer.leaving()) plan.need(consumer, needed);
  }
  return {};
}

array::Piece Ccd::piece(std::int64_t position_bytes, std::int64_t length_bytes) const {
  return piece_of(0, position_bytes, length_bytes);
}

array::Piece Ccd::piece_of(std::size_t copy, std::int64_t position_bytes,
                           std::int64_t length_bytes) const {
  const ccd::Place place = ccd::place_of(layout_, position_bytes);
  const std::size_t disk = place.disk + copy * members().size() / kCopies;
  return {members()[disk], place.position_bytes, std::min(length_bytes, place.run_bytes)};
}

// The arm stays where it is as long as it need not go further than a sixteenth of the whole.
std::size_t Ccd::choose(std::int64_t position_bytes, std::int64_t length_bytes) {
  const ccd::Place place = ccd::place_of(layout_, position_bytes);
  Arms& arms = arms_[place.disk];
  const std::int64_t range = layout_.size_bytes / 16;
  const std::int64_t at = arms.at_bytes[arms.last];
  if (position_bytes < at - range || position_bytes > at + range) arms.last = 1 - arms.last;
  arms.at_bytes[arms.last] = position_bytes + length_bytes;
  return arms.last;
}

Result<ccd::Layout> Ccd::layout_of_members() const {
  const Result<std::int64_t> sector = common_sector();
  if (!sector) return pass_on(sector);
  std::vector<ccd::Component> components;
  for (std::size_t i = 0; i < members().size(); ++i) {
    components.push_back({member(i).provider()->name(), below(i).media_size_bytes});
  }
  return ccd::lay_out(title(), ccd::settings_of(shape().values), components, *sector);
}

Result<Properties> Ccd::offered() const {
  const Result<ccd::Layout> layout = layout_of_members();
  if (!layout) return pass_on(layout);
  Result<Properties> all = common_properties();
  if (!all) return all;
  all->media_size_bytes = layout->size_bytes;
  all->stripe_size_bytes = layout->interleave_bytes;
  return all;
}

void Ccd::arrange() {
  layout_ = *layout_of_members();
  arms_.assign(members().size() / kCopies, Arms());
}

std::string Ccd::status() const {
  const std::string how = layout_.mirror                  ? "mirrored and interleaved"
                          : layout_.interleave_bytes != 0 ? "interleaved"
                                                          : "concatenated";
  return sentence(Array::status(), ", ", how);
}

std::span<const Parameter> CcdClass::parameters() const { return kParameters; }

Result<Geom*> CcdClass::create(Mesh& mesh, const Creation& creation) {
  if (Status fine = array::check_disks(*this, creation, 1); !fine) return pass_on(fine);
  array::Shape shape{.name = creation.name,
                     .count = static_cast<std::uint16_t>(creation.below.size()),
                     .values = creation.values};
  Result<Geom*> made = array::publish_over(
      mesh, std::make_unique<Ccd>(mesh, *this, std::move(shape)), creation.below);
  if (made && creation.values.boolean("mirror") && creation.values.integer("interleave") == 0) {
    mesh.note(**made, "without an interleave nothing is mirrored: its disks are concatenated");
  }
  return made;
}

}  // namespace biotope
