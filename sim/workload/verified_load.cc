#include "sim/workload/verified_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace biotope::sim {
namespace {

// What all writes are whole multiples of, counted from where the job begins.
std::int64_t unit_of(const JobOptions& options) {
  std::int64_t unit_bytes = 0;
  for (const Share& share : options.write_lengths) unit_bytes = std::gcd(unit_bytes, share.value);
  return unit_bytes;
}

std::int64_t longest_write(const JobOptions& options) {
  std::int64_t longest_bytes = 0;
  for (const Share& share : options.write_lengths) {
    longest_bytes = std::max(longest_bytes, share.value);
  }
  return longest_bytes;
}

}  // namespace

VerifiedLoad::VerifiedLoad(const JobOptions& options, std::unique_ptr<Load> job,
                           std::uint32_t writer)
    : job_(std::move(job)),
      writer_(writer % Stamp::kWriters),
      fatal_(options.verify_fatal),
      depth_(options.depth),
      reread_units_(longest_write(options) / unit_of(options)),
      places_(options.offset_bytes, unit_of(options)),
      reread_next_(options.rereads ? 0 : -1) {}

// --- asking -------------------------------------------------------------------------------------

std::int64_t VerifiedLoad::due_ns() const {
  if (!job_->over()) return job_->due_ns();
  const bool more = rereads() && rereading_ < depth_ && places_.next(reread_next_) >= 0;
  return more ? now_ns_ : kNever;
}

bool VerifiedLoad::over() const {
  return job_->over() && rereading_ == 0 && !(rereads() && places_.next(reread_next_) >= 0);
}

void VerifiedLoad::stop() {
  stopped_ = true;
  job_->stop();
}

std::int64_t VerifiedLoad::end_unit(const LoadRequest& request) const {
  return places_.unit_at(request.offset_bytes + request.length_bytes - 1) + 1;
}

LoadRequest VerifiedLoad::issue(std::int64_t now_ns) {
  now_ns_ = now_ns;
  LoadRequest request = job_->over() ? reread() : job_->issue(now_ns);
  if (out_.size() <= request.slot) out_.resize(request.slot + 1);
  Out& out = out_[request.slot];
  out.oldest.clear();
  const std::int64_t first = places_.unit_at(request.offset_bytes);
  if (request.command == Command::write) {
    request.stamp = {writer_, places_.begin(first, end_unit(request)), request.offset_bytes};
  } else if (request.command == Command::read) {
    for (std::int64_t unit = first; unit < end_unit(request); ++unit) {
      out.oldest.push_back(places_.oldest(unit));
    }
  }
  out.request = request;
  return request;
}

// The next places that were written, one beside the other.
LoadRequest VerifiedLoad::reread() {
  const std::int64_t first = places_.next(reread_next_);
  std::int64_t end = first + 1;
  while (end - first < reread_units_ && places_.next(end) == end) ++end;
  reread_next_ = end;
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint64_t>(rereading_));
  }
  LoadRequest request;
  request.slot = free_slots_.back();
  free_slots_.pop_back();
  request.command = Command::read;
  request.offset_bytes = places_.begin_bytes(first);
  request.length_bytes = (end - first) * places_.unit_bytes();
  request.wanted_ns = now_ns_;
  request.rereads = true;
  ++rereading_;
  return request;
}

void VerifiedLoad::finished(std::uint64_t slot, std::int64_t now_ns) {
  now_ns_ = now_ns;
  const LoadRequest& request = out_[slot].request;
  if (request.rereads) {
    --rereading_;
    free_slots_.push_back(slot);
    return;
  }
  if (request.command == Command::write) {
    places_.finish(places_.unit_at(request.offset_bytes), end_unit(request),
                   request.stamp.generation);
  }
  job_->finished(slot, now_ns);
}

// --- looking ------------------------------------------------------------------------------------

void VerifiedLoad::brought(std::uint64_t slot, std::span<const std::byte> bytes) {
  const Out& out = out_[slot];
  const std::int64_t first = places_.unit_at(out.request.offset_bytes);
  std::int64_t at_bytes = out.request.offset_bytes;
  for (std::int64_t unit = first; !bytes.empty(); ++unit) {
    const std::int64_t room_bytes = places_.begin_bytes(unit + 1) - at_bytes;
    const auto piece = bytes.first(std::min(bytes.size(), static_cast<std::size_t>(room_bytes)));
    const std::uint32_t oldest = out.oldest[static_cast<std::size_t>(unit - first)];
    // What was there before the first write is anybody's guess.
    if (oldest != 0) {
      const std::uint32_t newest = places_.newest(unit);
      verification_.checked_bytes += std::ssize(piece);
      if (!right(oldest, newest, at_bytes, piece)) {
        if (verification_.wrong++ == 0) verification_.first = tell(newest, at_bytes, piece);
        if (fatal_) stop();
      }
    }
    at_bytes += std::ssize(piece);
    bytes = bytes.subspan(piece.size());
  }
}

bool VerifiedLoad::right(std::uint32_t oldest, std::uint32_t newest, std::int64_t at_bytes,
                         std::span<const std::byte> bytes) const {
  for (std::uint32_t number = newest; number >= oldest; --number) {
    if (Stamp{writer_, number, at_bytes}.first_difference(bytes) == bytes.size()) return true;
  }
  return false;
}

std::string VerifiedLoad::tell(std::uint32_t newest, std::int64_t at_bytes,
                               std::span<const std::byte> bytes) const {
  const Stamp wanted{writer_, newest, at_bytes};
  const std::size_t differs = wanted.first_difference(bytes);
  std::byte byte{};
  wanted.shifted(static_cast<std::int64_t>(differs)).fill({&byte, 1});
  const std::int64_t differs_bytes = at_bytes + static_cast<std::int64_t>(differs);
  return fmt::format(
      "what write {} of workload {} brought to {} reads back wrong: byte {} is 0x{:02x} and not "
      "0x{:02x}; {}",
      newest, writer_, at_bytes, differs_bytes, static_cast<int>(bytes[differs]),
      static_cast<int>(byte), origin(at_bytes, differs_bytes, bytes));
}

// Where bytes come from that should not be here.
std::string VerifiedLoad::origin(std::int64_t at_bytes, std::int64_t differs_bytes,
                                 std::span<const std::byte> bytes) const {
  const std::int64_t cell_bytes =
      std::max(differs_bytes - differs_bytes % Stamp::kCellBytes, at_bytes);
  bytes = bytes.subspan(static_cast<std::size_t>(cell_bytes - at_bytes));
  const std::optional<Stamp> found = stamp_of(cell_bytes, bytes);
  if (!found) {
    const bool zeros =
        std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
    return zeros ? "there are zeros" : "no workload wrote that";
  }
  const std::string who = fmt::format("write {} of workload {}", found->generation, found->writer);
  if (found->origin_bytes != cell_bytes) {
    return fmt::format("it is of {}, meant for {}: it went astray", who, found->origin_bytes);
  }
  if (found->writer != writer_) return fmt::format("it is of {}", who);
  return fmt::format("it is of {}, an older one: a later write was lost", who);
}

}  // namespace biotope::sim
