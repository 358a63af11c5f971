#pragma once

#include <functional>
#include <string>
#include <vector>

#include "classes/mirror/mirror.h"
#include "model/class.h"

namespace biotope {

// Mirrors. Found by their metadata (label), or made by hand without any (create), for as long as
// the mesh lives.
class MirrorClass final : public Class {
 public:
  MirrorClass() : Class("mirror") {}
  std::string_view help() const override { return "equal copies on several disks"; }
  std::span<const Parameter> parameters() const override;
  std::span<const Parameter> options() const override;
  void configure(const Values& values) override;

  // Without metadata, over all of `creation.below`, of which the first has what there is: the
  // others get a copy. As large as the smallest, with the largest of their sectors.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

  const mirror::Tuning& tuning() const { return tuning_; }
  void tune(const mirror::Tuning& tuning) { tuning_ = tuning; }

 private:
  mirror::Tuning tuning_;
};

namespace mirror {

// EINVAL, with the choice there is.
Result<Balance> balance_named(const std::string& text);

struct Label {
  std::string name;  // up to 15 characters
  Balance balance = Balance::load;
  std::uint32_t slice_bytes = 4096;
  bool autosync = true;
  bool failsync = true;
  bool hardcode = false;
  bool intent = true;  // keep the write-intent map
};

using Then = std::function<void(Status)>;

// Makes a new mirror of `disks`, which nobody may have open: writes its metadata to the last sector
// of each and lets it be found. All or nothing, as far as disks that fail allow. What the disks
// hold is taken as equal: it is the mirror's content.
void label(Mesh& mesh, Label label, std::vector<std::string> disks, Then then);

// Wipes the metadata of a disk that nobody uses.
void clear(Mesh& mesh, const std::string& disk, Then then);

// Puts a mirror without metadata, called `name`, between `below` and all who stand on it, while
// they use it: its one disk is `below`. More can then be inserted, and the mirror taken out
// (Mesh::remove) when all but one have been removed. `then` gets the mirror when it is in place.
void interpose(Mesh& mesh, Provider& below, const std::string& name,
               std::function<void(Result<Mirror*>)> then);

}  // namespace mirror
}  // namespace biotope
