#include "classes/stripe/stripe.h"

#include <algorithm>
#include <bit>

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "stripe_size",
     .unit = "bytes",
     .fallback = std::int64_t{65536},
     .min = 1,
     .max = 0xffffffff,
     .help = "how much lies together on a disk; whole sectors, with metadata a power of two"},
    array::kId,
    array::kHardcode,
};

const array::Format kFormat{
    .kind = {.magic = "GEOM::STRIPE", .newest = 3, .bytes = 72},
    .unit = layout::le32(44),
    .provider = layout::Text(48, 16),
    .provsize = layout::le64(64),
    .named_since = 2,
    .sized_since = 3,
};

}  // namespace

Stripe::Stripe(Mesh& mesh, const Class& cls, array::Shape shape)
    : MappedArray(mesh, cls, std::move(shape)),
      stripe_bytes_(this->shape().values.integer("stripe_size")) {}

array::MappedArray::Piece Stripe::piece(std::int64_t position_bytes,
                                        std::int64_t length_bytes) const {
  const auto count = static_cast<std::uint64_t>(members().size());
  const auto stripe = static_cast<std::uint64_t>(stripe_bytes_);
  const auto position = static_cast<std::uint64_t>(position_bytes);
  const std::uint64_t number = position / stripe;
  const std::uint64_t within = position % stripe;
  return {members()[number % count], static_cast<std::int64_t>(number / count * stripe + within),
          std::min(length_bytes, static_cast<std::int64_t>(stripe - within))};
}

Result<Properties> Stripe::offered() const {
  Result<Properties> all = common_properties();
  if (!all) return all;
  if (stripe_bytes_ % all->sector_size_bytes != 0) {
    return fail(EINVAL, title(), ": stripes of ", stripe_bytes_,
                " bytes are no whole number of sectors of ", all->sector_size_bytes);
  }
  std::int64_t smallest = INT64_MAX;
  for (std::size_t i = 0; i < members().size(); ++i) {
    const std::int64_t usable = usable_bytes(below(i)) / stripe_bytes_ * stripe_bytes_;
    if (usable == 0) {
      return fail(EINVAL, title(), ": ", member(i).provider()->name(), " has ",
                  below(i).media_size_bytes, " bytes, too few for a stripe of ", stripe_bytes_);
    }
    smallest = std::min(smallest, usable);
  }
  const auto count = static_cast<std::int64_t>(members().size());
  if (smallest > INT64_MAX / count) return fail(EINVAL, title(), " would be beyond all size");
  all->media_size_bytes = count * smallest;
  all->stripe_size_bytes = stripe_bytes_;
  return all;
}

std::span<const Parameter> StripeClass::parameters() const { return kParameters; }

const array::Format& StripeClass::format() const { return kFormat; }

std::unique_ptr<array::Array> StripeClass::make(Mesh& mesh, array::Shape shape) const {
  return std::make_unique<Stripe>(mesh, *this, std::move(shape));
}

Values StripeClass::values_of(const array::Record& record) const {
  Values values;
  values.set("stripe_size", std::int64_t{record.unit_bytes});
  return values;
}

std::uint32_t StripeClass::unit_of(const Values& values) const {
  return static_cast<std::uint32_t>(values.integer("stripe_size"));
}

Status StripeClass::may_label(const Creation& creation) const {
  const std::int64_t stripe = creation.values.integer("stripe_size");
  if (std::has_single_bit(static_cast<std::uint64_t>(stripe))) return {};
  return fail(EINVAL, "stripe ", creation.name, ": stripes of ", stripe,
              " bytes are no power of two, as others who read the metadata require");
}

}  // namespace biotope
