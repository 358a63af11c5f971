#include "sim/media/block.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace biotope::sim {
namespace {

constexpr int kGenerationBits = std::countr_zero(Stamp::kGenerations);
constexpr int kCutBits = 13;
static_assert(Block::kBytes < 1 << kCutBits);
static_assert(2 * kGenerationBits + std::countr_zero(Stamp::kWriters) < 63);

}  // namespace

Block::Block(Block&& other) noexcept
    : place_(std::exchange(other.place_, 0)), who_(std::exchange(other.who_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(place_, other.place_);
  std::swap(who_, other.who_);
  return *this;
}

void Block::forget() {
  if (has_bytes()) delete &bytes();
  place_ = 0;
  who_ = 0;
}

Block::Halves Block::halves() const {
  constexpr std::uint64_t kGeneration = Stamp::kGenerations - 1;
  Halves halves;
  halves.origin_bytes = static_cast<std::int64_t>(place_) >> kCutBits;
  halves.cut = static_cast<std::int64_t>(place_ & ((1 << kCutBits) - 1));
  halves.before = static_cast<std::uint32_t>(who_ & kGeneration);
  halves.behind = static_cast<std::uint32_t>(who_ >> kGenerationBits & kGeneration);
  halves.writer = static_cast<std::uint32_t>(who_ >> 2 * kGenerationBits);
  return halves;
}

void Block::set(const Halves& halves) {
  forget();
  if (halves.before == 0 && halves.behind == 0) return;
  place_ = static_cast<std::uint64_t>(halves.origin_bytes) << kCutBits |
           static_cast<std::uint64_t>(halves.cut);
  who_ = (std::uint64_t{halves.writer} << kGenerationBits | halves.behind) << kGenerationBits |
         halves.before;
}

void Block::set(std::unique_ptr<Bytes> bytes) {
  forget();
  place_ = reinterpret_cast<std::uintptr_t>(bytes.release());
  who_ = kReal;
}

void Block::make_real() {
  if (has_bytes()) return;
  auto bytes = std::make_unique<Bytes>();
  read(0, *bytes);
  set(std::move(bytes));
}

void Block::read(std::int64_t from, std::span<std::byte> to) const {
  if (has_bytes()) {
    std::copy_n(bytes().begin() + from, to.size(), to.begin());
    return;
  }
  const Halves is = halves();
  const auto before =
      static_cast<std::size_t>(std::clamp(is.cut - from, std::int64_t{0}, std::ssize(to)));
  is.stamp(is.before).shifted(from).fill(to.first(before));
  is.stamp(is.behind).shifted(from + static_cast<std::int64_t>(before)).fill(to.subspan(before));
}

void Block::write(std::int64_t from, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (std::ssize(bytes) == kBytes && !has_bytes()) {
    set(std::make_unique<Bytes>());
  } else {
    make_real();
  }
  std::copy(bytes.begin(), bytes.end(), this->bytes().begin() + from);
}

Block::Halves Block::halves_of(const Stamp& stamp) {
  return {stamp.writer, stamp.origin_bytes, kBytes, stamp.generation, 0};
}

// What both halves become under a piece of another stamp; nothing where that takes more than two.
std::optional<Block::Halves> Block::stamped(const Halves& old, std::int64_t from, std::int64_t to,
                                            const Stamp& stamp) {
  struct Part {
    std::int64_t begin;
    std::int64_t end;
    Stamp is;
  };
  const Stamp before = old.stamp(old.before);
  const Stamp behind = old.stamp(old.behind);
  const Part parts[] = {{0, std::min(old.cut, from), before},
                        {old.cut, from, behind},
                        {from, to, stamp},
                        {to, old.cut, before},
                        {std::max(old.cut, to), kBytes, behind}};
  Halves now{0, 0, 0, 0, 0};
  int runs = 0;
  for (const Part& part : parts) {
    if (part.begin >= part.end) continue;
    if (!part.is.zeros()) {
      const bool first = now.before == 0 && now.behind == 0;
      if (first)
        std::tie(now.writer, now.origin_bytes) = std::pair(part.is.writer, part.is.origin_bytes);
      if (part.is.writer != now.writer || part.is.origin_bytes != now.origin_bytes) return {};
    }
    if (runs == 0 || part.is.generation != (runs == 1 ? now.before : now.behind)) ++runs;
    if (runs > 2) return {};
    (runs == 1 ? now.before : now.behind) = part.is.generation;
    if (runs == 1) now.cut = part.end;
  }
  return now;
}

void Block::stamp(std::int64_t from, std::int64_t length, const Stamp& stamp) {
  if (length == 0) return;
  const Stamp whole = stamp.shifted(-from);
  if (length == kBytes) return set(halves_of(whole));
  if (!has_bytes()) {
    if (const auto now = stamped(halves(), from, from + length, whole)) return set(*now);
    make_real();
  }
  stamp.fill(std::span<std::byte>(bytes()).subspan(static_cast<std::size_t>(from),
                                                   static_cast<std::size_t>(length)));
  if (const auto now = shortened(from, from + length, whole)) set(*now);
}

// The generation of all bytes of begin..end - 1, where they are of the same writer and origin.
std::optional<std::uint32_t> Block::generation_of(std::int64_t begin, std::int64_t end,
                                                  const Stamp& whole) const {
  const auto part = std::span<const std::byte>(bytes()).subspan(
      static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  if (part.empty()) return whole.generation;
  Stamp stamp;  // zeros
  if (const std::int64_t at_bytes = whole.origin_bytes + begin; at_bytes >= 0) {
    const std::optional<Stamp> found = stamp_of(at_bytes, part);
    const bool same = found && found->writer == whole.writer && found->origin_bytes == at_bytes;
    if (same) stamp = *found;
  }
  if (stamp.first_difference(part) < part.size()) return std::nullopt;
  return stamp.generation;
}

// Real bytes as stamps, of which from..to - 1 is one; nothing where that takes more than two.
std::optional<Block::Halves> Block::shortened(std::int64_t from, std::int64_t to,
                                              const Stamp& whole) const {
  const auto before = generation_of(0, from, whole);
  const auto behind = before ? generation_of(to, kBytes, whole) : std::nullopt;
  if (!behind) return std::nullopt;
  Halves now{whole.writer, whole.origin_bytes, to, whole.generation, *behind};
  if (*before == whole.generation) return now;
  if (*behind != whole.generation) return std::nullopt;
  return Halves{whole.writer, whole.origin_bytes, from, *before, whole.generation};
}

}  // namespace biotope::sim
