#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/class.h"

namespace biotope::runtime {

// One of every class that scenarios can use, in the order in which they taste.
std::vector<std::unique_ptr<Class>> all_classes();

// "Lua 5.4.4".
std::string lua_version();

}  // namespace biotope::runtime
