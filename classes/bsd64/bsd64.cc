#include "classes/bsd64/bsd64.h"

#include <algorithm>

#include "classes/layout.h"
#include "classes/slicer/checksum.h"
#include "classes/slicer/type_names.h"

namespace biotope::bsd64 {

namespace {

// Counted from the start of the medium; what lies before the magic word is for a boot program.
struct Label {
  static constexpr std::uint32_t kMagic = 0xC4464C59;
  static constexpr std::size_t kMostPartitions = 16;

  static constexpr auto magic = layout::le32(512);
  static constexpr auto checksum = layout::le32(516);
  static constexpr auto alignment_bytes = layout::le32(520);
  static constexpr auto partition_count = layout::le32(524);
  static constexpr auto total_bytes = layout::le64(544);
  static constexpr auto boot_bytes = layout::le64(552);   // where the boot area starts
  static constexpr auto first_bytes = layout::le64(560);  // where partitions may start
  static constexpr auto stop_bytes = layout::le64(568);   // and end
  static constexpr layout::Records entries{712, 64};
};

struct Entry {
  static constexpr auto start_bytes = layout::le64(0);
  static constexpr auto length_bytes = layout::le64(8);
  static constexpr auto type = layout::u8(16);
  static constexpr layout::Block type_id{32, 16};
};

constexpr TypeName kTypes[] = {{"unused", "0x00"},           {"freebsd-swap", "0x01"},
                               {"freebsd-ufs", "0x07"},      {"freebsd-vinum", "0x0e"},
                               {"dragonfly-ccd", "0x0f"},    {"dragonfly-hammer", "0x16"},
                               {"dragonfly-hammer2", "0x17"}};

std::int64_t sectors_of_label(const Sectors& sectors) {
  const auto end = static_cast<std::int64_t>(Label::entries.end(Label::kMostPartitions));
  return (end + sectors.sector_bytes() - 1) / sectors.sector_bytes();
}

// Of a number of partitions that is possible.
std::uint32_t sum_of(std::span<const std::byte> label) {
  const std::size_t end = Label::entries.end(Label::partition_count.get(label));
  Bytes summed(label.begin() + static_cast<std::ptrdiff_t>(Label::magic.offset()),
               label.begin() + static_cast<std::ptrdiff_t>(end));
  layout::le32(Label::checksum.offset() - Label::magic.offset()).set(summed, 0);
  return checksum::crc32(summed);
}

Status check_header(std::span<const std::byte> label, const Properties& medium) {
  const std::uint32_t count = Label::partition_count.get(label);
  if (count == 0 || count > Label::kMostPartitions) {
    return fail(EINVAL, "it claims ", count, " partitions, and there is room for 1 to ",
                Label::kMostPartitions);
  }
  if (sum_of(label) != Label::checksum.get(label)) return fail(EINVAL, "its checksum is wrong");
  const std::uint64_t first = Label::first_bytes.get(label);
  const std::uint64_t stop = Label::stop_bytes.get(label);
  const auto size = static_cast<std::uint64_t>(medium.media_size_bytes);
  if (Label::total_bytes.get(label) > size || stop > size || first >= stop) {
    return fail(EINVAL, "it is for a disk of ", Label::total_bytes.get(label),
                " bytes with partitions from ", first, " to ", stop, "; the medium has ", size);
  }
  return {};
}

// Larger numbers than an offset can be become negative ones, which accept() refuses.
void add_entry(Table& table, std::size_t i, std::span<const std::byte> entry) {
  if (Entry::length_bytes.get(entry) == 0) return;
  table.slices.push_back({.index = static_cast<int>(i + 1),
                          .suffix = std::string(1, static_cast<char>('a' + i)),
                          .start_bytes = static_cast<std::int64_t>(Entry::start_bytes.get(entry)),
                          .length_bytes = static_cast<std::int64_t>(Entry::length_bytes.get(entry)),
                          .type = byte_type(Entry::type.get(entry))});
}

Result<Table> table_in(std::span<const std::byte> label, const Properties& medium) {
  if (const Status fine = check_header(label, medium); !fine) return pass_on(fine);
  const std::int64_t unit = Label::alignment_bytes.get(label);
  Table table{.scheme = "BSD64",
              .leaf = true,
              .usable = {static_cast<std::int64_t>(Label::first_bytes.get(label)),
                         static_cast<std::int64_t>(Label::stop_bytes.get(label))},
              .unit_bytes = unit % medium.sector_size_bytes == 0 ? unit : 0,
              .last_index = Label::kMostPartitions};
  for (std::size_t i = 0; i < Label::partition_count.get(label); ++i) {
    add_entry(table, i, Label::entries.at(label, i));
  }
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

void set_entry(std::span<std::byte> label, const Slice& slice, const Slice* old) {
  const auto count = static_cast<std::uint32_t>(slice.index);
  for (std::uint32_t i = Label::partition_count.get(label); i < count; ++i) {
    std::ranges::fill(Label::entries.at(label, i), std::byte{0});
    Label::partition_count.set(label, i + 1);
  }
  const auto entry = Label::entries.at(label, static_cast<std::size_t>(slice.index - 1));
  if (old == nullptr) std::ranges::fill(entry, std::byte{0});
  // The long form of the type would no longer say the same.
  const bool other_type = old != nullptr && old->type != slice.type;
  if (other_type) std::ranges::fill(Entry::type_id.of(entry), std::byte{0});
  Entry::start_bytes.set(entry, static_cast<std::uint64_t>(slice.start_bytes));
  Entry::length_bytes.set(entry, static_cast<std::uint64_t>(slice.length_bytes));
  Entry::type.set(entry, byte_of_type(slice.type));
}

// The boot program lies behind the label, partitions on whole units behind that; the usual unit is
// too large for small media.
void fill_in(std::span<std::byte> label, const Properties& medium) {
  constexpr std::int64_t kBootBytes = 4096;
  constexpr std::int64_t kLargeMedium = 16 << 20;
  const std::int64_t unit = (medium.media_size_bytes < kLargeMedium ? 8 : 256) *
                            std::max<std::int64_t>(4096, medium.sector_size_bytes);
  const std::int64_t stop = medium.media_size_bytes / unit * unit;
  const auto set = [&](const layout::Number<std::uint64_t>& field, std::int64_t value) {
    field.set(label, static_cast<std::uint64_t>(value));
  };
  Label::magic.set(label, Label::kMagic);
  Label::alignment_bytes.set(label, static_cast<std::uint32_t>(unit));
  Label::partition_count.set(label, Label::kMostPartitions);
  set(Label::total_bytes, medium.media_size_bytes);
  set(Label::boot_bytes, kBootBytes);
  set(Label::first_bytes, std::min(2 * unit, stop));
  set(Label::stop_bytes, stop);
}

class Bsd64Scheme final : public Scheme {
 public:
  std::string_view name() const override { return "BSD64"; }

  Result<Table> parse(Sectors& sectors, const Surroundings&) const override {
    if (sectors.sector_count() < sectors_of_label(sectors)) {
      return fail(kNoTable, "the medium is too small for a 64-bit label");
    }
    const std::int64_t size = sectors.sector_bytes();
    const auto at = static_cast<std::int64_t>(Label::magic.offset());
    const Result<Bytes> sector = sectors.at(at / size);
    if (!sector) return pass_on(sector);
    const auto magic = layout::le32(static_cast<std::size_t>(at % size));
    if (magic.end() > sector->size() || magic.get(*sector) != Label::kMagic) {
      return fail(kNoTable, "there is no 64-bit label");
    }
    const Result<Bytes> label = sectors.at(0, sectors_of_label(sectors));
    if (!label) return pass_on(label);
    return table_in(*label, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    Result<Bytes> label = sectors.at(0, sectors_of_label(sectors));
    if (!label) return pass_on(label);
    for (int index = 1; index <= after.last_index; ++index) {
      const Slice* old = before.slice(index);
      const Slice* slice = after.slice(index);
      if (slice != nullptr && (old == nullptr || *old != *slice)) {
        set_entry(*label, *slice, old);
      } else if (slice == nullptr && old != nullptr) {
        std::ranges::fill(Label::entries.at(*label, static_cast<std::size_t>(index - 1)),
                          std::byte{0});
      }
    }
    Label::checksum.set(*label, sum_of(*label));
    sectors.put(0, *label);
    return {};
  }

  Status create(Sectors& sectors, const Blank&) const override {
    constexpr std::int64_t kLeastBytes = 1 << 18;
    const std::int64_t size = sectors.sector_bytes();
    if (size % 512 != 0 || size > 0x8000 || sectors.medium().media_size_bytes < kLeastBytes) {
      return fail(ENOSPC, "a 64-bit label needs ", kLeastBytes,
                  " bytes in sectors of 512 to 32768; there are ",
                  sectors.medium().media_size_bytes, " in sectors of ", size);
    }
    Bytes label(static_cast<std::size_t>(sectors_of_label(sectors) * size));
    fill_in(label, sectors.medium());
    Label::checksum.set(label, sum_of(label));
    sectors.put(0, label);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    for (std::int64_t i = 0; i < sectors_of_label(sectors); ++i) {
      std::ranges::fill(sectors.change(i), std::byte{0});
    }
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const Result<std::string> type =
        byte_type_called(kTypes, slice.type.empty() ? "unused" : slice.type);
    if (!type) return pass_on(type);
    slice.type = *type;
    return slice;
  }

  std::string suffix(int index) const override {
    return std::string(1, static_cast<char>('a' + index - 1));
  }
};

}  // namespace

const Scheme& scheme() {
  static const Bsd64Scheme bsd64;
  return bsd64;
}

}  // namespace biotope::bsd64
