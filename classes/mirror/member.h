#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "classes/mirror/record.h"
#include "model/consumer.h"

namespace biotope::mirror {

class Sync;

// A disk of a mirror (geom.md C1). One that is lost is a member no more.
struct Member {
  enum class State { fresh, active, synchronizing, stale, spare };

  std::uint32_t number = 0;  // never used twice in one mirror
  Consumer* edge = nullptr;
  std::string provider;
  std::uint64_t provider_id = 0;
  Record record;  // as it was last read from it or written to it
  State state = State::fresh;
  // Its record stays that of a disk that is out of date until the copy is finished.
  bool only_marked = false;
  std::shared_ptr<Sync> sync;  // while it gets a copy

  std::int64_t load = 0;  // for Reads
  std::int64_t head_bytes = 0;

  // Its place in a set of members, as reads keep of whom they have tried. The last bit is free.
  std::uint64_t bit() const { return std::uint64_t{1} << (number % 63); }
};

const char* state_name(Member::State state);

}  // namespace biotope::mirror
