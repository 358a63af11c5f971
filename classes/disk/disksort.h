#pragma once

#include <cstdint>

#include "model/bio.h"

namespace biotope {

// Requests that wait for a drive, in the order of a one-way elevator: ascending from where the last
// one was taken, then again from the lowest. An ordered request, or a FLUSH, is overtaken by none
// and overtakes none. Uses the requests' own queue link: inserting allocates nothing.
class DiskSort {
 public:
  bool empty() const { return head_ == nullptr; }
  const Bio* front() const { return head_; }
  void insert(Bio& bio);
  // `bio` goes to the drive without waiting, and nothing waits: the arm will be there.
  void passed(const Bio& bio) {
    if (has_range(bio.command)) from_ = bio.position_bytes;
  }
  // The next request, or null.
  Bio* take();

  static bool is_barrier(const Bio& bio) { return biotope::is_barrier(bio); }

 private:
  // How far the arm has to go up from `from_` to reach `bio`; wraps around at the end.
  std::uint64_t distance(const Bio& bio) const {
    return static_cast<std::uint64_t>(bio.position_bytes) - static_cast<std::uint64_t>(from_);
  }

  Bio* head_ = nullptr;
  Bio* tail_ = nullptr;
  Bio* barrier_ = nullptr;  // the last one: what comes is sorted in behind it
  std::int64_t from_ = 0;   // where the arm will be when what can be sorted is begun
};

}  // namespace biotope
