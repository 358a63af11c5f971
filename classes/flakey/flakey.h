#pragma once

#include "classes/through/through.h"

namespace biotope {

// Passes everything through for a while, then troubles what comes for a while, and so on: requests
// fail, writes are lost that were acknowledged, single bytes come out wrong.
class FlakeyClass final : public Class {
 public:
  FlakeyClass() : Class("flakey") {}
  std::string_view help() const override { return "works for a while, then does not, and so on"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
