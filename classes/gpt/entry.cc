#include "classes/gpt/entry.h"

#include <algorithm>
#include <boost/locale/encoding_utf.hpp>

#include "classes/gpt/guid.h"

namespace biotope::gpt {

namespace {

struct Entry {
  static constexpr layout::Block type{0, 16};
  static constexpr layout::Block id{16, 16};
  static constexpr auto first = layout::le64(32);
  static constexpr auto last = layout::le64(40);  // itself one of them
  static constexpr auto attributes = layout::le64(48);
  static constexpr layout::Records name{56, 2};  // UTF-16
  static constexpr std::size_t kNameUnits = 36;
};

struct Attribute {
  std::string_view name;
  int bit;
};
constexpr Attribute kAttributes[] = {
    {"required", 0},    {"no-block-io", 1}, {"legacy-boot", 2},
    {"bootfailed", 57}, {"bootonce", 58},   {"bootme", 59},
};

constexpr auto kUnit = layout::le16(0);

// Units that are no character are left out.
std::string utf8_of(const std::u16string& text) {
  return boost::locale::conv::utf_to_utf<char>(text);
}
std::u16string utf16_of(const std::string& text) {
  return boost::locale::conv::utf_to_utf<char16_t>(text);
}

std::u16string name_in(std::span<const std::byte> entry) {
  std::u16string name;
  for (std::size_t i = 0; i < Entry::kNameUnits; ++i) {
    const auto unit = static_cast<char16_t>(kUnit.get(Entry::name.at(entry, i)));
    if (unit == 0) break;
    name += unit;
  }
  return name;
}

Status set_name(std::span<std::byte> entry, const std::string& label) {
  if (utf8_of(name_in(entry)) == label) return {};
  const std::u16string name = utf16_of(label);
  if (name.size() > Entry::kNameUnits || utf8_of(name) != label ||
      name.find(u'\0') != std::u16string::npos) {
    return fail(EINVAL, "a GPT's label is a text of at most ", Entry::kNameUnits, " characters");
  }
  for (std::size_t i = 0; i < Entry::kNameUnits; ++i) {
    kUnit.set(Entry::name.at(entry, i), i < name.size() ? name[i] : 0);
  }
  return {};
}

Status set_attributes(std::span<std::byte> entry, const std::set<std::string>& names) {
  std::uint64_t bits = Entry::attributes.get(entry);
  for (const Attribute& known : kAttributes) bits &= ~(std::uint64_t{1} << known.bit);
  for (const std::string& name : names) {
    const auto known = std::ranges::find(kAttributes, name, &Attribute::name);
    if (known == std::end(kAttributes)) {
      return fail(EINVAL, "a GPT has no attribute '", name,
                  "'; there are required, no-block-io, legacy-boot, bootfailed, bootonce, bootme");
    }
    bits |= std::uint64_t{1} << known->bit;
  }
  Entry::attributes.set(entry, bits);
  return {};
}

Status set_guid(std::span<std::byte> to, const std::string& text) {
  const auto bytes = guid::bytes(text);
  if (!bytes) return pass_on(bytes);
  std::ranges::copy(*bytes, to.begin());
  return {};
}

}  // namespace

bool is_used(std::span<const std::byte> entry) { return !guid::is_nil(Entry::type.of(entry)); }

Result<Slice> slice_in(std::span<const std::byte> entry, int index, const Properties& medium) {
  const std::uint64_t first = Entry::first.get(entry);
  const std::uint64_t last = Entry::last.get(entry);
  if (first > last || last >= static_cast<std::uint64_t>(medium.sector_count())) {
    return fail(EINVAL, "entry ", index, " says sectors ", first, " to ", last,
                ", and the medium has ", medium.sector_count());
  }
  Slice slice{
      .index = index,
      .suffix = sentence('p', index),
      .start_bytes = static_cast<std::int64_t>(first) * medium.sector_size_bytes,
      .length_bytes = static_cast<std::int64_t>(last - first + 1) * medium.sector_size_bytes,
      .type = guid::text(Entry::type.of(entry)),
      .label = utf8_of(name_in(entry)),
      .id = guid::text(Entry::id.of(entry))};
  const std::uint64_t bits = Entry::attributes.get(entry);
  for (const Attribute& known : kAttributes) {
    if ((bits >> known.bit & 1) != 0) slice.attributes.emplace(known.name);
  }
  return slice;
}

Status set_slice(std::span<std::byte> entry, const Slice& slice, const Properties& medium) {
  if (Status fine = set_guid(Entry::type.of(entry), slice.type); !fine) return fine;
  if (Status fine = set_guid(Entry::id.of(entry), slice.id); !fine) return fine;
  Entry::first.set(entry, static_cast<std::uint64_t>(slice.start_bytes / medium.sector_size_bytes));
  Entry::last.set(entry,
                  static_cast<std::uint64_t>(slice.end_bytes() / medium.sector_size_bytes - 1));
  if (Status fine = set_attributes(entry, slice.attributes); !fine) return fine;
  return set_name(entry, slice.label);
}

}  // namespace biotope::gpt
