#pragma once

#include <string>

#include "classes/disk/bounce.h"
#include "classes/disk/disksort.h"
#include "classes/disk/driver.h"
#include "model/class.h"
#include "model/mesh.h"

namespace biotope {

// The bottom of every stack: a driver's medium as a provider. Keeps from drivers all they need not
// know: requests come within the driver's maximum, at most as many as it wants, sorted, with data
// in one piece where it asks for that.
class Disk final : public Geom {
 public:
  Disk(Mesh& mesh, const Class& cls, std::string name, DiskDriver& driver);
  ~Disk() override;

  Verdict start(Bio& bio, Provider& provider) override;
  void access_changed(Provider& provider, Access before, Access after) override;

  // The medium has gone without notice. Requests that wait here fail with ENXIO at once; those the
  // driver has are for it to complete. The geom withers.
  void gone();

 private:
  friend class DiskDriver;

  Verdict start_slowly(Bio& bio, Provider& provider);
  Verdict get_attribute(Bio& bio) const;
  Verdict split(Bio& bio);
  Verdict admit(Bio& bio);
  Verdict hand_over(Bio& bio);
  void set_barrier(bool active);
  bool may_start(const Bio& bio) const;
  void finished(Bio& bio, int error);
  void start_waiting();

  DiskDriver& driver_;
  DiskTraits traits_;
  bool takes_all_;                 // the driver wants every request at once and as it is
  bool straight_through_ = false;  // and no barrier holds it up
  Bounce bounce_;
  DiskSort waiting_;
  std::int64_t active_ = 0;
  bool barrier_active_ = false;
  bool gone_ = false;
};

class DiskClass final : public Class {
 public:
  DiskClass() : Class("disk") {}
  std::string_view help() const override { return "the driver boundary: a medium as a provider"; }
};

// Makes a disk of the driver's medium and publishes it as provider `name`. The class disk must be
// loaded. `driver` must outlive the geom, or the mesh. EEXIST while a live provider has the name,
// EINVAL for impossible traits.
Result<Disk*> add_disk(Mesh& mesh, const std::string& name, DiskDriver& driver);

}  // namespace biotope
