#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/request_path.h"

namespace biotope {

// For drivers that need data in one piece: a request with scattered data gets a stand-in whose data
// is contiguous. What is written is copied into it before, what is read out of it after. Buffers
// are kept for the next time.
class Bounce {
 public:
  explicit Bounce(RequestPath& path) : path_(path) {}

  // The request to give to the driver in place of `bio`; null when the pool is exhausted. When it
  // is delivered, so is `bio`.
  Bio* stand_in(Bio& bio);

 private:
  using Buffer = std::vector<std::byte>;

  static void done(Bio& stand_in);

  RequestPath& path_;
  std::vector<std::unique_ptr<Buffer>> spare_;
};

}  // namespace biotope
