#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "classes/array/drive_mesh.h"
#include "classes/mirror/mirror_class.h"

// Mirrors on disks that fail as a test says.
namespace biotope::testing {

class MirrorMesh final : public DriveMesh {
 public:
  explicit MirrorMesh(VirtualExecutor::Chooser chooser = nullptr,
                      mirror::Tuning tuning = mirror::Tuning())
      : DriveMesh(std::move(chooser)) {
    auto cls = std::make_unique<MirrorClass>();
    cls->tune(tuning);
    EXPECT_TRUE(t.mesh.load(std::move(cls)));
  }

  int label(const std::string& name, const std::vector<std::string>& disks,
            mirror::Balance balance = mirror::Balance::round_robin) {
    mirror::Label what;
    what.name = name;
    what.balance = balance;
    return ask([&](auto then) { mirror::label(t.mesh, what, disks, then); });
  }
  mirror::Mirror* find(const std::string& name) {
    Geom* geom = t.mesh.geom("mirror", name);
    return geom == nullptr ? nullptr : mirror::Mirror::of(*geom);
  }
  Consumer& open(const std::string& name, Access access = kReadWriteExclusive) {
    return open_provider("mirror/" + name, access);
  }
};

// What is on a medium, as metadata.
inline Result<mirror::Record> record_on(const Medium& medium) {
  Bytes sector(medium.bytes.end() - medium.sector_size_bytes, medium.bytes.end());
  const Result<metadata::Found> found =
      metadata::recognise(mirror::kKind, std::move(sector), "the medium");
  if (!found) return pass_on(found);
  return mirror::decode(*found);
}

// True when the first `length_bytes` of both are the same.
inline bool same(const Medium& a, const Medium& b, std::int64_t length_bytes) {
  return std::equal(a.bytes.begin(), a.bytes.begin() + length_bytes, b.bytes.begin());
}

}  // namespace biotope::testing
