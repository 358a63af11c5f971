#pragma once

#include "classes/array/array_class.h"

namespace biotope {

// RAID0: stripes of equal size, dealt out to the disks in turn. FreeBSD's gstripe by its metadata
// and its map (geom.md B3).
class Stripe final : public array::MappedArray {
 public:
  Stripe(Mesh& mesh, const Class& cls, array::Shape shape);
  Piece piece(std::int64_t position_bytes, std::int64_t length_bytes) const override;
  Result<Properties> offered() const override;

 private:
  std::int64_t stripe_bytes_;
};

class StripeClass final : public array::ArrayClass {
 public:
  StripeClass() : ArrayClass("stripe") {}
  std::string_view help() const override { return "RAID0: stripes dealt out to disks in turn"; }
  std::span<const Parameter> parameters() const override;
  const array::Format& format() const override;
  std::unique_ptr<array::Array> make(Mesh& mesh, array::Shape shape) const override;
  Values values_of(const array::Record& record) const override;
  std::uint32_t unit_of(const Values& values) const override;
  Status may_label(const Creation& creation) const override;
};

}  // namespace biotope
