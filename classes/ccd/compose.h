#pragma once

#include "classes/ccd/layout.h"
#include "model/mesh.h"

namespace biotope::ccd {

// The same map as a ccd of these settings over these disks has, out of small modules (paper section
// 6: "CCD can be re-implemented as a mirror module and a stripe module"): a drive over each disk
// for the part of it that is used, mirrors, a stripe for each run of the interleave table, and a
// concat where there are several. All of them, the one on top last. They are called NAME and a
// suffix, the top one just NAME. All or nothing.
Result<std::vector<Geom*>> compose(Mesh& mesh, const std::string& name, const Settings& settings,
                                   const std::vector<Provider*>& disks);

}  // namespace biotope::ccd
