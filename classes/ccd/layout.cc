#include "classes/ccd/layout.h"

#include <algorithm>

namespace biotope::ccd {

namespace {

// 16 blocks of 512 bytes at the start of each disk are left alone: a label may be there.
constexpr std::int64_t kOffset_bytes = 16 * 512;

std::int64_t round_up(std::int64_t bytes, std::int64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// How much of each disk is used.
Result<std::vector<std::int64_t>> shares(const std::string& title, const Settings& settings,
                                         const std::vector<Component>& components,
                                         std::int64_t start_bytes, std::int64_t sector_bytes) {
  const std::int64_t unit_bytes = std::max(settings.interleave_bytes, sector_bytes);
  std::vector<std::int64_t> all;
  for (const Component& one : components) {
    const std::int64_t room = one.media_size_bytes - start_bytes;
    if (room < unit_bytes) {
      return fail(EINVAL, title, ": ", one.name, " has ", one.media_size_bytes, " bytes, and ",
                  start_bytes + unit_bytes, " are the least");
    }
    all.push_back(room / unit_bytes * unit_bytes);
  }
  if (settings.uniform || settings.mirror) {
    std::ranges::fill(all, *std::ranges::min_element(all));
  }
  return all;
}

std::vector<Group> one_after_the_other(const std::vector<std::int64_t>& shares,
                                       std::int64_t start_bytes) {
  std::vector<Group> groups;
  std::int64_t at = 0;
  for (std::uint32_t disk = 0; disk < shares.size(); ++disk) {
    groups.push_back({at, start_bytes, {disk}});
    at += shares[disk];
  }
  return groups;
}

// Of all that have more than what is dealt out already.
std::vector<Group> dealt_out(const std::vector<std::int64_t>& shares, std::int64_t start_bytes) {
  std::vector<Group> groups;
  std::int64_t at = 0;
  std::int64_t dealt = 0;
  for (;;) {
    Group group{at, start_bytes + dealt, {}};
    std::int64_t next = INT64_MAX;
    for (std::uint32_t disk = 0; disk < shares.size(); ++disk) {
      if (shares[disk] <= dealt) continue;
      group.disks.push_back(disk);
      next = std::min(next, shares[disk]);
    }
    if (group.disks.empty()) return groups;
    at += (next - dealt) * static_cast<std::int64_t>(group.disks.size());
    dealt = next;
    groups.push_back(std::move(group));
  }
}

}  // namespace

Settings settings_of(const Values& values) {
  return {.interleave_bytes = values.integer("interleave"),
          .uniform = values.boolean("uniform"),
          .mirror = values.boolean("mirror"),
          .no_offset = values.boolean("no_offset")};
}

Result<Layout> lay_out(const std::string& title, const Settings& given,
                       const std::vector<Component>& components, std::int64_t sector_size_bytes) {
  Settings settings = given;
  // As the old driver has it: without an interleave there is no mirror.
  settings.mirror = given.mirror && given.interleave_bytes > 0;
  if (settings.interleave_bytes % sector_size_bytes != 0) {
    return fail(EINVAL, title, ": an interleave of ", settings.interleave_bytes,
                " bytes is no whole number of sectors of ", sector_size_bytes);
  }
  if (settings.mirror && components.size() % 2 != 0) {
    return fail(EINVAL, title, " can not mirror an odd number of disks, ", components.size());
  }
  const std::int64_t start = settings.no_offset ? 0 : round_up(kOffset_bytes, sector_size_bytes);
  const auto used = shares(title, settings, components, start, sector_size_bytes);
  if (!used) return pass_on(used);
  std::vector<std::int64_t> mapped = *used;
  if (settings.mirror) mapped.resize(mapped.size() / 2);
  Layout layout;
  layout.interleave_bytes = settings.interleave_bytes;
  layout.mirror = settings.mirror;
  for (const std::int64_t share : mapped) {
    if (share > INT64_MAX - layout.size_bytes) return fail(EINVAL, title, " is beyond all size");
    layout.size_bytes += share;
  }
  layout.groups = settings.interleave_bytes == 0 ? one_after_the_other(mapped, start)
                                                 : dealt_out(mapped, start);
  return layout;
}

Place place_of(const Layout& layout, std::int64_t position_bytes) {
  const auto next =
      std::ranges::upper_bound(layout.groups, position_bytes, {}, &Group::start_bytes);
  const Group& group = *std::prev(next);
  const std::int64_t within = position_bytes - group.start_bytes;
  if (group.disks.size() == 1) {
    const std::int64_t end = next == layout.groups.end() ? layout.size_bytes : next->start_bytes;
    return {group.disks.front(), group.at_bytes + within, end - position_bytes};
  }
  const std::int64_t block = within / layout.interleave_bytes;
  const std::int64_t into = within % layout.interleave_bytes;
  const auto count = static_cast<std::int64_t>(group.disks.size());
  return {group.disks[static_cast<std::size_t>(block % count)],
          group.at_bytes + block / count * layout.interleave_bytes + into,
          layout.interleave_bytes - into};
}

}  // namespace biotope::ccd
