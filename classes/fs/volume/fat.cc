// FAT12, FAT16 and FAT32: from the boot sector to the clusters of a file.
#include <algorithm>
#include <functional>
#include <optional>

#include "classes/fs/volume/claims.h"
#include "classes/fs/volume/fat_layout.h"

namespace biotope::fs {

namespace {

using fat::Entry;
using fat::Geometry;

// Follows the chains of the table of clusters, and reads it a window at a time.
class Chains {
 public:
  Chains(VolumeReader& reader, const Geometry& geometry) : reader_(reader), g_(geometry) {}

  // The chain that begins at `first`, as extents; those that cover the first `length_bytes`, or all
  // of it where that is negative. EINVAL when it bites its tail, leaves the volume or is too short.
  Task<Result<std::vector<Extent>>> follow(std::uint32_t first, std::int64_t length_bytes) {
    std::vector<Extent> extents;
    Claims claims;
    std::int64_t at = 0;
    std::uint32_t cluster = first;
    while (length_bytes < 0 ? !(at > 0 && g_.is_end(cluster)) : at < length_bytes) {
      if (const Status fine = check(claims, cluster, at, length_bytes); !fine)
        co_return pass_on(fine);
      const std::int64_t left = length_bytes < 0 ? g_.cluster_bytes : length_bytes - at;
      add(extents, at, g_.cluster_offset(cluster), std::min(left, g_.cluster_bytes));
      at += g_.cluster_bytes;
      const Result<std::uint32_t> next = co_await entry(cluster);
      if (!next) co_return pass_on(next);
      cluster = *next;
    }
    co_return extents;
  }

 private:
  static constexpr std::int64_t kWindowBytes = 4096;

  Status check(Claims& claims, std::uint32_t cluster, std::int64_t at, std::int64_t length_bytes) {
    if (at > 0 && g_.is_end(cluster)) {
      return fail(EINVAL, "is said to have ", length_bytes, " bytes, but its clusters end after ",
                  at);
    }
    if (!g_.is_cluster(cluster)) {
      return fail(EINVAL, "its chain of clusters leads, after ", at, " bytes, to cluster ", cluster,
                  " of a volume that has clusters ", fat::kFirstCluster, " to ", g_.clusters + 1);
    }
    if (claims.claim(cluster, 1)) return {};
    return fail(EINVAL, "its chain of clusters leads, after ", at, " bytes, back to cluster ",
                cluster);
  }

  static void add(std::vector<Extent>& extents, std::int64_t at, std::int64_t place,
                  std::int64_t length) {
    if (!extents.empty() &&
        extents.back().volume_offset_bytes + extents.back().length_bytes == place) {
      extents.back().length_bytes += length;
    } else {
      extents.push_back({at, place, length});
    }
  }

  Task<Result<std::uint32_t>> entry(std::uint32_t cluster) {
    const std::int64_t at = std::int64_t{cluster} * g_.bits() / 8;
    const std::int64_t width = g_.bits() == 32 ? 4 : 2;
    if (at < window_offset_ ||
        at + width > window_offset_ + static_cast<std::int64_t>(window_.size())) {
      const std::int64_t length = std::min(kWindowBytes, g_.fat_bytes - at);
      Result<Bytes> window =
          co_await read_within(reader_, g_.fat_offset_bytes + at, length, "its table of clusters");
      if (!window) co_return pass_on(window);
      window_ = std::move(*window);
      window_offset_ = at;
    }
    const auto offset = static_cast<std::size_t>(at - window_offset_);
    if (g_.bits() == 32) co_return layout::le32(offset).get(window_) & 0x0FFFFFFFU;
    const std::uint32_t pair = layout::le16(offset).get(window_);
    if (g_.bits() == 16) co_return pair;
    co_return cluster % 2 == 0 ? pair & 0xFFFU : pair >> 4;
  }

  VolumeReader& reader_;
  const Geometry& g_;
  std::int64_t window_offset_ = 0;
  Bytes window_;
};

class FatVolume final : public Volume {
 public:
  FatVolume(VolumeInfo info, const Geometry& geometry) : Volume(std::move(info)), g_(geometry) {}

 protected:
  Task<Result<FileMap>> find_file(VolumeReader& reader,
                                  std::vector<std::string> names) const override {
    Entry entry;
    entry.directory = true;
    for (const std::string& name : names) {
      if (!entry.directory)
        co_return fail(ENOTDIR, "what should hold '", name, "' is no directory");
      Result<Entry> next = co_await look_up(reader, entry.first_cluster, name);
      if (!next) co_return pass_on(next);
      entry = std::move(*next);
    }
    if (entry.directory) co_return fail(EISDIR, "is a directory");
    FileMap map;
    map.size_bytes = entry.size_bytes;
    Chains chains(reader, g_);
    Result<std::vector<Extent>> extents =
        co_await chains.follow(entry.first_cluster, entry.size_bytes);
    if (!extents) co_return pass_on(extents);
    map.extents = std::move(*extents);
    co_return map;
  }

 private:
  friend Probe biotope::fs::probe_fat(VolumeReader& reader);

  using Wanted = std::function<bool(const Entry&)>;

  // Where a directory is; its first cluster 0 means the root.
  Task<Result<std::vector<Extent>>> directory(VolumeReader& reader, std::uint32_t cluster) const {
    if (cluster == 0 && g_.bits() != 32) {
      co_return std::vector<Extent>(1, Extent{0, g_.root_offset_bytes, g_.root_bytes});
    }
    Chains chains(reader, g_);
    co_return co_await chains.follow(cluster == 0 ? g_.root_cluster : cluster, -1);
  }

  Task<Result<Entry>> look_up(VolumeReader& reader, std::uint32_t cluster, std::string name) const {
    Wanted called = [name](const Entry& e) { return e.is_called(name); };
    Result<std::optional<Entry>> found = co_await search(reader, cluster, std::move(called));
    if (!found)
      co_return fail(found.error().code, "the directory of '", name, "': ", found.error().text);
    if (!*found) co_return fail(ENOENT, "there is no '", name, "'");
    co_return std::move(**found);
  }

  // The first entry that is wanted, in the directory that begins in `cluster`.
  Task<Result<std::optional<Entry>>> search(VolumeReader& reader, std::uint32_t cluster,
                                            Wanted wanted) const {
    constexpr std::int64_t kPieceBytes = 4096;
    const Result<std::vector<Extent>> extents = co_await directory(reader, cluster);
    if (!extents) co_return pass_on(extents);
    fat::EntryReader entries;
    for (const Extent& extent : *extents) {
      for (std::int64_t at = 0; at < extent.length_bytes && !entries.ended(); at += kPieceBytes) {
        const std::int64_t length = std::min(kPieceBytes, extent.length_bytes - at);
        const Result<Bytes> piece =
            co_await read_within(reader, extent.volume_offset_bytes + at, length, "a directory");
        if (!piece) co_return pass_on(piece);
        for (Entry& entry : entries.read(*piece)) {
          if (wanted(entry)) co_return std::optional<Entry>(std::move(entry));
        }
      }
    }
    co_return std::optional<Entry>();
  }

  // The name that the root directory gives the volume is the one that tools show and change.
  static Task<std::string> root_name(const FatVolume& volume, VolumeReader& reader) {
    const Result<std::optional<Entry>> entry =
        co_await volume.search(reader, 0, [](const Entry& e) { return e.volume_name; });
    co_return entry&&* entry ? printable((*entry)->short_name) : std::string();
  }

  Geometry g_;
};

}  // namespace

Probe probe_fat(VolumeReader& reader) {
  const Result<Bytes> boot = co_await read_if_there(reader, 0, fat::kBootBytes);
  if (!boot) co_return pass_on(boot);
  if (boot->empty() || !fat::looks_like_fat(*boot)) co_return nullptr;
  Result<fat::Super> super = fat::parse_super(*boot);
  if (!super) co_return pass_on(super);
  auto volume = std::make_unique<FatVolume>(super->info, super->geometry);
  const std::string name = co_await FatVolume::root_name(*volume, reader);
  if (!name.empty()) {
    super->info.name = name;
    volume = std::make_unique<FatVolume>(super->info, super->geometry);
  }
  co_return volume;
}

}  // namespace biotope::fs
