#pragma once

#include <string>
#include <vector>

#include "classes/mirror/record.h"
#include "model/error.h"

// Which disks of a mirror are good, worked out from their metadata alone (geom.md C2 to C4). Pure
// functions, so that no order of arrival can matter.
namespace biotope::mirror {

enum class Role {
  active,        // has everything
  needs_all,     // gets a copy of everything
  needs_rest,    // gets a copy of what lies from its sync offset on
  needs_marked,  // gets a copy of the regions that are marked as differing
  stale,         // would need a copy, but the mirror is not to begin one by itself
  inactive,      // somebody has put it out of use
  spare,         // waits to be needed
  refused,       // see the error
};

struct Judgement {
  Role role = Role::refused;
  Error error;  // for refused: why, a sentence that names the disk
};

// A disk and what it says.
struct Candidate {
  std::string provider;
  Record record;
};

// What `newcomer` is to a mirror whose state `mirror.record` describes: that of one of its good
// disks, which `mirror.provider` names. `unclean`: good disks may differ where writes were under
// way.
Judgement judge(const Candidate& newcomer, const Candidate& mirror, bool unclean);

struct Assembly {
  std::size_t leader = 0;  // whose word holds
  // The mirror was not stopped in order: what was being written may be here and not there.
  bool unclean = false;
  std::vector<Judgement> judgements;  // one for each candidate
};

// EIO when no disk has everything, EEXIST when two halves went on apart, naming both.
Result<Assembly> assemble(const std::vector<Candidate>& candidates);

}  // namespace biotope::mirror
