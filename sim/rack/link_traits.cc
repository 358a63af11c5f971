#include "sim/rack/link_traits.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

LinkTraits LinkTraits::of(LinkKind kind) {
  LinkTraits traits;
  traits.kind = kind;
  if (kind == LinkKind::direct) return traits;
  traits.tags = 1;
  traits.shared = kind != LinkKind::sata;
  traits.one_at_a_time = kind == LinkKind::floppy || kind == LinkKind::usb;
  switch (kind) {
    case LinkKind::scsi:  // Ultra SCSI, 16 bits
      traits.most_bays = 15;
      traits.tags = 64;
      traits.bytes_per_second = 40'000'000;
      traits.command_ns = 20'000;
      break;
    case LinkKind::sata:  // 3 Gbit/s
      traits.most_bays = 32;
      traits.tags = 32;
      traits.bytes_per_second = 300'000'000;
      traits.command_ns = 1'000;
      break;
    case LinkKind::floppy:  // the medium is slower than any wire
      traits.most_bays = 4;
      break;
    case LinkKind::usb:  // 480 Mbit/s, bulk only
      traits.most_bays = 127;
      traits.bytes_per_second = 30'000'000;
      traits.command_ns = 125'000;
      break;
    case LinkKind::direct:
      break;
  }
  return traits;
}

std::int64_t LinkTraits::passage_ns(std::int64_t bytes) const {
  const auto data_ns =
      bytes_per_second == 0 ? 0 : static_cast<__int128>(bytes) * kSecond / bytes_per_second;
  return command_ns + static_cast<std::int64_t>(data_ns);
}

}  // namespace biotope::sim
