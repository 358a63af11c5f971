#pragma once

#include "app/verbs.h"

namespace biotope::app {

// Adds `disk bench`.
void add_disk_bench(Program& program, CLI::App& disk);

}  // namespace biotope::app
