#pragma once

#include "app/part_arguments.h"
#include "model/error.h"

namespace biotope::app {

// `biotope part show`: prints all tables of an image, for people or as one JSON document
// (docs/part.md). ENOENT where there is none, EINVAL with the reason where one is refused.
Status show_tables(const PartArguments& a);

}  // namespace biotope::app
