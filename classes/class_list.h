#pragma once

#include <memory>
#include <vector>

#include "model/class.h"

namespace biotope {

// One of every class there is, in the order in which they taste: what scenarios, the command line
// and the daemon load. A new class is added here and nowhere else.
std::vector<std::unique_ptr<Class>> all_classes();

}  // namespace biotope
