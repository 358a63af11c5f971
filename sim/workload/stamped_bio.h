#pragma once

#include "model/bio.h"
#include "sim/media/stamp.h"

namespace biotope::sim {

// A request whose issuer knows what its memory holds. Modules on its way, which know bytes only,
// pass on its memory or their own; whoever gets a part of it in the end can ask.
struct StampedBio {
  Bio bio;
  StampedMemory memory;

  StampedBio() = default;
  StampedBio(const StampedBio&) = delete;
  StampedBio& operator=(const StampedBio&) = delete;
  virtual ~StampedBio() = default;

  // A request as new, that answers here.
  void renew() {
    bio = Bio();
    memory = StampedMemory();
    bio.caller1 = this;
    bio.done = &StampedBio::done;
  }
  virtual void answered() = 0;

  // What is known of the memory of the request that `part` is a part of, or all of.
  static StampedMemory memory_of(const Bio& part) {
    const Bio* whole = &part;
    while (whole->parent != nullptr) whole = whole->parent;
    if (whole->done != &StampedBio::done) return {};
    return static_cast<const StampedBio*>(whole->caller1)->memory;
  }

 private:
  static void done(Bio& bio) { static_cast<StampedBio*>(bio.caller1)->answered(); }
};

}  // namespace biotope::sim
