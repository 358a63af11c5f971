#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/class.h"
#include "model/mesh.h"

namespace biotope {

// A named piece of a drive.
struct Subdisk {
  std::string name;
  std::int64_t start_bytes;
  std::int64_t length_bytes;
  friend bool operator==(const Subdisk&, const Subdisk&) = default;
};

// As the parameter `subdisks` has them: NAME@START+LENGTH, in bytes, with spaces between.
std::string text_of(const std::vector<Subdisk>& subdisks);

// A disk in pieces that have names: vinum's drive and its subdisks. Its providers are called
// DRIVE/SUBDISK.
class Drive final : public Geom {
 public:
  Drive(Mesh& mesh, const Class& cls, const Creation& creation, std::vector<Subdisk> subdisks);

  Verdict start(Bio& bio, Provider& provider) override;
  // Nothing is remembered of what was passed on, so nothing can go stale.
  void spoiled(Consumer&) override {}
  bool resized(Consumer& consumer) override;
  Properties derive(const Provider& own) const override;
  std::string about(const Provider& own) const override;
  std::string recipe() const override { return recipe_of(*this, values_); }

  // Stands on `disk` and offers all of its pieces. EINVAL for one that is not whole sectors, or not
  // within the disk, or shares bytes with another; EEXIST for a name that is there.
  Status stand_on(Provider& disk);

 private:
  Status fits(const Subdisk& one, const Provider& disk) const;

  Values values_;
  std::vector<Subdisk> subdisks_;  // by the providers' index
};

class DriveClass final : public Class {
 public:
  DriveClass() : Class("drive") {}
  std::string_view help() const override { return "a disk in pieces that have names"; }
  std::span<const Parameter> parameters() const override;
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
