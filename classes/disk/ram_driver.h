#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "classes/disk/driver.h"
#include "model/executor.h"

namespace biotope {

// A medium in memory, for tests, properties and benchmarks: it answers at once, or `latency_ns`
// after it was asked. pull() takes it away with everything that is still under way.
class RamDriver final : public DiskDriver {
 public:
  // `executor` is needed only with a latency.
  explicit RamDriver(DiskTraits traits, Executor* executor = nullptr, std::int64_t latency_ns = 0);

  DiskTraits traits() const override { return traits_; }
  Verdict strategy(Bio& bio) override;
  void first_open() override { ++opens_; }
  void last_close() override { ++closes_; }

  // The medium is gone: what is under way ends with ENXIO when its time has come, and the disk is
  // told.
  void pull();

  std::vector<std::byte>& bytes() { return bytes_; }
  std::uint64_t requests() const { return requests_; }
  int opens() const { return opens_; }
  int closes() const { return closes_; }

 private:
  int serve(Bio& bio);

  DiskTraits traits_;
  Executor* executor_;
  std::int64_t latency_ns_;
  bool pulled_ = false;
  std::uint64_t requests_ = 0;
  int opens_ = 0;
  int closes_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace biotope
