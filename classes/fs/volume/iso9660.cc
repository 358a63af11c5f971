// ISO 9660, by its primary volume descriptor.
#include "classes/fs/volume/probes.h"
#include "classes/layout.h"

namespace biotope::fs {

namespace {

constexpr std::int64_t kDescriptorBytes = 2048;
constexpr std::int64_t kFirstDescriptor = 16;
constexpr std::int64_t kMostDescriptors = 64;
constexpr std::uint8_t kPrimary = 1;
constexpr std::uint8_t kTerminator = 255;

struct Descriptor {
  static constexpr auto type = layout::u8(0);
  static constexpr layout::Text identifier{1, 5};
  static constexpr auto version = layout::u8(6);
  static constexpr layout::Text volume_name{40, 32, ' '};
  static constexpr auto space_size = layout::le32(80);
  static constexpr auto space_size_big = layout::be32(84);
  static constexpr auto block_size = layout::le16(128);
  static constexpr auto block_size_big = layout::be16(130);
};

Result<VolumeInfo> parse(const Bytes& descriptor) {
  const std::uint32_t blocks = Descriptor::space_size.get(descriptor);
  const std::uint16_t block_size = Descriptor::block_size.get(descriptor);
  if (blocks != Descriptor::space_size_big.get(descriptor) ||
      block_size != Descriptor::block_size_big.get(descriptor)) {
    return fail(EINVAL, "looks like ISO 9660, but its two notes of its size differ");
  }
  if (blocks == 0 || !power_of_two_within(block_size, 512, 2048)) {
    return fail(EINVAL, "looks like ISO 9660, but says it has ", blocks, " blocks of ", block_size,
                " bytes");
  }
  VolumeInfo info;
  info.kind = VolumeKind::iso9660;
  info.name = printable(Descriptor::volume_name.get(descriptor));
  info.block_size_bytes = block_size;
  info.size_unit_bytes = block_size;
  info.size_bytes = std::int64_t{blocks} * block_size;
  return info;
}

}  // namespace

Probe probe_iso9660(VolumeReader& reader) {
  for (std::int64_t i = 0; i < kMostDescriptors; ++i) {
    const std::int64_t offset = (kFirstDescriptor + i) * kDescriptorBytes;
    const Result<Bytes> descriptor = co_await read_if_there(reader, offset, kDescriptorBytes);
    if (!descriptor) co_return pass_on(descriptor);
    if (descriptor->empty() || !Descriptor::identifier.holds(*descriptor, "CD001")) break;
    if (Descriptor::type.get(*descriptor) == kTerminator) break;
    if (Descriptor::type.get(*descriptor) != kPrimary) continue;
    Result<VolumeInfo> info = parse(*descriptor);
    if (!info) co_return pass_on(info);
    co_return std::make_unique<Volume>(std::move(*info));
  }
  co_return nullptr;
}

}  // namespace biotope::fs
