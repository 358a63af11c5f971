#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "classes/fs/cache.h"
#include "classes/fs/volume/volume.h"
#include "model/executor.h"

namespace biotope::fs {

// What was not on the disk yet when the disk was gone.
struct LostData {
  std::uint64_t blocks = 0;
  std::int64_t bytes = 0;
  // Written, but no FLUSH after that has succeeded: on a disk that caches writes they may be lost
  // too.
  std::uint64_t unflushed_blocks = 0;
  std::vector<std::string> files;  // what any of that may belong to: written since the last sync
  bool any() const { return blocks > 0 || unflushed_blocks > 0; }
};

// A mounted volume: what a user of a file system holds. It outlives the geom that it does its I/O
// through, so that one can still ask what became of it: then every operation ends with ENXIO.
//
// Operations are tasks that wait in simulated time; each has its turn after those asked for before.
// A task must be kept until it has finished.
class Mount {
 public:
  using Pointer = std::shared_ptr<Mount>;

  // `edge` is open as long as the mount is alive. `volume` may be null: nothing is known of what is
  // there, and no file is found.
  Mount(Consumer& edge, bool readonly, std::size_t cache_blocks);
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

  // Recognises the volume; before anything else. EINVAL when it is none that is known.
  static Task<Status> recognise(Pointer self);

  // Bytes of the named file. EINVAL beyond its end.
  static Task<Result<Bytes>> read_file(Pointer self, std::string path, std::int64_t offset_bytes,
                                       std::int64_t length_bytes);
  // Overwrites bytes of the named file, which keeps its size and place. EROFS on a mount for
  // reading, EINVAL beyond the end or in a hole.
  static Task<Status> write_file(Pointer self, std::string path, std::int64_t offset_bytes,
                                 Bytes data);
  static Task<Result<FileMap>> find(Pointer self, std::string path);
  // Everything written so far is on stable storage.
  static Task<Status> sync(Pointer self);
  // Syncs and ends the mount. When the sync fails the mount goes on and so does the dirty data.
  static Task<Status> unmount(Pointer self);

  // The disk is gone: forgets everything and remembers what was lost.
  void lose();

  bool alive() const { return alive_; }
  bool readonly() const { return readonly_; }
  // Null until recognised.
  const VolumeInfo* info() const { return volume_ == nullptr ? nullptr : &volume_->info(); }
  const LostData& lost() const { return lost_; }
  const Cache& cache() const { return cache_; }
  const std::string& name() const { return name_; }
  Executor& executor() const { return executor_; }
  // How many operations wait or run.
  std::size_t busy() const { return waiting_.size() + (taken_ ? 1 : 0); }

  // Work loads ask this to know when to stop (work.h).
  bool leaving() const { return leaving_ || !alive_; }
  // Asks work loads to stop; unmount does.
  void leave() { leaving_ = true; }

 private:
  class Turn;
  class Reader;

  using Map = std::shared_ptr<const FileMap>;

  Status fine() const;
  Task<Status> write_pieces(std::string path, std::vector<Extent> pieces, std::int64_t offset_bytes,
                            Bytes data);
  Task<Result<Map>> map_of(std::string path);
  Task<Status> write_back();

  Executor& executor_;
  Lifeline later_;
  Consumer* edge_;
  std::string name_;
  bool readonly_;
  bool alive_ = true;
  bool leaving_ = false;
  Cache cache_;
  std::unique_ptr<Volume> volume_;
  std::map<std::string, Map> maps_;
  std::vector<std::string> dirty_files_;
  LostData lost_;

  bool taken_ = false;
  std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace biotope::fs
