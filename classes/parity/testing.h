#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "classes/class_list.h"
#include "classes/mirror/testing.h"
#include "classes/parity/parity_class.h"

// Arrays with parity over disks that fail as a test says.
namespace biotope::testing {

class ParityMesh {
 public:
  explicit ParityMesh(std::string cls, VirtualExecutor::Chooser chooser = nullptr,
                      const parity::Tuning& tuning = parity::Tuning())
      : cls(std::move(cls)), t(std::move(chooser)) {
    EXPECT_TRUE(t.mesh.load(std::make_unique<DiskClass>()));
    for (auto& one : all_classes()) {
      auto* kind = dynamic_cast<parity::ParityClass*>(one.get());
      if (kind == nullptr || kind->name() != this->cls) continue;
      kind->tune(tuning);
      EXPECT_TRUE(t.mesh.load(std::move(one)));
    }
  }

  Drive& plug(const std::string& name, Medium& medium) {
    drives[name] = std::make_unique<Drive>(medium, t.executor);
    EXPECT_TRUE(add_disk(t.mesh, name, *drives[name]));
    return *drives[name];
  }
  Drive& drive(const std::string& name) { return *drives.at(name); }
  // Pulled, and the driver forgotten; its medium can be plugged in again.
  void unplug(const std::string& name) {
    drive(name).pull();
    run_for(1'000'000'000);
    past.push_back(std::move(drives.at(name)));
    drives.erase(name);
  }

  const parity::ParityClass& kind() { return *parity::ParityClass::of(t.mesh, cls); }
  int label(const std::string& name, const std::vector<std::string>& disks,
            const Values& given = {}) {
    std::vector<Provider*> below;
    for (const std::string& disk : disks) below.push_back(t.mesh.provider(disk));
    return told(run(kind().label(t.mesh, name, below, given)));
  }
  int clear(const std::string& disk) { return told(run(kind().clear(t.mesh, t.provider(disk)))); }
  // Runs a verb to its end. Its errno, 0 for success; the sentence is in `said`.
  template <class Verb>
  int ask(Verb verb) {
    std::optional<Status> answer;
    verb([&](Status status) { answer = std::move(status); });
    while (!answer && t.executor.step()) {
    }
    EXPECT_TRUE(answer) << "a verb must answer";
    return told(answer.value_or(Status{}));
  }
  int told(const Status& status) {
    said = status ? "" : status.error().text;
    return status ? 0 : status.error().code;
  }

  parity::Group* find(const std::string& name) {
    Geom* geom = t.mesh.geom(cls, name);
    return geom == nullptr ? nullptr : parity::Group::of(*geom);
  }
  Consumer& open(const std::string& name, Access access = kReadWriteExclusive) {
    Consumer& edge = t.user("user", t.provider(cls + "/" + name)).edge();
    EXPECT_TRUE(t.mesh.access(edge, access));
    return edge;
  }
  template <class T>
  T run(Task<T> task) {
    task.start();
    while (!task.done() && t.executor.step()) {
    }
    EXPECT_TRUE(task.done()) << "every request is answered";
    return task.result();
  }
  int write(Consumer& edge, std::int64_t offset_bytes, const Bytes& bytes) {
    return told(run(biotope::write(edge, offset_bytes, bytes)));
  }
  int read(Consumer& edge, std::int64_t offset_bytes, Bytes& bytes) {
    const Result<Bytes> done =
        run(biotope::read(edge, offset_bytes, static_cast<std::int64_t>(bytes.size())));
    if (done) bytes = *done;
    return done ? 0 : done.error().code;
  }
  int flush(Consumer& edge) { return told(run(biotope::flush(edge))); }
  // As long as less than `ns` have passed.
  void run_for(std::int64_t ns) {
    bool over = false;
    t.executor.after(ns, [&] { over = true; });
    while (!over && t.executor.step()) {
    }
  }

  std::string cls;
  std::map<std::string, std::unique_ptr<Drive>> drives;  // outlive the mesh
  std::vector<std::unique_ptr<Drive>> past;
  TestMesh t;
  std::string said;
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
