#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "model/error.h"
#include "model/mesh.h"
#include "sim/rack/rack.h"

namespace biotope::sim {

// Between the machine and the mesh: the only place where a bio becomes a generic payload. Every
// medium in a bay stands in the mesh as a disk of its own, da0, da1, ... by bay, a new one for each
// insertion; taking it out is the end of that disk. The drive is locked while the disk is open.
// What happens to the machine goes to the mesh's stream of facts as `machine`, with the bay's name.
//
// Destroyed after the mesh; once the mesh is gone the rack must not run on.
class Bridge {
 public:
  // All controllers must have been declared: those that come later have no disks. The rack must
  // outlive the bridge.
  explicit Bridge(Rack& rack);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // From now on media appear in `mesh`, which runs on the rack's executor; those that are in
  // already do at once. Switches the machine on, and loads the class disk where it is missing.
  // EBUSY: it is connected already.
  Status connect(Mesh& mesh);

  // The disk of the medium in the bay; a drive whose host learns of media by asking only is asked.
  // ENOENT no such bay, ENXIO no medium, or why the mesh did not
  // take it.
  Result<Provider*> disk(int bay) const;

  // Takes the medium out after all its users have synced and closed; see Mesh::eject. Refused at
  // once, and `then` never called: ENOENT no such bay, ENXIO no medium or no mesh, EBUSY locked by
  // hand or being ejected. Otherwise `then` is called once: success when the medium is out; else it
  // is still in, unless it was torn out meanwhile (ENXIO).
  Status eject(int bay, Mesh::EjectOptions options, std::function<void(Status)> then);

 private:
  class MediumDriver;
  class Bay;

  Result<Bay*> find(int bay) const;

  Rack& rack_;
  bool connected_ = false;
  std::vector<std::unique_ptr<Bay>> bays_;
};

}  // namespace biotope::sim
