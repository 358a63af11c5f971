#include "classes/bsd/bsd.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "classes/layout.h"

namespace biotope {

namespace bsd {

namespace {

constexpr std::uint32_t kMagic = 0x82564557;
constexpr std::size_t kRawPartition = 2;  // "c"
constexpr std::size_t kMaxPartitions = 22;
constexpr std::size_t kAlphaOffset = 64;

// Labels are written in the byte order of the machine that made them.
struct LabelLayout {
  explicit constexpr LabelLayout(std::endian order)
      : magic(0, order),
        sector_bytes(40, order),
        magic_again(132, order),
        partition_count(138, order),
        length(0, order),
        start(4, order) {}

  layout::Number<std::uint32_t> magic;
  layout::Number<std::uint32_t> sector_bytes;
  layout::Number<std::uint32_t> magic_again;
  layout::Number<std::uint16_t> partition_count;
  static constexpr layout::Records entries{148, 16};
  // Within an entry.
  layout::Number<std::uint32_t> length;  // in sectors
  layout::Number<std::uint32_t> start;   // in sectors
  static constexpr auto type = layout::u8(12);
};

struct Label {
  LabelLayout fields;
  std::span<const std::byte> bytes;  // from the label to the end of its sector
  bool in_first_sector;
};

std::optional<Label> find_label(std::span<const std::byte> start, std::size_t sector_bytes) {
  constexpr std::array kOrders = {std::endian::little, std::endian::big};
  for (const std::size_t offset : {sector_bytes, kAlphaOffset}) {
    const std::size_t sector_end = (offset / sector_bytes + 1) * sector_bytes;
    if (sector_end > start.size()) continue;
    const auto bytes = start.subspan(offset, sector_end - offset);
    if (bytes.size() < LabelLayout::entries.offset()) continue;
    for (const std::endian order : kOrders) {
      const LabelLayout fields(order);
      if (fields.magic.get(bytes) != kMagic) continue;
      return Label{fields, bytes, offset == kAlphaOffset};
    }
  }
  return std::nullopt;
}

std::size_t partition_count(const Label& label) {
  return label.fields.partition_count.get(label.bytes);
}

// 0 when the checksum is right, in either byte order.
std::uint16_t exclusive_or(const Label& label) {
  const std::size_t end = LabelLayout::entries.end(partition_count(label));
  std::uint16_t sum = 0;
  for (std::size_t at = 0; at < end; at += 2) sum ^= layout::le16(at).get(label.bytes);
  return sum;
}

Status check_header(const Label& label, const Properties& below) {
  if (label.fields.magic_again.get(label.bytes) != kMagic) {
    return fail(EINVAL, "the second of its two magic words is wrong");
  }
  const std::int64_t sector = label.fields.sector_bytes.get(label.bytes);
  if (sector != below.sector_size_bytes) {
    return fail(EINVAL, "it counts in sectors of ", sector,
                " bytes, and the medium has sectors of ", below.sector_size_bytes);
  }
  const std::size_t room =
      (label.bytes.size() - LabelLayout::entries.offset()) / LabelLayout::entries.stride();
  const std::size_t count = partition_count(label);
  if (count == 0 || count > std::min(room, kMaxPartitions)) {
    return fail(EINVAL, "it claims ", count, " partitions, and there is room for 1 to ",
                std::min(room, kMaxPartitions));
  }
  return {};
}

// In sectors: what the offsets in the label count from. In a slice they may count from the start of
// the disk; then "c", which is all of the slice, says where that is. Alphas have no slices.
std::int64_t base_of(const Label& label) {
  if (label.in_first_sector || partition_count(label) <= kRawPartition) return 0;
  return label.fields.start.get(LabelLayout::entries.at(label.bytes, kRawPartition));
}

void add_entry(Table& table, const Label& label, std::size_t i, const Properties& below) {
  const auto entry = LabelLayout::entries.at(label.bytes, i);
  const std::int64_t length = label.fields.length.get(entry);
  if (length == 0) return;
  const char letter = static_cast<char>('a' + i);
  const std::int64_t start = label.fields.start.get(entry) - base_of(label);
  if (start < 0) {
    table.notes.push_back(sentence("BSD partition ", letter, " is left out: it starts ", -start,
                                   " sectors before c, where the label's disk begins"));
    return;
  }
  const unsigned type = LabelLayout::type.get(entry);
  const bool raw = i == kRawPartition && (!label.in_first_sector || type == 0);
  if (raw && start + length > below.sector_count()) {
    table.notes.push_back(sentence("BSD partition c is left out: it claims ", start + length,
                                   " sectors, and there are ", below.sector_count()));
    return;
  }
  table.slices.push_back({.index = static_cast<int>(i + 1),
                          .suffix = std::string(1, letter),
                          .start_bytes = start * below.sector_size_bytes,
                          .length_bytes = length * below.sector_size_bytes,
                          .type = fmt::format("{:#04x}", type),
                          .label = {},
                          .raw = raw});
}

}  // namespace

Result<Table> parse(std::span<const std::byte> start, const Properties& below) {
  const auto sector_bytes = static_cast<std::size_t>(below.sector_size_bytes);
  const std::optional<Label> label = find_label(start, sector_bytes);
  if (!label) return fail(kNoTable, "there is no disklabel");
  if (const Status fine = check_header(*label, below); !fine) return pass_on(fine);
  Table table{.scheme = "BSD", .leaf = true, .may_overlap = true, .slices = {}, .notes = {}};
  if (exclusive_or(*label) != 0) {
    table.notes.emplace_back("the BSD label's checksum is wrong; it is used all the same");
  }
  for (std::size_t i = 0; i < partition_count(*label); ++i) add_entry(table, *label, i, below);
  return accept(std::move(table), below);
}

}  // namespace bsd

namespace {

// The types of MBR partitions that hold a label which counts like this: FreeBSD, NetBSD, DragonFly.
bool is_for_bsd(std::string_view type) {
  return type == "0xa5" || type == "0xa9" || type == "0x6c";
}

}  // namespace

Task<Result<Table>> BsdClass::look(Taster& taster, Surroundings where) {
  // What lies in another system's partition is left over from before.
  if (where.scheme == "MBR" && !is_for_bsd(where.type)) {
    co_return fail(kNoTable, "the partition's type is not a BSD's");
  }
  const Properties& below = taster.properties();
  if (below.media_size_bytes == 0) co_return fail(kNoTable, "it is empty");
  const std::int64_t length = std::min(2 * below.sector_size_bytes, below.media_size_bytes);
  const Result<Bytes> start = co_await taster.read(0, length);
  if (!start) co_return pass_on(start);
  co_return bsd::parse(*start, below);
}

}  // namespace biotope
