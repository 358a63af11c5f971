#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "classes/array/drive_mesh.h"
#include "classes/class_list.h"
#include "classes/parity/parity_class.h"

// Arrays with parity over disks that fail as a test says.
namespace biotope::testing {

class ParityMesh final : public DriveMesh {
 public:
  explicit ParityMesh(std::string cls, VirtualExecutor::Chooser chooser = nullptr,
                      const parity::Tuning& tuning = parity::Tuning())
      : DriveMesh(std::move(chooser)), cls(std::move(cls)) {
    for (auto& one : all_classes()) {
      auto* kind = dynamic_cast<parity::ParityClass*>(one.get());
      if (kind == nullptr || kind->name() != this->cls) continue;
      kind->tune(tuning);
      EXPECT_TRUE(t.mesh.load(std::move(one)));
    }
  }

  const parity::ParityClass& kind() { return *parity::ParityClass::of(t.mesh, cls); }
  int label(const std::string& name, const std::vector<std::string>& disks,
            const Values& given = {}) {
    std::vector<Provider*> below;
    for (const std::string& disk : disks) below.push_back(t.mesh.provider(disk));
    return told(run(kind().label(t.mesh, name, below, given)));
  }
  int clear(const std::string& disk) { return told(run(kind().clear(t.mesh, t.provider(disk)))); }
  parity::Group* find(const std::string& name) {
    Geom* geom = t.mesh.geom(cls, name);
    return geom == nullptr ? nullptr : parity::Group::of(*geom);
  }
  Consumer& open(const std::string& name, Access access = kReadWriteExclusive) {
    return open_provider(cls + "/" + name, access);
  }

  std::string cls;
};

// An array called "home" over disks da0, da1, ...; all members are good.
struct ParityArray {
  ParityArray(const char* cls, const std::vector<std::int64_t>& sizes_bytes,
              const Values& given = {}, std::int64_t sector_bytes = 512)
      : m(cls) {
    for (const std::int64_t size : sizes_bytes) {
      names.push_back(sentence("da", names.size()));
      media.emplace_back(size, sector_bytes);
      m.plug(names.back(), media.back());
    }
    EXPECT_EQ(m.label("home", names, given), 0) << m.said;
    m.run_for(20'000'000'000);
    EXPECT_TRUE(group().complete()) << group().status();
  }
  parity::Group& group() { return *m.find("home"); }
  Provider& provider() { return m.t.provider(m.cls + "/home"); }
  int remove(const char* disk) {
    return m.ask([&](auto then) { group().remove(disk, then); });
  }
  int insert(const char* disk) {
    const int done = m.ask([&](auto then) { group().insert(disk, then); });
    return done != 0 ? done : m.ask([&](auto then) { group().when_complete(then); });
  }
  void zero(std::size_t disk) { std::ranges::fill(media[disk].bytes, std::byte{0}); }
  // The bytes of a member that are the array's.
  Bytes member(std::size_t disk) {
    return {media[disk].bytes.begin(), media[disk].bytes.begin() + group().self().member_bytes()};
  }

  std::deque<Medium> media;  // outlive the mesh
  std::vector<std::string> names;
  ParityMesh m;
};

}  // namespace biotope::testing
