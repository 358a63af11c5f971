#include "scenarios/runtime/failure.h"

namespace biotope::runtime {

int exit_status(FailureKind kind) {
  switch (kind) {
    case FailureKind::refusal:
    case FailureKind::expectation:
      return 1;
    case FailureKind::script:
    case FailureKind::bad_input:
      return 2;
    case FailureKind::bug:
      return 3;
    case FailureKind::missing:
      return 4;
    case FailureKind::time_out:
      return 124;
  }
  return 3;
}

}  // namespace biotope::runtime
