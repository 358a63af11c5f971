#include "classes/fs/volume/volume.h"

#include <algorithm>

#include "classes/fs/volume/probes.h"

namespace biotope::fs {

const char* kind_name(VolumeKind kind) {
  switch (kind) {
    case VolumeKind::ufs1:
      return "ufs1";
    case VolumeKind::ufs2:
      return "ufs2";
    case VolumeKind::fat12:
      return "fat12";
    case VolumeKind::fat16:
      return "fat16";
    case VolumeKind::fat32:
      return "fat32";
    case VolumeKind::ext2:
      return "ext2";
    case VolumeKind::ext3:
      return "ext3";
    case VolumeKind::ext4:
      return "ext4";
    case VolumeKind::iso9660:
      return "iso9660";
    case VolumeKind::ntfs:
      return "ntfs";
  }
  return "unknown";
}

Task<Result<Bytes>> read_if_there(VolumeReader& reader, std::int64_t offset_bytes,
                                  std::int64_t length_bytes) {
  const std::int64_t size = reader.size_bytes();
  if (offset_bytes < 0 || length_bytes < 0 || offset_bytes > size ||
      length_bytes > size - offset_bytes) {
    co_return Bytes();
  }
  co_return co_await reader.read(offset_bytes, length_bytes);
}

Task<Result<Bytes>> read_within(VolumeReader& reader, std::int64_t offset_bytes,
                                std::int64_t length_bytes, const char* what) {
  Result<Bytes> bytes = co_await read_if_there(reader, offset_bytes, length_bytes);
  if (bytes && bytes->empty()) {
    co_return fail(EINVAL, what, " is said to be ", length_bytes, " bytes at ", offset_bytes,
                   ", but the volume has only ", reader.size_bytes(), " bytes");
  }
  co_return bytes;
}

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  const auto end = text.find_last_not_of(' ');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

namespace {

char32_t next_code_point(const std::u16string& text, std::size_t& at) {
  const char16_t unit = text[at++];
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  const bool pair = unit < 0xDC00 && at < text.size() && (text[at] & 0xFC00) == 0xDC00;
  if (!pair) return 0xFFFD;
  return 0x10000 + ((unit & 0x3FFU) << 10) + (text[at++] & 0x3FFU);
}

}  // namespace

std::string utf8(const std::u16string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0 | (c >> 12));
      tail(6);
    } else {
      out += static_cast<char>(0xF0 | (c >> 18));
      tail(12);
      tail(6);
    }
    if (c >= 0x80) tail(0);
  }
  return out;
}

// Recognising ------------------------------------------------------------------------------------

// The weakest mark comes last: a boot sector may be left over in front of any other volume.
Task<Result<std::unique_ptr<Volume>>> recognise(VolumeReader& reader) {
  std::string suspicions;
  for (const auto probe : {&probe_ufs, &probe_ext, &probe_iso9660, &probe_ntfs, &probe_fat}) {
    Result<std::unique_ptr<Volume>> found = co_await probe(reader);
    if (found && *found != nullptr) co_return found;
    if (found) continue;
    if (found.error().code != EINVAL) co_return found;
    suspicions += (suspicions.empty() ? "" : "; ") + found.error().text;
  }
  if (suspicions.empty()) {
    suspicions = "no superblock of UFS, FAT, NTFS, ext2, ext3, ext4 or ISO 9660 is on it";
  }
  co_return fail(EINVAL, "holds no file system that can be mounted: ", suspicions);
}

// Files ------------------------------------------------------------------------------------------

namespace {

Result<std::vector<std::string>> names_of(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) names.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  if (names.empty()) return fail(EINVAL, "'", path, "' names no file");
  for (const std::string& name : names) {
    if (name == "." || name == "..") {
      return fail(EINVAL, "'", path, "': name each directory on the way, without '", name, "'");
    }
  }
  return names;
}

}  // namespace

Task<Result<FileMap>> Volume::find(VolumeReader& reader, std::string path) const {
  Result<std::vector<std::string>> names = names_of(path);
  if (!names) co_return pass_on(names);
  Result<FileMap> map = co_await find_file(reader, std::move(*names));
  if (!map) co_return fail(map.error().code, "'", path, "': ", map.error().text);
  if (const Status sound = check(*map, reader.size_bytes(), path); !sound) co_return pass_on(sound);
  co_return map;
}

Task<Result<FileMap>> Volume::find_file(VolumeReader&, std::vector<std::string>) const {
  co_return fail(EOPNOTSUPP, "files are looked for on UFS and FAT only, and this is ",
                 kind_name(info_.kind));
}

Status Volume::check(const FileMap& map, std::int64_t end_bytes, std::string_view path) const {
  std::int64_t at = 0;
  for (const Extent& e : map.extents) {
    const bool in_file = e.file_offset_bytes >= at && e.length_bytes > 0 &&
                         e.length_bytes <= map.size_bytes - e.file_offset_bytes;
    if (!in_file) {
      return fail(EINVAL, "'", path, "': its pieces do not follow each other at byte ",
                  e.file_offset_bytes);
    }
    if (e.volume_offset_bytes < 0 || e.volume_offset_bytes > end_bytes - e.length_bytes) {
      return fail(EINVAL, "'", path, "': ", e.length_bytes, " bytes at ", e.volume_offset_bytes,
                  " of the volume are beyond its end at ", end_bytes);
    }
    at = e.file_offset_bytes + e.length_bytes;
  }
  return {};
}

}  // namespace biotope::fs
