#include "classes/slicer/scheme.h"

namespace biotope {

namespace {

tl::unexpected<Error> can_not(const Scheme& scheme, std::string_view what) {
  return fail(EOPNOTSUPP, scheme.name(), " tables can not be ", what, " here");
}

}  // namespace

Status Scheme::encode(Sectors&, const Table&, const Table&) const {
  return can_not(*this, "changed");
}

Status Scheme::create(Sectors&, const Blank&) const { return can_not(*this, "made"); }

Status Scheme::erase(Sectors&, const Table&) const { return can_not(*this, "erased"); }

Status Scheme::recover(Sectors&, const Table&) const {
  return fail(EOPNOTSUPP, "an ", name(), " table has no second copy to be recovered from");
}

Status Scheme::boot(Sectors&, std::span<const std::byte>) const {
  return fail(EOPNOTSUPP, "an ", name(), " table has no room for a boot program");
}

Result<Slice> Scheme::complete(const Table&, Slice slice) const { return slice; }

std::vector<Step> Scheme::steps(const Sectors& before, const Sectors& after) const {
  std::vector<Step> steps = writes_of(after, after.changed_since(before));
  if (!steps.empty()) steps.push_back({});
  return steps;
}

std::vector<Step> writes_of(const Sectors& after, const std::vector<std::int64_t>& sectors) {
  std::vector<Step> steps;
  std::int64_t next = -1;
  for (const std::int64_t sector : sectors) {
    const auto bytes = after.held(sector);
    if (steps.empty() || sector != next) steps.push_back({sector, {}});
    steps.back().bytes.insert(steps.back().bytes.end(), bytes.begin(), bytes.end());
    next = sector + 1;
  }
  return steps;
}

}  // namespace biotope
