#pragma once

#include "model/class.h"

namespace biotope {

// An endless supply of zeros; what is written to it is forgotten. The class to copy.
class ZeroClass final : public Class {
 public:
  ZeroClass() : Class("zero") {}
  std::string_view help() const override { return "an endless supply of zeros"; }
  std::span<const Parameter> parameters() const override;
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
