#pragma once

#include <string>
#include <vector>

#include "classes/parity/record.h"
#include "model/error.h"

// Which members of an array are good, worked out from their metadata alone. A pure function, so
// that no order of arrival can matter.
//
// An array goes on without a member only after all others have a view on disk that says so, and
// nothing is acknowledged before. Of three members or more two views can therefore never both be
// held by all but one: no array can be written in two halves. A view that did not reach all of its
// members has changed nothing; those that still have the one before are as good.
namespace biotope::parity {

enum class Role {
  missing,
  good,     // has everything
  stale,    // needs a copy of everything
  refused,  // see the error
};

struct Candidate {
  std::string provider;
  Record record;
};

struct Assembly {
  std::size_t leader = 0;  // index of the member whose word holds
  View view;
  bool unclean = false;  // the array was not stopped in order
  std::vector<Role> roles;
  std::vector<Error> errors;  // why, for those that are refused
};

// `members` by index, null for those that are missing. EIO when fewer than all but one are good.
Result<Assembly> assemble(const std::vector<const Candidate*>& members);

// What becomes of a member that comes when an array runs already, as `leader` says: stale or
// refused.
Role judge_late(const Candidate& newcomer, const Candidate& leader, Error& why);

}  // namespace biotope::parity
