#include "classes/mirror/record.h"

#include <algorithm>

namespace biotope::mirror {

namespace {

// Where the fields lie in one version. Up to version 1 there is no genid, up to 2 no provsize.
struct Fields {
  explicit constexpr Fields(std::uint32_t version)
      : has_genid(version >= 2), has_provsize(version >= 3) {}

  bool has_genid;
  bool has_provsize;
  std::size_t late = has_genid ? 4 : 0;
  layout::Text name{20, 16};
  layout::Number<std::uint32_t> mirror_id = layout::le32(36);
  layout::Number<std::uint32_t> disk_id = layout::le32(40);
  layout::Number<std::uint8_t> disks = layout::u8(44);
  layout::Number<std::uint32_t> genid = layout::le32(45);
  layout::Number<std::uint32_t> syncid = layout::le32(45 + late);
  layout::Number<std::uint8_t> priority = layout::u8(49 + late);
  layout::Number<std::uint32_t> slice = layout::le32(50 + late);
  layout::Number<std::uint8_t> balance = layout::u8(54 + late);
  layout::Number<std::uint64_t> media_size = layout::le64(55 + late);
  layout::Number<std::uint32_t> sector_size = layout::le32(63 + late);
  layout::Number<std::uint64_t> sync_offset = layout::le64(67 + late);
  layout::Number<std::uint64_t> mirror_flags = layout::le64(75 + late);
  layout::Number<std::uint64_t> disk_flags = layout::le64(83 + late);
  layout::Text provider{91 + late, 16};
  layout::Number<std::uint64_t> provsize = layout::le64(107 + late);
  std::size_t checksum = has_provsize ? provsize.end() : provider.end();
};

// Behind gmirror's. Sealed with all before it, so that it is only believed together with the record
// it was written with.
struct Tail {
  static constexpr layout::Text magic{144, 8};
  static constexpr auto flags = layout::u8(152);
  static constexpr auto shift = layout::u8(153);
  static constexpr auto base_syncid = layout::le32(156);
  static constexpr layout::Records names{160, 4};
  static constexpr layout::Records partners{192, 4};
  static constexpr layout::Block regions{240, Intent::kRegions / 8};
  static constexpr std::size_t checksum = 496;
  static constexpr std::size_t bytes = 512;

  static constexpr const char* kMagic = "biotope1";
  enum Flag : std::uint8_t { kIntent = 1, kSpare = 2 };
};

void decode_tail(std::span<const std::byte> sector, Record& record) {
  if (sector.size() < Tail::bytes || !Tail::magic.holds(sector, Tail::kMagic) ||
      !metadata::sealed(sector, Tail::checksum)) {
    return;
  }
  const unsigned flags = Tail::flags.get(sector);
  record.spare = (flags & Tail::kSpare) != 0;
  for (std::size_t i = 0; i < Lineage::kKept; ++i) {
    record.lineage.names[i] = layout::le32(0).get(Tail::names.at(sector, i));
  }
  for (std::size_t i = 0; i < Lineage::kMostPartners; ++i) {
    record.lineage.partners[i] = layout::le32(0).get(Tail::partners.at(sector, i));
  }
  Intent intent;
  intent.shift = Tail::shift.get(sector);
  intent.base_syncid = Tail::base_syncid.get(sector);
  const bool usable =
      intent.shift == Intent::shift_for(static_cast<std::int64_t>(record.media_size_bytes));
  if ((flags & Tail::kIntent) == 0 || !usable) return;
  const auto bits = Tail::regions.of(sector);
  for (std::size_t i = 0; i < Intent::kRegions; ++i) {
    intent.regions[i] = (std::to_integer<unsigned>(bits[i / 8]) >> (i % 8) & 1) != 0;
  }
  record.intent = intent;
}

void encode_tail(const Record& record, std::span<std::byte> sector) {
  if (sector.size() < Tail::bytes) return;
  Tail::magic.set(sector, Tail::kMagic);
  for (std::size_t i = 0; i < Lineage::kKept; ++i) {
    layout::le32(0).set(Tail::names.at(sector, i), record.lineage.names[i]);
  }
  for (std::size_t i = 0; i < Lineage::kMostPartners; ++i) {
    layout::le32(0).set(Tail::partners.at(sector, i), record.lineage.partners[i]);
  }
  unsigned flags = record.spare ? Tail::kSpare : 0;
  if (record.intent) {
    flags |= Tail::kIntent;
    Tail::shift.set(sector, record.intent->shift);
    Tail::base_syncid.set(sector, record.intent->base_syncid);
    const auto bits = Tail::regions.of(sector);
    for (std::size_t i = 0; i < Intent::kRegions; ++i) {
      if (record.intent->regions[i]) bits[i / 8] |= static_cast<std::byte>(1 << (i % 8));
    }
  }
  Tail::flags.set(sector, static_cast<std::uint8_t>(flags));
  metadata::seal(sector, Tail::checksum);
}

// Whether a mirror can be so. What the medium says is not believed before.
Status sane(const Record& r) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;
  if (r.name.empty()) return fail(EINVAL, "the metadata name no mirror");
  if (r.disks == 0) return fail(EINVAL, "the metadata of mirror ", r.name, " count no disks");
  if (static_cast<std::uint8_t>(r.balance) >= kBalances) {
    return fail(EINVAL, "the metadata of mirror ", r.name, " ask for balance ",
                static_cast<int>(r.balance), ", which is unknown");
  }
  if (r.sector_size_bytes == 0 || r.media_size_bytes == 0 || r.media_size_bytes > kLargest ||
      r.media_size_bytes % r.sector_size_bytes != 0) {
    return fail(EINVAL, "the metadata of mirror ", r.name, " claim ", r.media_size_bytes,
                " bytes in sectors of ", r.sector_size_bytes, ", which is impossible");
  }
  if (r.sync_offset_bytes > r.media_size_bytes) {
    return fail(EINVAL, "the metadata of mirror ", r.name, " claim a copy up to ",
                r.sync_offset_bytes, " of ", r.media_size_bytes, " bytes");
  }
  return {};
}

}  // namespace

const char* balance_name(Balance balance) {
  static constexpr const char* kNames[] = {"none", "round-robin", "load", "split", "prefer"};
  return kNames[static_cast<std::uint8_t>(balance)];
}

void Lineage::add(std::uint32_t name, const std::vector<std::uint32_t>& disk_ids) {
  std::copy_backward(names.begin(), names.end() - 1, names.end());
  names[0] = std::max<std::uint32_t>(name, 1);
  partners.fill(0);
  if (disk_ids.size() <= kMostPartners) std::ranges::copy(disk_ids, partners.begin());
}

std::uint8_t Intent::shift_for(std::int64_t size_bytes) {
  std::uint8_t shift = kSmallestShift;
  while (((size_bytes - 1) >> shift) >= static_cast<std::int64_t>(kRegions)) ++shift;
  return shift;
}

Result<Record> decode(const metadata::Found& found) {
  const Bytes& sector = found.sector;
  const Fields fields(found.version);
  if (!metadata::sealed(sector, fields.checksum)) {
    return fail(EINVAL, "the checksum of the mirror's metadata is wrong");
  }
  Record r;
  r.name = fields.name.get(sector);
  r.mirror_id = fields.mirror_id.get(sector);
  r.disk_id = fields.disk_id.get(sector);
  r.disks = fields.disks.get(sector);
  if (fields.has_genid) r.genid = fields.genid.get(sector);
  r.syncid = fields.syncid.get(sector);
  r.priority = fields.priority.get(sector);
  r.slice_bytes = fields.slice.get(sector);
  r.balance = static_cast<Balance>(fields.balance.get(sector));
  r.media_size_bytes = fields.media_size.get(sector);
  r.sector_size_bytes = fields.sector_size.get(sector);
  r.sync_offset_bytes = fields.sync_offset.get(sector);
  r.mirror_flags = fields.mirror_flags.get(sector);
  r.disk_flags = fields.disk_flags.get(sector);
  r.owner.provider = fields.provider.get(sector);
  if (fields.has_provsize) r.owner.provsize = fields.provsize.get(sector);
  if (const Status fine = sane(r); !fine) return pass_on(fine);
  decode_tail(sector, r);
  return r;
}

Bytes encode(const Record& r, std::int64_t sector_size_bytes) {
  Bytes sector = metadata::blank(kKind, kKind.newest, sector_size_bytes);
  const Fields fields(kKind.newest);
  fields.name.set(sector, r.name);
  fields.mirror_id.set(sector, r.mirror_id);
  fields.disk_id.set(sector, r.disk_id);
  fields.disks.set(sector, r.disks);
  fields.genid.set(sector, r.genid);
  fields.syncid.set(sector, r.syncid);
  fields.priority.set(sector, r.priority);
  fields.slice.set(sector, r.slice_bytes);
  fields.balance.set(sector, static_cast<std::uint8_t>(r.balance));
  fields.media_size.set(sector, r.media_size_bytes);
  fields.sector_size.set(sector, r.sector_size_bytes);
  fields.sync_offset.set(sector, r.sync_offset_bytes);
  fields.mirror_flags.set(sector, r.mirror_flags);
  fields.disk_flags.set(sector, r.disk_flags);
  fields.provider.set(sector, r.owner.provider);
  fields.provsize.set(sector, r.owner.provsize.value_or(0));
  metadata::seal(sector, fields.checksum);
  encode_tail(r, sector);
  return sector;
}

}  // namespace biotope::mirror
