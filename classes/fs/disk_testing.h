#pragma once

#include <vector>

#include "classes/disk/disk.h"
#include "classes/fs/fs.h"
#include "model/virtual_executor.h"

// Disks for tests of the file system end.
namespace biotope::fs::testing {

// A medium in memory that answers a millisecond after it was asked, remembers the requests, and
// fails as it is told to. Nothing is lost on the way: what it did not refuse it did.
class MoodyDriver final : public DiskDriver {
 public:
  MoodyDriver(Executor& executor, Bytes medium, std::int64_t sector_bytes = 512)
      : bytes(std::move(medium)), executor_(executor), sector_bytes_(sector_bytes) {}

  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = static_cast<std::int64_t>(bytes.size());
    traits.properties.sector_size_bytes = sector_bytes_;
    traits.volatile_cache = true;
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    seen.push_back(bio);
    executor_.after(1'000'000, [this, &bio] { done(bio, serve(bio)); });
    return Verdict::held();
  }
  void pull() {
    gone_ = true;
    disk()->gone();
  }
  std::size_t count(Command command) const {
    return static_cast<std::size_t>(std::count_if(
        seen.begin(), seen.end(), [&](const Bio& b) { return b.command == command; }));
  }

  Bytes bytes;
  std::vector<Bio> seen;
  int read_error = 0;
  int write_error = 0;
  int flush_error = 0;

 private:
  int serve(Bio& bio) {
    if (gone_) return ENXIO;
    if (bio.command == Command::flush) return flush_error;
    const auto at = std::span(bytes).subspan(static_cast<std::size_t>(bio.position_bytes),
                                             static_cast<std::size_t>(bio.length_bytes));
    if (bio.command == Command::read) {
      if (read_error == 0) bio.data.copy_in(at);
      return read_error;
    }
    if (write_error == 0) bio.data.copy_out(at);
    return write_error;
  }

  Executor& executor_;
  std::int64_t sector_bytes_;
  bool gone_ = false;
};

// A disk da0 in a mesh of its own, with somebody to mount it.
class Machine {
 public:
  explicit Machine(Bytes medium, std::int64_t sector_bytes = 512)
      : driver(executor, std::move(medium), sector_bytes), mesh(executor) {
    static_cast<void>(mesh.load(std::make_unique<DiskClass>()));
    static_cast<void>(mesh.load(std::make_unique<FsClass>()));
    static_cast<void>(add_disk(mesh, "da0", driver));
    mesh.settle();
  }

  // Runs until the task has finished, or nothing is left to run.
  template <class T>
  T run(Task<T> task) {
    task.start();
    while (!task.done() && executor.step()) {
    }
    return task.result();
  }
  Result<Fs*> mount(const Values& values = {}) {
    Result<Values> all = resolve(mesh.find_class("fs")->parameters(), values, "fs");
    Creation creation{"/mnt", {}, std::move(*all)};
    return run(fs::mount(mesh, mesh.provider("da0")->id(), std::move(creation)));
  }
  Provider& da0() { return *mesh.provider("da0"); }

  VirtualExecutor executor;
  MoodyDriver driver;
  Mesh mesh;
};

inline Values value(const char* name, Value v) {
  Values values;
  values.set(name, std::move(v));
  return values;
}

}  // namespace biotope::fs::testing
