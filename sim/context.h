#pragma once

#include <string>

namespace biotope::sim {

// A SystemC simulation context of its own, current for as long as this object lives: modules made
// meanwhile belong to it, and its time starts at zero with a resolution of 1 ns. The standard has
// one simulation per process; this is how a process has as many as it likes, one after the other.
// Everything made in the context must be destroyed before it. At most one lives at a time.
//
// SystemC's own error reports do not throw while one lives: the first is kept, see first_error().
class FreshContext {
 public:
  FreshContext();
  ~FreshContext();
  FreshContext(const FreshContext&) = delete;
  FreshContext& operator=(const FreshContext&) = delete;

  // The first SC_ERROR or SC_FATAL reported in this context as one sentence; empty when none was.
  const std::string& first_error() const;

  // Whether one lives, so that a caller can refuse to make a second.
  static bool alive();
};

}  // namespace biotope::sim
