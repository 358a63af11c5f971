#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "classes/disk/disk.h"
#include "model/testing.h"

namespace biotope::testing {

// A driver that holds every request until it is told to finish it, and remembers them all.
class HoldingDriver final : public DiskDriver {
 public:
  explicit HoldingDriver(DiskTraits traits)
      : bytes(static_cast<std::size_t>(traits.properties.media_size_bytes)),
        traits_(std::move(traits)) {}

  DiskTraits traits() const override { return traits_; }
  Verdict strategy(Bio& bio) override {
    seen.push_back(bio);
    held.push_back(&bio);
    return Verdict::held();
  }

  // Moves the first `bytes_done` of the oldest request held, all where that is negative, and
  // answers.
  void finish_one(int error = 0, std::int64_t bytes_done = -1) {
    Bio& bio = *held.front();
    held.pop_front();
    const std::int64_t length = bytes_done < 0 ? bio.length_bytes : bytes_done;
    const auto place = std::span(bytes).subspan(static_cast<std::size_t>(bio.position_bytes),
                                                static_cast<std::size_t>(length));
    if (bio.command == Command::read) bio.data.copy_in(place);
    if (bio.command == Command::write) bio.data.copy_out(place);
    if (error != 0) bio.completed_bytes = length;
    done(bio, error);
  }
  void finish_all() {
    while (!held.empty()) finish_one();
  }
  std::vector<std::int64_t> positions() const {
    std::vector<std::int64_t> all;
    for (const Bio& bio : seen) all.push_back(bio.position_bytes);
    return all;
  }

  std::vector<std::byte> bytes;
  std::vector<Bio> seen;
  std::deque<Bio*> held;

 private:
  DiskTraits traits_;
};

// The disk da0 over such a driver, opened by a user.
struct HoldingDisk {
  explicit HoldingDisk(DiskTraits traits) : driver(sized(std::move(traits))) {
    EXPECT_TRUE(t.mesh.load(std::make_unique<DiskClass>()));
    disk = *add_disk(t.mesh, "da0", driver);
    edge = &t.user("user", t.provider("da0")).edge();
    EXPECT_TRUE(t.mesh.access(*edge, kReadWriteExclusive));
    t.mesh.settle();
  }
  static DiskTraits sized(DiskTraits traits) {
    traits.properties.media_size_bytes = 1 << 16;
    return traits;
  }

  HoldingDriver driver;  // outlives the mesh, and so the disk
  TestMesh t;
  Disk* disk = nullptr;
  Consumer* edge = nullptr;
  Issuer issuer{t.mesh};
};

}  // namespace biotope::testing
