#include "classes/gpt/copy.h"

#include <algorithm>

#include "classes/slicer/checksum.h"

namespace biotope::gpt {

namespace {

// Far more than anybody uses, and little enough to hold two of.
constexpr std::uint64_t kMostEntryBytes = 4 << 20;

std::uint32_t checksum_of(Bytes header) {
  const std::size_t length = Header::header_bytes.get(header);
  Header::checksum.set(header, 0);
  return checksum::crc32(std::span(header).first(length));
}

std::string trouble_with_places(const Bytes& header, std::uint64_t at, std::uint64_t last) {
  const std::uint64_t first_usable = Header::first_usable.get(header);
  const std::uint64_t last_usable = Header::last_usable.get(header);
  if (Header::here.get(header) != at) return "says that it is elsewhere";
  if (Header::alternate.get(header) == at || Header::alternate.get(header) > last) {
    return sentence("says that the other is in sector ", Header::alternate.get(header));
  }
  if (first_usable < 2 || last_usable >= last || first_usable > last_usable + 1) {
    return sentence("says that sectors ", first_usable, " to ", last_usable, " are usable");
  }
  return {};
}

std::string trouble_with_entries(const Bytes& header, std::uint64_t last) {
  const std::uint64_t count = Header::entry_count.get(header);
  const std::uint64_t size = Header::entry_bytes.get(header);
  if (count == 0 || size < 128 || size % 8 != 0 || count * size > kMostEntryBytes) {
    return sentence("claims ", count, " entries of ", size, " bytes");
  }
  const auto length = static_cast<std::uint64_t>(
      sectors_of(count * size, static_cast<std::int64_t>(header.size())));
  const std::uint64_t first = Header::entries_at.get(header);
  if (first < 2 || first > last || length > last - first + 1) {
    return sentence("says that its ", length, " sectors of entries begin in sector ", first);
  }
  const bool before = first + length <= Header::first_usable.get(header);
  const bool behind = first > Header::last_usable.get(header);
  return before || behind ? "" : "has its entries where partitions may lie";
}

std::string trouble_with(const Bytes& header, std::int64_t at, std::int64_t count) {
  const std::size_t length = Header::header_bytes.get(header);
  if (length < Header::kBytes || length > header.size()) {
    return sentence("claims to be ", length, " bytes long");
  }
  if (checksum_of(header) != Header::checksum.get(header)) return "has a wrong checksum";
  if (Header::revision.get(header) < Header::kRevision) return "is of an unknown revision";
  const auto last = static_cast<std::uint64_t>(count - 1);
  std::string trouble = trouble_with_places(header, static_cast<std::uint64_t>(at), last);
  return trouble.empty() ? trouble_with_entries(header, last) : trouble;
}

std::size_t array_bytes(const Bytes& header) {
  return std::size_t{Header::entry_count.get(header)} * Header::entry_bytes.get(header);
}

}  // namespace

std::int64_t sectors_of(std::size_t array_bytes, std::int64_t sector_bytes) {
  return (static_cast<std::int64_t>(array_bytes) + sector_bytes - 1) / sector_bytes;
}

Result<Copy> read_copy(Sectors& sectors, std::int64_t at) {
  Copy copy;
  Result<Bytes> header = sectors.at(at);
  if (!header) {
    if (header.error().code == kNotRead) return pass_on(header);
    copy.trouble = "can not be read: " + header.error().text;
    return copy;
  }
  copy.header = std::move(*header);
  copy.there =
      copy.header.size() >= 512 && Header::signature.holds(copy.header, Header::kSignature);
  copy.trouble =
      copy.there ? trouble_with(copy.header, at, sectors.sector_count()) : "is not there";
  if (!copy.sound()) return copy;
  const std::size_t length = array_bytes(copy.header);
  Result<Bytes> entries = sectors.at(copy.entries_at(), sectors_of(length, sectors.sector_bytes()));
  if (!entries) {
    if (entries.error().code == kNotRead) return pass_on(entries);
    copy.trouble = "has entries that can not be read: " + entries.error().text;
    return copy;
  }
  copy.entries = std::move(*entries);
  copy.entries.resize(length);
  if (checksum::crc32(copy.entries) != Header::entries_checksum.get(copy.header)) {
    copy.trouble = "has entries with a wrong checksum";
  }
  return copy;
}

bool agree(const Copy& a, const Copy& b) {
  const auto same = [&](auto field) { return field.get(a.header) == field.get(b.header); };
  return same(Header::revision) && same(Header::header_bytes) && same(Header::first_usable) &&
         same(Header::last_usable) && same(Header::entry_count) && same(Header::entry_bytes) &&
         std::ranges::equal(Header::disk.of(a.header), Header::disk.of(b.header)) &&
         a.entries == b.entries;
}

void write_copy(Sectors& sectors, Copy copy) {
  const std::int64_t at = copy.entries_at();
  const std::int64_t count = sectors_of(copy.entries.size(), sectors.sector_bytes());
  Header::entries_checksum.set(copy.header, checksum::crc32(copy.entries));
  Header::checksum.set(copy.header, checksum_of(copy.header));
  const auto behind = sectors.held(at + count - 1);
  const std::size_t used = copy.entries.size();
  copy.entries.resize(static_cast<std::size_t>(count * sectors.sector_bytes()));
  const std::size_t slack = copy.entries.size() - used;
  if (!behind.empty()) {
    std::ranges::copy(behind.last(slack), copy.entries.end() - static_cast<std::ptrdiff_t>(slack));
  }
  sectors.put(at, copy.entries);
  sectors.put(static_cast<std::int64_t>(Header::here.get(copy.header)), copy.header);
}

}  // namespace biotope::gpt
