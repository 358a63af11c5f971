#include <utility>

#include "classes/array/array_class.h"
#include "classes/raid5/row.h"

namespace biotope {

namespace {

using parity::Record;

constexpr std::int64_t kMostStripeBytes = 16 << 20;
constexpr std::int64_t kLeastSlots = 4;
constexpr std::int64_t kMostSlots = 1 << 16;

constexpr Parameter kParameters[] = {
    {.name = "stripe_size",
     .unit = "bytes",
     .fallback = std::int64_t{65536},
     .min = 1,
     .max = kMostStripeBytes,
     .help = "how much lies together on a disk; whole sectors"},
    {.name = "log",
     .unit = "stripes",
     .fallback = std::int64_t{32},
     .min = kLeastSlots,
     .max = kMostSlots,
     .help = "how many writes the log holds; half as many can be under way at a time"},
    parity::kAutosync,
    array::kId,
    array::kHardcode,
};

constexpr metadata::Kind kKind{.magic = "BIOTOPE::RAID5", .newest = 5, .bytes = 256};

}  // namespace

Values Raid5::values() const {
  Values values;
  values.set("stripe_size", stripe_bytes());
  if (self().by_hand) return values;
  values.set("log", std::int64_t{self().log_slots});
  values.set("autosync", !self().has(parity::kNoAutoSync));
  values.set("id", std::int64_t{self().id});
  return values;
}

Properties Raid5::own_properties() const {
  Properties p = Group::own_properties();
  p.stripe_size_bytes = stripe_bytes();
  return p;
}

std::span<const Parameter> Raid5Class::parameters() const { return kParameters; }

const metadata::Kind& Raid5Class::kind() const { return kKind; }

std::unique_ptr<parity::Group> Raid5Class::make(Mesh& mesh, Record self) const {
  return std::make_unique<Raid5>(mesh, *this, std::move(self), tuning());
}

Status Raid5Class::sane(const Record& r) const {
  const bool fine = r.stripe_bytes > 0 && r.stripe_bytes <= kMostStripeBytes &&
                    r.stripe_bytes % r.sector_size_bytes == 0 && r.log_slots >= kLeastSlots &&
                    r.log_slots <= kMostSlots && r.member_bytes() % r.stripe_bytes == 0;
  if (fine) return {};
  return fail(EINVAL, "the metadata of ", r.name, " say stripes of ", r.stripe_bytes, " bytes and ",
              r.log_slots, " slots in the log, which can not be");
}

Status Raid5Class::plan(Record& r, const Values& values, std::int64_t usable_bytes,
                        std::int64_t sector_bytes) const {
  const std::int64_t stripe = values.integer("stripe_size");
  const std::int64_t slots = r.by_hand ? 0 : values.integer("log");
  if (stripe % sector_bytes != 0) {
    return fail(EINVAL, "its stripes of ", stripe, " bytes are no whole sectors of ", sector_bytes);
  }
  const std::int64_t rows = (usable_bytes - slots * (sector_bytes + stripe)) / stripe;
  if (rows <= 0 && r.by_hand) {
    return fail(EINVAL, "its smallest disk has ", usable_bytes, " bytes, less than a stripe of ",
                stripe);
  }
  if (rows <= 0) {
    return fail(EINVAL, "its smallest disk has ", usable_bytes, " usable bytes, and the log takes ",
                slots * (sector_bytes + stripe), "; choose a smaller one, or smaller stripes");
  }
  r.sector_size_bytes = static_cast<std::uint32_t>(sector_bytes);
  r.stripe_bytes = static_cast<std::uint32_t>(stripe);
  r.log_slots = static_cast<std::uint32_t>(slots);
  r.log_floor = 1;
  r.media_size_bytes = static_cast<std::uint64_t>(rows * stripe * (r.count - 1));
  return {};
}

std::int64_t Raid5Class::needed_bytes(const Record& r) const {
  return r.member_bytes() + std::int64_t{r.log_slots} *
                                (std::int64_t{r.sector_size_bytes} + std::int64_t{r.stripe_bytes});
}

}  // namespace biotope
