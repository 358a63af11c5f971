#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "classes/testing.h"

// Disks that fail as a test says, and a mesh over them.
namespace biotope::testing {

// What outlives drivers and meshes: the platters, and the cache that a power cut empties.
struct Medium {
  explicit Medium(std::int64_t size_bytes, std::int64_t sector_bytes = 512)
      : sector_size_bytes(sector_bytes),
        bytes(static_cast<std::size_t>(size_bytes)),
        stable(bytes) {}

  // Of each sector that was not flushed, `keep(sector)` says whether it reached the platters.
  void cut_power(const std::function<bool(std::int64_t)>& keep) {
    for (const std::int64_t sector : unflushed) {
      const auto at = static_cast<std::ptrdiff_t>(sector * sector_size_bytes);
      if (!keep(sector)) {
        std::copy_n(stable.begin() + at, sector_size_bytes, bytes.begin() + at);
      }
    }
    flush();
  }
  void flush() {
    while (!unflushed.empty()) settle(*unflushed.begin());
  }
  // One sector reaches the platters.
  void settle(std::int64_t sector) {
    const auto at = static_cast<std::ptrdiff_t>(sector * sector_size_bytes);
    std::copy_n(bytes.begin() + at, sector_size_bytes, stable.begin() + at);
    unflushed.erase(sector);
  }

  std::int64_t sector_size_bytes;
  Bytes bytes;
  Bytes stable;
  std::set<std::int64_t> unflushed;  // sectors
  std::set<std::int64_t> bad;        // sectors that can not be read until they are written
};

// A drive over a medium. Knobs act on what comes after they are set.
class Drive final : public DiskDriver {
 public:
  Drive(Medium& medium, Executor& executor) : medium_(medium), later_(executor) {}

  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties = properties_of_size(static_cast<std::int64_t>(medium_.bytes.size()),
                                           medium_.sector_size_bytes);
    traits.properties.deletable = deletable;
    traits.volatile_cache = true;
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    ++requests;
    if (on_request) on_request(bio);
    if (hold) {
      held.push_back(&bio);
      return Verdict::held();
    }
    if (!latency_ns) return Verdict::done(serve(bio));
    under_way.push_back(&bio);
    later_.after(latency_ns(bio), [this, &bio] {
      if (off) return;
      std::erase(under_way, &bio);
      done(bio, serve(bio));
    });
    return Verdict::held();
  }
  // From now on nothing is answered. Of what is under way, `reaches(bio)` says what is done still.
  void cut_power(const std::function<bool(const Bio&)>& reaches) {
    off = true;
    for (Bio* bio : under_way) {
      if (reaches(*bio)) serve(*bio);
    }
  }
  // Answers the oldest request held, or the newest.
  void finish(bool newest = false) {
    Bio* bio = newest ? held.back() : held.front();
    if (newest)
      held.pop_back();
    else
      held.erase(held.begin());
    done(*bio, serve(*bio));
  }
  void pull() {
    pulled = true;
    if (disk() != nullptr) disk()->gone();
  }
  Medium& medium() { return medium_; }

  bool deletable = false;
  int read_error = 0;
  int write_error = 0;
  int flush_error = 0;
  bool spare_metadata = false;  // the last sector is not concerned by these errors
  bool pulled = false;
  bool off = false;  // the power is cut: nothing is answered or done any more
  bool hold = false;
  std::vector<Bio*> held;
  std::vector<Bio*> under_way;
  bool write_through = false;
  std::function<std::int64_t(const Bio&)> latency_ns;
  std::function<void(Bio&)> on_request;
  std::uint64_t requests = 0;

 private:
  int serve(Bio& bio) {
    if (pulled) return ENXIO;
    if (bio.command == Command::flush) {
      if (flush_error == 0) medium_.flush();
      return flush_error;
    }
    if (!has_range(bio.command)) return 0;
    const std::int64_t sector = medium_.sector_size_bytes;
    const bool last =
        static_cast<std::size_t>(bio.position_bytes + bio.length_bytes) == medium_.bytes.size();
    const int error = bio.command == Command::read ? read_error : write_error;
    if (error != 0 && !(spare_metadata && last)) return error;
    const auto place = std::span(medium_.bytes)
                           .subspan(static_cast<std::size_t>(bio.position_bytes),
                                    static_cast<std::size_t>(bio.length_bytes));
    const std::int64_t first = bio.position_bytes / sector;
    const std::int64_t end = first + bio.length_bytes / sector;
    if (bio.command == Command::read) {
      const auto bad = medium_.bad.lower_bound(first);
      if (bad != medium_.bad.end() && *bad < end) return EIO;
      bio.data.copy_in(place);
      return 0;
    }
    if (bio.command == Command::write) {
      bio.data.copy_out(place);
    } else {
      std::ranges::fill(place, std::byte{0});
    }
    const bool at_once = (bio.flags & kBioForceUnitAccess) != 0;
    for (std::int64_t s = first; s < end; ++s) {
      medium_.unflushed.insert(s);
      medium_.bad.erase(s);
      if (at_once) medium_.settle(s);
    }
    if (write_through) medium_.flush();
    return 0;
  }

  Medium& medium_;
  Lifeline later_;
};

// A mesh with drives da0, da1, ...; what stands on them is for those derived. Media outlive it.
class DriveMesh {
 public:
  explicit DriveMesh(VirtualExecutor::Chooser chooser = nullptr) : t(std::move(chooser)) {
    EXPECT_TRUE(t.mesh.load(std::make_unique<DiskClass>()));
  }
  virtual ~DriveMesh() = default;

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
  // A provider, opened by a user; all that goes through it goes through here.
  Consumer& open_provider(const std::string& name, Access access = kReadWriteExclusive) {
    Consumer& edge = t.user("user", t.provider(name)).edge();
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
  // Until nothing is left to do, however late.
  void settle() { t.executor.run(); }
  // As long as less than `ns` have passed.
  void run_for(std::int64_t ns) {
    bool over = false;
    t.executor.after(ns, [&] { over = true; });
    while (!over && t.executor.step()) {
    }
  }

  std::map<std::string, std::unique_ptr<Drive>> drives;  // outlive the mesh
  std::vector<std::unique_ptr<Drive>> past;
  TestMesh t;
  std::string said;
};

}  // namespace biotope::testing
