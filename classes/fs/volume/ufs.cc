// UFS1 and UFS2: from the superblock to the fragments of a file.
#include <algorithm>
#include <optional>

#include "classes/fs/volume/claims.h"
#include "classes/fs/volume/ufs_layout.h"

namespace biotope::fs {

namespace {

using ufs::Geometry;
using ufs::Inode;

// Follows an inode's pointers and notes where the file's bytes are.
class BlockWalk {
 public:
  BlockWalk(VolumeReader& reader, const Geometry& geometry, const Inode& inode)
      : reader_(reader), g_(geometry), inode_(inode) {
    map_.size_bytes = inode.size_bytes;
  }

  Task<Result<FileMap>> run() {
    std::int64_t first = ufs::kDirectBlocks;
    std::int64_t reach = 1;
    if (inode_.size_bytes < 0)
      co_return fail(EINVAL, "its inode says it is longer than 2^63 bytes");
    for (std::int64_t i = 0; i < first; ++i) {
      if (const Status fine = data_block(i, inode_.direct[i]); !fine) co_return pass_on(fine);
    }
    for (int level = 1; level <= ufs::kIndirectLevels; ++level) {
      const std::int64_t at = inode_.indirect[level - 1];
      const Status fine = co_await indirect_block(level, at, first);
      if (!fine) co_return pass_on(fine);
      reach *= g_.pointers_per_block();
      first += reach;
    }
    if (!beyond(first)) {
      co_return fail(EINVAL, "its inode says it has ", inode_.size_bytes,
                     " bytes, more than an inode can point to");
    }
    co_return std::move(map_);
  }

 private:
  // The file has no block of that number.
  bool beyond(std::int64_t block) const { return block > (inode_.size_bytes - 1) / g_.block_bytes; }

  Status claim(std::int64_t at, std::int64_t fragments, std::int64_t block) {
    if (at < 0 || fragments > g_.size_fragments || at > g_.size_fragments - fragments) {
      return fail(EINVAL, "its block ", block, " is said to be at fragment ", at,
                  " of a volume that has ", g_.size_fragments);
    }
    if (claims_.claim(at, fragments)) return {};
    return fail(EINVAL, "fragment ", at, " is said to be two different blocks of it");
  }

  Status data_block(std::int64_t block, std::int64_t at) {
    if (inode_.size_bytes == 0 || beyond(block) || at == 0) return {};
    const std::int64_t from = block * g_.block_bytes;
    const std::int64_t length = std::min(g_.block_bytes, inode_.size_bytes - from);
    // Only the last block of a file that needs no indirect ones can be a part of a block.
    const std::int64_t room = block < ufs::kDirectBlocks ? length : g_.block_bytes;
    const Status fine = claim(at, (room + g_.fragment_bytes - 1) / g_.fragment_bytes, block);
    if (!fine) return fine;
    const std::int64_t place = at * g_.fragment_bytes;
    if (!map_.extents.empty()) {
      Extent& last = map_.extents.back();
      if (last.file_offset_bytes + last.length_bytes == from &&
          last.volume_offset_bytes + last.length_bytes == place) {
        last.length_bytes += length;
        return {};
      }
    }
    map_.extents.push_back({from, place, length});
    return {};
  }

  // The pointers at fragment `at`, `level` steps above the data, the first of them leading to block
  // `first` of the file.
  Task<Status> indirect_block(int level, std::int64_t at, std::int64_t first) {
    if (inode_.size_bytes == 0 || beyond(first) || at == 0) co_return Status();
    if (Status fine = claim(at, g_.fragments_per_block, first); !fine) co_return fine;
    const Result<Bytes> block = co_await read_within(reader_, at * g_.fragment_bytes,
                                                     g_.block_bytes, "an indirect block of it");
    if (!block) co_return pass_on(block);
    std::int64_t reach = 1;
    for (int i = 1; i < level; ++i) reach *= g_.pointers_per_block();
    for (std::int64_t i = 0; i < g_.pointers_per_block() && !beyond(first); ++i, first += reach) {
      const std::int64_t next = ufs::pointer(*block, i, g_);
      Status fine;
      if (level == 1) {
        fine = data_block(first, next);
      } else {
        fine = co_await indirect_block(level - 1, next, first);
      }
      if (!fine) co_return fine;
    }
    co_return Status();
  }

  VolumeReader& reader_;
  const Geometry& g_;
  const Inode& inode_;
  Claims claims_;
  FileMap map_;
};

// The inode that `name` has in 512 bytes of a directory; 0 when it is not there, nothing when these
// bytes can not be a directory's.
std::optional<std::uint32_t> find_in_chunk(std::span<const std::byte> chunk, const Geometry& g,
                                           std::string_view name) {
  constexpr std::size_t kHeader = 8;
  for (std::size_t at = 0; at < chunk.size();) {
    const auto entry = chunk.subspan(at);
    if (entry.size() < kHeader) return std::nullopt;
    const std::uint32_t inode = layout::Number<std::uint32_t>(0, g.order).get(entry);
    const std::size_t length = layout::Number<std::uint16_t>(4, g.order).get(entry);
    const std::size_t name_length = layout::u8(7).get(entry);
    if (length < kHeader + name_length || length % 4 != 0 || length > entry.size()) {
      return std::nullopt;
    }
    const auto text = entry.subspan(kHeader, name_length);
    if (inode != 0 &&
        std::string_view(reinterpret_cast<const char*>(text.data()), name_length) == name) {
      return inode;
    }
    at += length;
  }
  return 0;
}

class UfsVolume final : public Volume {
 public:
  explicit UfsVolume(ufs::Super super) : Volume(std::move(super.info)), g_(super.geometry) {}

 protected:
  Task<Result<FileMap>> find_file(VolumeReader& reader,
                                  std::vector<std::string> names) const override {
    if (g_.old_directories) {
      co_return fail(EOPNOTSUPP, "directories of before 4.4BSD are not understood");
    }
    Result<Inode> inode = co_await read_inode(reader, ufs::kRootInode);
    for (const std::string& name : names) {
      if (!inode) co_return pass_on(inode);
      const Result<std::int64_t> next = co_await look_up(reader, *inode, name);
      if (!next) co_return pass_on(next);
      inode = co_await read_inode(reader, *next);
    }
    if (!inode) co_return pass_on(inode);
    if (inode->is(ufs::kDirectory)) co_return fail(EISDIR, "is a directory");
    if (!inode->is(ufs::kRegular)) co_return fail(EINVAL, "is neither a file nor a directory");
    co_return co_await map_of(reader, *inode);
  }

 private:
  Task<Result<FileMap>> map_of(VolumeReader& reader, Inode inode) const {
    BlockWalk walk(reader, g_, inode);
    co_return co_await walk.run();
  }

  Task<Result<Inode>> read_inode(VolumeReader& reader, std::int64_t number) const {
    if (number < ufs::kRootInode || number >= g_.groups * g_.inodes_per_group) {
      co_return fail(EINVAL, "its inode is said to be number ", number, " of ",
                     g_.groups * g_.inodes_per_group);
    }
    const Result<Bytes> bytes =
        co_await read_within(reader, g_.inode_offset(number), g_.inode_bytes(), "its inode");
    if (!bytes) co_return pass_on(bytes);
    co_return ufs::parse_inode(*bytes, g_);
  }

  Task<Result<std::int64_t>> look_up(VolumeReader& reader, Inode directory,
                                     std::string_view name) const {
    if (!directory.is(ufs::kDirectory)) {
      co_return fail(ENOTDIR, "what should hold '", name, "' is no directory");
    }
    const Result<FileMap> map = co_await map_of(reader, directory);
    if (!map) co_return fail(map.error().code, "the directory of '", name, "': ", map.error().text);
    for (const Extent& extent : map->extents) {
      for (std::int64_t at = 0; at < extent.length_bytes; at += g_.fragment_bytes) {
        const std::int64_t length = std::min(g_.fragment_bytes, extent.length_bytes - at);
        const Result<Bytes> part =
            co_await read_within(reader, extent.volume_offset_bytes + at, length, "a directory");
        if (!part) co_return pass_on(part);
        const Result<std::int64_t> inode = find_in(*part, name);
        if (!inode || *inode != 0) co_return inode;
      }
    }
    co_return fail(ENOENT, "there is no '", name, "'");
  }

  // 0 when it is not there.
  Result<std::int64_t> find_in(const Bytes& part, std::string_view name) const {
    const std::span<const std::byte> bytes(part);
    constexpr auto kChunk = static_cast<std::size_t>(ufs::kDirectoryChunkBytes);
    for (std::size_t at = 0; at < bytes.size(); at += kChunk) {
      const auto chunk = bytes.subspan(at, std::min(kChunk, bytes.size() - at));
      const std::optional<std::uint32_t> inode = find_in_chunk(chunk, g_, name);
      if (!inode) return fail(EINVAL, "the directory that should hold '", name, "' is damaged");
      if (*inode != 0) return *inode;
    }
    return 0;
  }

  Geometry g_;
};

}  // namespace

Probe probe_ufs(VolumeReader& reader) {
  for (const std::int64_t offset : ufs::kSuperOffsets) {
    const Result<Bytes> bytes = co_await read_if_there(reader, offset, ufs::kSuperBytes);
    if (!bytes) co_return pass_on(bytes);
    if (bytes->empty() || !ufs::has_magic(*bytes, offset)) continue;
    Result<ufs::Super> super = ufs::parse_super(*bytes);
    if (!super) co_return pass_on(super);
    co_return std::make_unique<UfsVolume>(std::move(*super));
  }
  co_return nullptr;
}

}  // namespace biotope::fs
