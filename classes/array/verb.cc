#include "classes/array/verb.h"

#include <memory>
#include <utility>

namespace biotope::array {

namespace {

Task<void> run(std::shared_ptr<Stay> stay, std::function<Task<Status>()> work,
               std::function<void(Status)> then) {
  const Status done = co_await work();
  then(done);
  stay.reset();
}

}  // namespace

void carry_out(EventQueue& jobs, Geom& geom, std::function<Task<Status>()> work,
               std::function<void(Status)> then) {
  jobs.post([stay = std::make_shared<Stay>(geom), work = std::move(work), then = std::move(then)] {
    return run(stay, work, then);
  });
}

}  // namespace biotope::array
