#pragma once

#include <string>

#include "classes/label/kinds.h"
#include "model/class.h"
#include "model/mesh.h"

namespace biotope {

// Names for disks that stay whatever the driver calls them: from the class's own metadata in the
// last sector, from the volume on the disk, from the GPT it is an entry of. Each name is a provider
// of the same bytes (docs/classes/label.md).
class LabelClass final : public Class {
 public:
  LabelClass() : Class("label") {}
  std::string_view help() const override { return "disks by the names that are written on them"; }
  std::span<const Parameter> options() const override { return label::options(); }
  void configure(const Values& values) override { wanted_ = label::Wanted(values); }

  // label/NAME over one provider, all of it, with nothing written: gone when it is destroyed.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

 private:
  label::Wanted wanted_;
};

namespace label {

// Writes the label into the last sector of a provider, which is open exclusively meanwhile; then it
// is found there by tasting, as label/NAME. EINVAL for a name that is empty, too long or would have
// to be written differently in a provider's name, EEXIST when the sector holds another class's
// metadata, ENOSPC when there is no room for it, ENXIO when the provider is not there (any more);
// other errors are those of the open and of the disk.
Task<Status> write_label(Mesh& mesh, std::uint64_t provider_id, std::string name);
// Takes it away again. ENOENT when there is none. Other errors as above.
Task<Status> clear_label(Mesh& mesh, std::uint64_t provider_id);

}  // namespace label

}  // namespace biotope
