#pragma once

#include <cstdint>
#include <limits>

#include "model/bio.h"
#include "model/properties.h"

namespace biotope {

class Disk;

// What a driver says of the medium it serves. The class disk makes up for what is missing.
struct DiskTraits {
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  Properties properties;
  // The most one request may transfer, a multiple of the sector size; longer ones are split.
  std::int64_t max_transfer_bytes = kUnlimited;
  // How many requests the driver wants at once; the rest waits, sorted by position.
  std::int64_t queue_depth = kUnlimited;
  // Writes may be lost by a power cut until a FLUSH has completed. Without, FLUSH has nothing to
  // do.
  bool volatile_cache = false;
  // The driver can only move data that lies in one piece; other data is bounced through a copy.
  bool needs_contiguous_data = false;
};

// The half of a disk that knows the hardware. It says nothing about partitions, opens or names.
class DiskDriver {
 public:
  virtual ~DiskDriver() = default;

  virtual DiskTraits traits() const = 0;
  // Serves `bio` at bio.position_bytes: READ and WRITE always, DELETE if the medium is deletable,
  // FLUSH if it has a volatile cache, FORMAT as it likes. Answers at once, or says held and calls
  // done() exactly once, also when the medium is gone.
  virtual Verdict strategy(Bio& bio) = 0;
  // The disk has been opened by its first user; closed by its last. For locking the medium.
  virtual void first_open() {}
  virtual void last_close() {}

 protected:
  // Completes a request that strategy() held; bio.completed_bytes may say how far it came.
  void done(Bio& bio, int error);
  // Null while no disk stands on this driver.
  Disk* disk() const { return disk_; }

 private:
  friend class Disk;
  Disk* disk_ = nullptr;
};

}  // namespace biotope
