#pragma once

#include "model/class.h"

namespace biotope {

// Passes everything through, from `offset` on for `size` bytes: the same disk again, or a window on
// it. The whole of a disk can be put into a live edge and taken out again.
class NopClass final : public Class {
 public:
  NopClass() : Class("nop") {}
  std::string_view help() const override { return "passes everything through"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
