#pragma once

#include "classes/through/through.h"

namespace biotope {

// Passes everything through, later: requests of each kind wait their time before they go on, in the
// order in which they came.
class DelayClass final : public Class {
 public:
  DelayClass() : Class("delay") {}
  std::string_view help() const override { return "passes everything through, later"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
