#include "model/properties.h"

namespace biotope {

Status validate(const Properties& p, const std::string& name) {
  if (p.sector_size_bytes <= 0) {
    return fail(EINVAL, name, ": a sector of ", p.sector_size_bytes, " bytes is not possible");
  }
  if (p.media_size_bytes < 0 || p.media_size_bytes % p.sector_size_bytes != 0) {
    return fail(EINVAL, name, ": a size of ", p.media_size_bytes,
                " bytes is not a whole number of sectors of ", p.sector_size_bytes, " bytes");
  }
  const bool boundary_in_stripe =
      p.stripe_size_bytes == 0
          ? p.stripe_offset_bytes == 0
          : p.stripe_offset_bytes >= 0 && p.stripe_offset_bytes < p.stripe_size_bytes;
  if (p.stripe_size_bytes < 0 || !boundary_in_stripe) {
    return fail(EINVAL, name, ": stripe offset ", p.stripe_offset_bytes,
                " does not lie inside a stripe of ", p.stripe_size_bytes, " bytes");
  }
  return {};
}

Properties part_of(const Properties& below, std::int64_t start_bytes, std::int64_t length_bytes) {
  Properties part = below;
  part.media_size_bytes = length_bytes;
  if (below.stripe_size_bytes > 0) {
    part.stripe_offset_bytes = (below.stripe_offset_bytes + start_bytes % below.stripe_size_bytes) %
                               below.stripe_size_bytes;
  }
  return part;
}

}  // namespace biotope
