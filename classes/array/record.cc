#include "classes/array/record.h"

namespace biotope::array {

namespace {

constexpr layout::Text kName(20, 16);
constexpr auto kId = layout::le32(36);
constexpr auto kIndex = layout::le16(40);
constexpr auto kCount = layout::le16(42);

}  // namespace

Result<Record> decode(const Format& format, const metadata::Found& found,
                      std::string_view provider) {
  const Bytes& sector = found.sector;
  Record record{.name = kName.get(sector),
                .id = kId.get(sector),
                .index = kIndex.get(sector),
                .count = kCount.get(sector),
                .unit_bytes = format.unit ? format.unit->get(sector) : 0,
                .owner = {}};
  if (found.version >= format.named_since) record.owner.provider = format.provider.get(sector);
  if (found.version >= format.sized_since) record.owner.provsize = format.provsize.get(sector);
  if (record.name.empty() || record.index >= record.count) {
    return fail(EINVAL, provider, ": its ", format.kind.magic, " metadata say it is member ",
                record.index, " of ", record.count, " of '", record.name,
                "', which can not be; clear them if the disk is to be used otherwise");
  }
  return record;
}

Bytes encode(const Format& format, const Record& record, std::int64_t sector_size_bytes) {
  Bytes sector = metadata::blank(format.kind, format.kind.newest, sector_size_bytes);
  kName.set(sector, record.name);
  kId.set(sector, record.id);
  kIndex.set(sector, record.index);
  kCount.set(sector, record.count);
  if (format.unit) format.unit->set(sector, record.unit_bytes);
  format.provider.set(sector, record.owner.provider);
  format.provsize.set(sector, record.owner.provsize.value());
  return sector;
}

}  // namespace biotope::array
