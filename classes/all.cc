#include "classes/all.h"

#include "classes/bsd/bsd.h"
#include "classes/dev/dev.h"
#include "classes/disk/disk.h"
#include "classes/fs/fs.h"
#include "classes/mbr/mbr.h"
#include "classes/nop/nop.h"
#include "classes/zero/zero.h"
#include "model/check.h"

namespace biotope {

namespace {

template <class... Classes>
void load(Mesh& mesh) {
  const bool loaded = (mesh.load(std::make_unique<Classes>()).has_value() && ...);
  BIOTOPE_CHECK(loaded, "each class has a name of its own");
}

}  // namespace

void load_all_classes(Mesh& mesh) {
  load<DiskClass, MbrClass, BsdClass, fs::FsClass, DevClass, NopClass, ZeroClass>(mesh);
}

}  // namespace biotope
