#pragma once

#include "model/mesh.h"

namespace biotope {

// Loads every class there is, in the order in which they taste. Of those that are loaded already
// there must be none.
void load_all_classes(Mesh& mesh);

}  // namespace biotope
