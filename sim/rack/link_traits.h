#pragma once

#include <cstdint>
#include <string_view>

namespace biotope::sim {

// How a controller and its drives talk.
enum class LinkKind : std::uint8_t {
  direct,  // at once, and any number of requests: nothing lies in between
  scsi,    // one bus for all: who wants it arbitrates by number; a drive at work leaves it
  sata,    // a wire to each drive
  floppy,  // one request at a time over all drives
  usb,     // likewise, and its wire is slow
};
inline constexpr std::string_view kLinkNames[] = {"direct", "scsi", "sata", "floppy", "usb"};

struct LinkTraits {
  LinkKind kind = LinkKind::direct;
  int most_bays = 256;
  bool shared = false;                // one wire for all drives, else one for each
  bool one_at_a_time = false;         // requests, over all drives
  std::int64_t tags = 0;              // requests the host sends to a drive before one is answered
  std::int64_t bytes_per_second = 0;  // 0: data take no time
  std::int64_t command_ns = 0;        // of a command on the wire, and of its answer
  // Until the host gives up waiting and does something, 0: never; and what each rung of that takes.
  std::int64_t timeout_ns = 30'000'000'000;
  std::int64_t recovery_ns = 250'000'000;
  int retries = 5;  // of a request that came back for it

  static LinkTraits of(LinkKind kind);
  // What one direction of a request takes on the wire.
  std::int64_t passage_ns(std::int64_t bytes) const;
};

struct LinkStatistics {
  std::uint64_t queue_full = 0;  // refusals by drives that had enough
  std::uint64_t retries = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t aborts = 0;
  std::uint64_t device_resets = 0;
  std::uint64_t bus_resets = 0;
  std::uint64_t given_up = 0;
  std::int64_t wire_ns = 0;  // with something on the wire, over all wires

  friend bool operator==(const LinkStatistics&, const LinkStatistics&) = default;
};

// What a drive that does not answer has to be given until it does.
enum class Rung : std::uint8_t { none, abort, device_reset, bus_reset, never };

inline constexpr std::string_view kRungNames[] = {"none", "abort", "device_reset", "bus_reset",
                                                  "never"};

}  // namespace biotope::sim
