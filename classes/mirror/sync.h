#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/error.h"
#include "model/task.h"

namespace biotope::mirror {

class Mirror;

struct Extent {
  std::int64_t offset_bytes;
  std::int64_t length_bytes;
};

// One copy to one disk of a mirror, block by block, several blocks at a time. While a block is
// copied no write enters it; before and after, every write goes to the disk as well. So each sector
// either was equal before or is copied, once and for all.
class Sync {
 public:
  // `todo` in ascending order, in whole sectors.
  Sync(Mirror& mirror, std::uint32_t member, std::vector<Extent> todo);

  void start();
  // No new block is begun; those under way end when they do.
  void cancel() { cancelled_ = true; }

  std::uint32_t member() const { return member_; }
  bool over() const { return running_ == 0; }
  // Everything before it is copied, or was not to be.
  std::int64_t position_bytes() const;
  std::int64_t left_bytes() const { return left_bytes_; }

 private:
  Task<void> lane();
  Task<Status> copy(Extent block);
  std::optional<Extent> next();
  void finished(const Extent& block);

  Mirror& mirror_;
  std::uint32_t member_;
  std::vector<Extent> todo_;
  std::size_t at_ = 0;
  std::vector<Extent> under_way_;
  std::int64_t left_bytes_ = 0;
  std::int64_t noted_at_ns_;
  bool cancelled_ = false;
  Status how_;
  std::int64_t running_ = 0;
  std::vector<Task<void>> lanes_;
};

}  // namespace biotope::mirror
