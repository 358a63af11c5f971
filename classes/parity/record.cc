#include "classes/parity/record.h"

namespace biotope::parity {

namespace {

// Where the fields lie in one version. Up to version 2 there is no genid, up to 3 no provsize.
struct Fields {
  explicit constexpr Fields(std::uint32_t version)
      : has_genid(version >= 3), has_provsize(version >= 4) {}

  bool has_genid;
  bool has_provsize;
  std::size_t late = has_genid ? 4 : 0;
  layout::Text name{20, 16};
  layout::Number<std::uint32_t> id = layout::le32(36);
  layout::Number<std::uint16_t> index = layout::le16(40);
  layout::Number<std::uint16_t> count = layout::le16(42);
  layout::Number<std::uint32_t> genid = layout::le32(44);
  layout::Number<std::uint32_t> syncid = layout::le32(44 + late);
  layout::Number<std::uint64_t> media_size = layout::le64(48 + late);
  layout::Number<std::uint32_t> sector_size = layout::le32(56 + late);
  layout::Number<std::uint64_t> sync_offset = layout::le64(60 + late);
  layout::Number<std::uint64_t> array_flags = layout::le64(68 + late);
  layout::Number<std::uint64_t> member_flags = layout::le64(76 + late);
  layout::Text provider{84 + late, 16};
  layout::Number<std::uint64_t> provsize = layout::le64(100 + late);
  std::size_t checksum = has_provsize ? provsize.end() : provider.end();
};

// Behind graid3's. Sealed with all before it, so that it is only believed together with the record
// it was written with.
struct Tail {
  static constexpr layout::Text magic{144, 8};
  static constexpr auto without = layout::le16(152);
  static constexpr auto before_without = layout::le16(154);
  static constexpr auto before_genid = layout::le32(156);
  static constexpr auto before_syncid = layout::le32(160);
  static constexpr auto stripe = layout::le32(164);
  static constexpr auto log_slots = layout::le32(168);
  static constexpr auto log_floor = layout::le64(172);
  static constexpr std::size_t checksum = 240;

  static constexpr const char* kMagic = "biotope1";
};

void decode_tail(std::span<const std::byte> sector, Record& r) {
  if (sector.size() < kWholeRecordBytes || !Tail::magic.holds(sector, Tail::kMagic) ||
      !metadata::sealed(sector, Tail::checksum)) {
    return;
  }
  r.view.without = Tail::without.get(sector);
  r.before.without = Tail::before_without.get(sector);
  r.before.genid = Tail::before_genid.get(sector);
  r.before.syncid = Tail::before_syncid.get(sector);
  r.stripe_bytes = Tail::stripe.get(sector);
  r.log_slots = Tail::log_slots.get(sector);
  r.log_floor = Tail::log_floor.get(sector);
}

void encode_tail(const Record& r, std::span<std::byte> sector) {
  if (sector.size() < kWholeRecordBytes) return;
  Tail::magic.set(sector, Tail::kMagic);
  Tail::without.set(sector, r.view.without);
  Tail::before_without.set(sector, r.before.without);
  Tail::before_genid.set(sector, r.before.genid);
  Tail::before_syncid.set(sector, r.before.syncid);
  Tail::stripe.set(sector, r.stripe_bytes);
  Tail::log_slots.set(sector, r.log_slots);
  Tail::log_floor.set(sector, r.log_floor);
  metadata::seal(sector, Tail::checksum);
}

// Whether an array can be so. What the medium says is not believed before.
Status sane(const Record& r) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;
  if (r.name.empty()) return fail(EINVAL, "the metadata name no array");
  if (r.count < 3 || r.count > kMostMembers || r.index >= r.count) {
    return fail(EINVAL, "the metadata of ", r.name, " say member ", r.index, " of ", r.count,
                ", and 3 to ", kMostMembers, " make one");
  }
  const std::uint64_t data_members = r.count - std::uint64_t{1};
  if (r.sector_size_bytes == 0 || r.media_size_bytes == 0 || r.media_size_bytes > kLargest ||
      r.media_size_bytes % r.sector_size_bytes != 0 || r.media_size_bytes % data_members != 0) {
    return fail(EINVAL, "the metadata of ", r.name, " claim ", r.media_size_bytes,
                " bytes in sectors of ", r.sector_size_bytes, ", which is impossible");
  }
  if (r.view.without > r.count || r.before.without > r.count) {
    return fail(EINVAL, "the metadata of ", r.name, " miss a member that it does not have");
  }
  return {};
}

}  // namespace

Result<Record> decode(const metadata::Found& found) {
  const Bytes& sector = found.sector;
  const Fields fields(found.version);
  if (!metadata::sealed(sector, fields.checksum)) {
    return fail(EINVAL, "the checksum of the array's metadata is wrong");
  }
  Record r;
  r.name = fields.name.get(sector);
  r.id = fields.id.get(sector);
  r.index = fields.index.get(sector);
  r.count = fields.count.get(sector);
  if (fields.has_genid) r.view.genid = fields.genid.get(sector);
  r.view.syncid = fields.syncid.get(sector);
  r.media_size_bytes = fields.media_size.get(sector);
  r.sector_size_bytes = fields.sector_size.get(sector);
  r.sync_offset_bytes = fields.sync_offset.get(sector);
  r.array_flags = fields.array_flags.get(sector);
  r.member_flags = fields.member_flags.get(sector);
  r.owner.provider = fields.provider.get(sector);
  if (fields.has_provsize) r.owner.provsize = fields.provsize.get(sector);
  decode_tail(sector, r);
  if (const Status fine = sane(r); !fine) return pass_on(fine);
  return r;
}

Bytes encode(const metadata::Kind& kind, const Record& r, std::int64_t sector_size_bytes) {
  Bytes sector = metadata::blank(kind, kind.newest, sector_size_bytes);
  const Fields fields(kind.newest);
  fields.name.set(sector, r.name);
  fields.id.set(sector, r.id);
  fields.index.set(sector, r.index);
  fields.count.set(sector, r.count);
  fields.genid.set(sector, r.view.genid);
  fields.syncid.set(sector, r.view.syncid);
  fields.media_size.set(sector, r.media_size_bytes);
  fields.sector_size.set(sector, r.sector_size_bytes);
  fields.sync_offset.set(sector, r.sync_offset_bytes);
  fields.array_flags.set(sector, r.array_flags);
  fields.member_flags.set(sector, r.member_flags);
  fields.provider.set(sector, r.owner.provider);
  fields.provsize.set(sector, r.owner.provsize.value_or(0));
  metadata::seal(sector, fields.checksum);
  encode_tail(r, sector);
  return sector;
}

}  // namespace biotope::parity
