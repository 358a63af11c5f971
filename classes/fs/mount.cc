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

Task<Result<Mount::Map>> Mount::map_of(std::string path) {
  if (Status alive = fine(); !alive) co_return pass_on(alive);
  if (const auto known = maps_.find(path); known != maps_.end()) co_return known->second;
  if (volume_ == nullptr) co_return fail(EOPNOTSUPP, name_, ": nothing is known of this volume");
  Reader reader(cache_);
  Result<FileMap> found = co_await volume_->find(reader, path);
  if (Status alive = fine(); !alive) co_return pass_on(alive);
  if (!found) co_return fail(found.error().code, name_, ": ", found.error().text);
  Map map = std::make_shared<const FileMap>(std::move(*found));
  maps_.emplace(std::move(path), map);
  co_return map;
}

Task<Result<FileMap>> Mount::find(Pointer self, std::string path) {
  Turn turn(*self);
  co_await turn;
  const Result<Map> map = co_await self->map_of(std::move(path));
  if (!map) co_return pass_on(map);
  co_return **map;
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

// What of the extents lies in [from, to) of the file.
std::vector<Extent> pieces_of(const FileMap& map, std::int64_t from, std::int64_t to) {
  auto extent = std::partition_point(map.extents.begin(), map.extents.end(), [&](const Extent& e) {
    return e.file_offset_bytes + e.length_bytes <= from;
  });
  std::vector<Extent> pieces;
  for (; extent != map.extents.end() && extent->file_offset_bytes < to; ++extent) {
    const std::int64_t start = std::max(from, extent->file_offset_bytes);
    const std::int64_t end = std::min(to, extent->file_offset_bytes + extent->length_bytes);
    pieces.push_back(
        {start, extent->volume_offset_bytes + (start - extent->file_offset_bytes), end - start});
  }
  return pieces;
}

}  // namespace

Task<Result<Bytes>> Mount::read_file(Pointer self, std::string path, std::int64_t offset_bytes,
                                     std::int64_t length_bytes) {
  Turn turn(*self);
  co_await turn;
  const Result<Map> map = co_await self->map_of(path);
  if (!map) co_return pass_on(map);
  if (Status inside = in_file(self->name_, path, **map, offset_bytes, length_bytes); !inside) {
    co_return pass_on(inside);
  }
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  const std::vector<Extent> pieces = pieces_of(**map, offset_bytes, offset_bytes + length_bytes);
  for (const Extent& piece : pieces) {
    const Result<Bytes> read =
        co_await self->cache_.read(piece.volume_offset_bytes, piece.length_bytes);
    if (!read) co_return pass_on(read);
    std::copy(read->begin(), read->end(), bytes.begin() + (piece.file_offset_bytes - offset_bytes));
  }
  co_return bytes;
}

Task<Status> Mount::write_pieces(std::string path, std::vector<Extent> pieces,
                                 std::int64_t offset_bytes, Bytes data) {
  std::int64_t covered = 0;
  for (const Extent& piece : pieces) covered += piece.length_bytes;
  if (covered < static_cast<std::int64_t>(data.size())) {
    co_return fail(EINVAL, name_, ": ", path, " has a hole there, and nothing is allocated here");
  }
  if (std::find(dirty_files_.begin(), dirty_files_.end(), path) == dirty_files_.end()) {
    dirty_files_.push_back(std::move(path));
  }
  for (const Extent& piece : pieces) {
    const auto from = data.begin() + (piece.file_offset_bytes - offset_bytes);
    Bytes bytes(from, from + piece.length_bytes);
    if (Status done = co_await cache_.write(piece.volume_offset_bytes, std::move(bytes)); !done) {
      co_return done;
    }
  }
  co_return fine();
}

Task<Status> Mount::write_file(Pointer self, std::string path, std::int64_t offset_bytes,
                               Bytes data) {
  Turn turn(*self);
  co_await turn;
  const Result<Map> map = co_await self->map_of(path);
  if (!map) co_return pass_on(map);
  if (self->readonly_) co_return fail(EROFS, self->name_, " is mounted for reading only");
  const auto length = static_cast<std::int64_t>(data.size());
  if (Status inside = in_file(self->name_, path, **map, offset_bytes, length); !inside) {
    co_return inside;
  }
  std::vector<Extent> pieces = pieces_of(**map, offset_bytes, offset_bytes + length);
  co_return co_await self->write_pieces(std::move(path), std::move(pieces), offset_bytes,
                                        std::move(data));
}

Task<Status> Mount::write_back() {
  if (Status alive = fine(); !alive) co_return alive;
  if (readonly_) co_return Status{};
  if (Status written = co_await cache_.sync(); !written) co_return written;
  if (Status alive = fine(); !alive) co_return alive;
  Status flushed = co_await flush(*edge_);
  if (flushed) {
    cache_.flushed();
    dirty_files_.clear();
  }
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
  lost_.unflushed_blocks = cache_.unflushed_blocks();
  if (lost_.any()) lost_.files = std::move(dirty_files_);
  cache_.forget();
  maps_.clear();
  edge_ = nullptr;
}

}  // namespace biotope::fs
