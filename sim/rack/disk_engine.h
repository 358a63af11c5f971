#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/disk/hard_disk.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

// A hard disk as the engine of a drive. An erasure only takes as long as its command: the sectors
// lose their contents without being touched.
class DiskEngine final : public DriveEngine {
 public:
  explicit DiskEngine(std::shared_ptr<const DiskModel> model);

  void submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
              std::int64_t now_ns) override;
  std::int64_t event_ns() const override;
  std::optional<Finished> finished(std::int64_t until_ns) override;
  std::int64_t outstanding() const override;
  std::int64_t progress(std::uint64_t tag, std::int64_t now_ns) override;
  bool writes_back() const override { return disk_->writes_back(); }
  void add_unwritten(std::vector<Extent>& to, std::int64_t now_ns) override;
  void flush(std::int64_t) override {}  // the disk writes back whenever its arm is free
  void restart() override;
  std::int64_t cylinder() const override { return disk_->mechanism().cylinder(); }
  void add_to(DriveStatistics& statistics) const override;

 private:
  std::shared_ptr<const DiskModel> model_;
  std::optional<HardDisk> disk_;
  std::optional<Finished> erasure_;  // will be
  DriveStatistics before_;           // the last restart
};

}  // namespace biotope::sim
