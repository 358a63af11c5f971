#include "app/part_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace biotope::app {

namespace {

// The factor of a suffix: "", "k", "KiB", "mb"; 0 for none that is known.
std::int64_t factor_of(std::string_view suffix, std::int64_t sector_size_bytes) {
  if (suffix.empty()) return sector_size_bytes;
  constexpr std::string_view kLetters = "bkmgtp";
  const auto letter = static_cast<char>(suffix[0] | 0x20);
  const std::size_t power = kLetters.find(letter);
  if (power == kLetters.npos) return 0;
  const std::string_view rest = suffix.substr(1);
  const bool fine = rest.empty() || (power > 0 && (rest == "iB" || rest == "B" || rest == "b"));
  return fine ? std::int64_t{1} << (10 * power) : 0;
}

struct Row {
  std::int64_t start = 0;
  std::int64_t length = 0;
  std::string text;
};

std::string row_text(const Slice& slice, std::span<const TypeName> names) {
  std::string text = fmt::format("{:>3}  {}", slice.index, slice.type);
  const std::string_view name = name_of_type(names, slice.type);
  if (!name.empty()) text += fmt::format(" {}", name);
  if (!slice.label.empty()) text += fmt::format(" \"{}\"", slice.label);
  if (!slice.attributes.empty()) {
    text += fmt::format("  [{}]", fmt::join(slice.attributes, ","));
  }
  return text;
}

// Where partitions may lie.
Extent usable_of(const Table& table, const Properties& medium) {
  const bool whole = table.usable.end_bytes <= table.usable.start_bytes;
  return whole ? Extent{0, medium.media_size_bytes} : table.usable;
}

std::vector<Slice> by_start(const Table& table) {
  std::vector<Slice> slices = table.slices;
  std::ranges::stable_sort(slices, {}, &Slice::start_bytes);
  return slices;
}

// Partitions in the order of the medium, and what is free between them.
std::vector<Row> rows_of(const Table& table, std::span<const TypeName> names,
                         const Properties& medium) {
  const std::int64_t sector = medium.sector_size_bytes;
  std::vector<Row> rows;
  for (const Slice& slice : by_start(table)) {
    rows.push_back(
        {slice.start_bytes / sector, slice.length_bytes / sector, row_text(slice, names)});
  }
  for (const Extent& gap : gaps_of(table, medium)) {
    const std::int64_t start = gap.start_bytes / sector;
    rows.push_back({start, gap.end_bytes / sector - start, "     - free -"});
  }
  std::ranges::stable_sort(rows, {}, &Row::start);
  return rows;
}

}  // namespace

std::vector<Extent> gaps_of(const Table& table, const Properties& medium) {
  const std::int64_t sector = medium.sector_size_bytes;
  const Extent usable = usable_of(table, medium);
  const std::int64_t end = usable.end_bytes / sector * sector;
  std::vector<Extent> gaps;
  std::int64_t at = usable.start_bytes / sector * sector;
  const auto until = [&](std::int64_t next) {
    if (next > at) gaps.push_back({at, next});
  };
  for (const Slice& slice : by_start(table)) {
    if (slice.raw) continue;
    until(slice.start_bytes);
    at = std::max(at, slice.end_bytes());
  }
  until(end);
  return gaps;
}

Result<std::int64_t> bytes_of(std::string_view text, std::int64_t sector_size_bytes,
                              std::string_view what) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  const std::int64_t factor = factor_of(suffix, sector_size_bytes);
  if (error != std::errc() || number < 0 || factor == 0 ||
      number > std::numeric_limits<std::int64_t>::max() / factor) {
    return fail(EINVAL, what, " is '", text,
                "'; say a number of sectors, or one of bytes as in 512K, 20M or 1G");
  }
  return number * factor;
}

std::string size_text(std::int64_t bytes) {
  constexpr std::string_view kLetters = "BKMGTPE";
  std::size_t power = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024; value /= 1024) ++power;
  std::string number = fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number + kLetters[power];
}

std::string table_text(const Table& table, std::span<const TypeName> names, std::string_view name,
                       const Properties& medium) {
  const std::int64_t sector = medium.sector_size_bytes;
  const std::int64_t first = usable_of(table, medium).start_bytes / sector;
  const std::int64_t end = usable_of(table, medium).end_bytes / sector;
  const std::size_t width = std::to_string(end).size() + 2;
  std::string text = fmt::format("=>{:>{}}  {:>{}}  {}  {}  ({}){}\n", first, width, end - first,
                                 width, name, table.scheme, size_text(medium.media_size_bytes),
                                 table.corrupt ? " [CORRUPT]" : "");
  for (const Row& row : rows_of(table, names, medium)) {
    text += fmt::format("  {:>{}}  {:>{}}  {}  ({})\n", row.start, width, row.length, width,
                        row.text, size_text(row.length * sector));
  }
  for (const std::string& note : table.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

}  // namespace biotope::app
