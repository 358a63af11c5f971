#pragma once

#include <functional>

#include "model/event_queue.h"
#include "model/geom.h"
#include "model/task.h"

namespace biotope::array {

// Runs `work` as one of `geom`'s own events. The geom is kept until that is carried out, and `then`
// is told in any case.
void carry_out(EventQueue& jobs, Geom& geom, std::function<Task<Status>()> work,
               std::function<void(Status)> then);

}  // namespace biotope::array
