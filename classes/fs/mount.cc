#include "classes/fs/mount.h"

#include <algorithm>

#include "model/mesh.h"

namespace biotope::fs {

namespace {

constexpr std::int64_t kLeastBlockBytes = 4096;

// Whole sectors, and not less than a page.
std::int64_t block_bytes_on(const Provider& disk) {
  const std::int64_t sector = disk.sector_size_bytes();
  return (kLeastBlockBytes + sector - 1) / sector * sector;
}

}  // namespace

// Operations take turns: `co_await` one, and the next may go when the object does.
class Mount::Turn {
 public:
  explicit Turn(Mount& mount) : mount_(mount) {}
  ~Turn() {
    if (!mine_) return;
    mount_.taken_ = !mount_.waiting_.empty();
    if (!mount_.taken_) return;
    mount_.later_.post([next = mount_.waiting_.front()] { next.resume(); });
    mount_.waiting_.pop_front();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  bool await_ready() {
    if (mount_.taken_) return false;
    mount_.taken_ = true;
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiting) { mount_.waiting_.push_back(waiting); }
  void await_resume() { mine_ = true; }

 private:
  Mount& mount_;
  bool mine_ = false;
};

// The volume's structures are read through the cache like everything else.
class Mount::Reader final : public VolumeReader {
 public:
  explicit Reader(Cache& cache) : cache_(cache) {}
  std::int64_t size_bytes() const override { return cache_.size_bytes(); }
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) override {
    co_return co_await cache_.read(offset_bytes, length_bytes);
  }

 private:
  Cache& cache_;
};

Mount::Mount(Consumer& edge, bool readonly, std::size_t cache_blocks)
    : executor_(edge.geom().mesh().executor()),
      later_(executor_),
      edge_(&edge),
      name_(edge.geom().title()),
      readonly_(readonly),
      cache_(edge, edge.provider()->media_size_bytes(), block_bytes_on(*edge.provider()),
             cache_blocks) {}

Status Mount::fine() const {
  if (alive_) return {};
  return fail(ENXIO, name_, " is not mounted any more");
}

Task<Status> Mount::recognise(Pointer self) {
  Turn turn(*self);
  co_await turn;
  Reader reader(self->cache_);
  Result<std::unique_ptr<Volume>> volume = co_await fs::recognise(reader);
  if (Status alive = self->fine(); !alive) co_return alive;
  if (!volume) co_return fail(volume.error().code, self->name_, ": ", volume.error().text);
  self->volume_ = std::move(*volume);
  co_return Status{};
}

Task<Result<FileMap>> Mount::map_of(std::string path) {
  if (Status alive = fine(); !alive) co_return pass_on(alive);
  if (const auto known = maps_.find(path); known != maps_.end()) co_return known->second;
  if (volume_ == nullptr) co_return fail(EOPNOTSUPP, name_, ": nothing is known of this volume");
  Reader reader(cache_);
  Result<FileMap> map = co_await volume_->find(reader, path);
  if (Status alive = fine(); !alive) co_return pass_on(alive);
  if (!map) co_return fail(map.error().code, name_, ": ", map.error().text);
  maps_.emplace(std::move(path), *map);
  co_return map;
}

Task<Result<FileMap>> Mount::find(Pointer self, std::string path) {
  Turn turn(*self);
  co_await turn;
  co_return co_await self->map_of(std::move(path));
}

namespace {

Status in_file(const std::string& name, const std::string& path, const FileMap& map,
               std::int64_t offset_bytes, std::int64_t length_bytes) {
  if (offset_bytes >= 0 && length_bytes >= 0 && offset_bytes <= map.size_bytes &&
      length_bytes <= map.size_bytes - offset_bytes) {
    return {};
  }
  return fail(EINVAL, name, ": ", length_bytes, " bytes at ", offset_bytes,
              " are not all in the file ", path, ", which has ", map.size_bytes);
}

// The part of `extent` that lies in [from, to) of the file; of no length when there is none.
Extent clipped(const Extent& extent, std::int64_t from, std::int64_t to) {
  const std::int64_t start = std::max(from, extent.file_offset_bytes);
  const std::int64_t end = std::min(to, extent.file_offset_bytes + extent.length_bytes);
  return {start, extent.volume_offset_bytes + (start - extent.file_offset_bytes),
          std::max<std::int64_t>(end - start, 0)};
}

}  // namespace

Task<Result<Bytes>> Mount::read_file(Pointer self, std::string path, std::int64_t offset_bytes,
                                     std::int64_t length_bytes) {
  Turn turn(*self);
  co_await turn;
  const Result<FileMap> map = co_await self->map_of(path);
  if (!map) co_return pass_on(map);
  if (Status inside = in_file(self->name_, path, *map, offset_bytes, length_bytes); !inside) {
    co_return pass_on(inside);
  }
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  for (const Extent& extent : map->extents) {
    const Extent part = clipped(extent, offset_bytes, offset_bytes + length_bytes);
    if (part.length_bytes == 0) continue;
    const Result<Bytes> piece =
        co_await self->cache_.read(part.volume_offset_bytes, part.length_bytes);
    if (!piece) co_return pass_on(piece);
    std::copy(piece->begin(), piece->end(),
              bytes.begin() + (part.file_offset_bytes - offset_bytes));
  }
  co_return bytes;
}

Task<Status> Mount::write_extents(const FileMap& map, std::string path, std::int64_t offset_bytes,
                                  Bytes data) {
  const std::int64_t end = offset_bytes + static_cast<std::int64_t>(data.size());
  std::int64_t covered = 0;
  for (const Extent& extent : map.extents) covered += clipped(extent, offset_bytes, end).length_bytes;
  if (covered < end - offset_bytes) {
    co_return fail(EINVAL, name_, ": ", path, " has a hole there, and nothing is allocated here");
  }
  if (std::find(dirty_files_.begin(), dirty_files_.end(), path) == dirty_files_.end()) {
    dirty_files_.push_back(path);
  }
  for (const Extent& extent : map.extents) {
    const Extent part = clipped(extent, offset_bytes, end);
    if (part.length_bytes == 0) continue;
    const auto from = data.begin() + (part.file_offset_bytes - offset_bytes);
    Bytes piece(from, from + part.length_bytes);
    if (Status done = co_await cache_.write(part.volume_offset_bytes, std::move(piece)); !done) {
      co_return done;
    }
  }
  co_return fine();
}

Task<Status> Mount::write_file(Pointer self, std::string path, std::int64_t offset_bytes,
                               Bytes data) {
  Turn turn(*self);
  co_await turn;
  const Result<FileMap> map = co_await self->map_of(path);
  if (!map) co_return pass_on(map);
  if (self->readonly_) co_return fail(EROFS, self->name_, " is mounted for reading only");
  if (Status inside = in_file(self->name_, path, *map, offset_bytes,
                              static_cast<std::int64_t>(data.size()));
      !inside) {
    co_return inside;
  }
  co_return co_await self->write_extents(*map, std::move(path), offset_bytes, std::move(data));
}

Task<Status> Mount::write_back() {
  if (Status alive = fine(); !alive) co_return alive;
  if (readonly_) co_return Status{};
  if (Status written = co_await cache_.sync(); !written) co_return written;
  if (Status alive = fine(); !alive) co_return alive;
  Status flushed = co_await flush(*edge_);
  if (flushed) dirty_files_.clear();
  co_return flushed;
}

Task<Status> Mount::sync(Pointer self) {
  Turn turn(*self);
  co_await turn;
  co_return co_await self->write_back();
}

Task<Status> Mount::unmount(Pointer self) {
  self->leave();
  Turn turn(*self);
  co_await turn;
  if (Status written = co_await self->write_back(); !written) {
    self->leaving_ = false;
    co_return written;
  }
  self->lose();
  co_return Status{};
}

void Mount::lose() {
  if (!alive_) return;
  alive_ = false;
  lost_.blocks = cache_.dirty_blocks();
  lost_.bytes = cache_.dirty_bytes();
  if (lost_.any()) lost_.files = std::move(dirty_files_);
  cache_.forget();
  maps_.clear();
  edge_ = nullptr;
}

}  // namespace biotope::fs
