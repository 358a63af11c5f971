// Looks at all copies of everything, and says where they are not the same.
#include <algorithm>
#include <optional>

#include "classes/mirror/mirror.h"
#include "model/control_io.h"

namespace biotope::mirror {

struct Mirror::Scrub {
  bool mend;
  std::string trusted;
  std::function<void(Result<ScrubReport>)> then;
  ScrubReport report = {};
};

namespace {

// One sector as one disk has it; nothing where it can not be read.
struct Sector {
  std::uint32_t member;
  std::optional<Bytes> bytes;
};

// What most of the disks that can be read have; null without a majority.
const Bytes* majority(const std::vector<Sector>& sectors) {
  const auto same = [&](const Bytes& bytes) {
    return std::ranges::count_if(sectors, [&](const Sector& s) { return s.bytes == bytes; });
  };
  const auto readable =
      std::ranges::count_if(sectors, [](const Sector& s) { return s.bytes.has_value(); });
  for (const Sector& s : sectors) {
    if (s.bytes && 2 * same(*s.bytes) > readable) return &*s.bytes;
  }
  return nullptr;
}

}  // namespace

void Mirror::scrub(bool mend, const std::string& trusted,
                   std::function<void(Result<ScrubReport>)> then) {
  auto scrub = std::make_shared<Scrub>(Scrub{mend, trusted, std::move(then)});
  mending_.post([this, scrub = std::move(scrub)] { return scrub_all(scrub); });
}

Task<void> Mirror::scrub_all(std::shared_ptr<Scrub> scrub) {
  Status fine = in_service("be scrubbed");
  const Member* trusted = scrub->trusted.empty() ? nullptr : find(scrub->trusted);
  if (fine && !scrub->trusted.empty() &&
      (trusted == nullptr || trusted->state != Member::State::active)) {
    fine = fail(EINVAL, scrub->trusted, " can not be trusted: it is no disk of mirror ", name(),
                " that has everything");
  }
  const std::int64_t sector = self_.sector_size_bytes;
  const std::int64_t block = std::max(tuning_.sync_block_bytes / sector, std::int64_t{1}) * sector;
  for (std::int64_t at = 0; fine && at < static_cast<std::int64_t>(self_.media_size_bytes);
       at += block) {
    const std::int64_t length =
        std::min(block, static_cast<std::int64_t>(self_.media_size_bytes) - at);
    const std::int64_t pause_ns = pause_before_copying(length);
    if (pause_ns > 0) co_await sleep(mesh().executor(), pause_ns);
    fine = co_await scrub_block(*scrub, at, length);
  }
  if (fine) {
    scrub->then(std::move(scrub->report));
  } else {
    scrub->then(pass_on(fine));
  }
}

Task<Status> Mirror::scrub_block(Scrub& scrub, std::int64_t offset_bytes,
                                 std::int64_t length_bytes) {
  if (const Status fine = in_service("be scrubbed"); !fine) co_return fine;
  Traffic::Claim claim(traffic_, offset_bytes, length_bytes);
  co_await claim.granted();
  std::vector<std::uint32_t> numbers;
  for (const Member* m : active_) numbers.push_back(m->number);
  std::vector<Bytes> copies;
  for (const std::uint32_t number : numbers) {
    const Member* m = find(number);
    if (m == nullptr) continue;
    Result<Bytes> bytes = co_await biotope::read(*m->edge, offset_bytes, length_bytes);
    if (bytes) copies.push_back(std::move(*bytes));
  }
  scrub.report.compared_bytes += length_bytes;
  const bool same = copies.size() == numbers.size() &&
                    std::ranges::adjacent_find(copies, std::ranges::not_equal_to{}) == copies.end();
  if (same) co_return Status{};
  const std::int64_t sector = self_.sector_size_bytes;
  for (std::int64_t at = 0; at < length_bytes; at += sector) {
    if (const Status done = co_await scrub_sector(scrub, offset_bytes + at); !done) co_return done;
  }
  co_return Status{};
}

Task<Status> Mirror::scrub_sector(Scrub& scrub, std::int64_t offset_bytes) {
  const std::int64_t sector = self_.sector_size_bytes;
  std::vector<Sector> sectors;
  std::vector<std::uint32_t> numbers;
  for (const Member* m : active_) numbers.push_back(m->number);
  for (const std::uint32_t number : numbers) {
    const Member* m = find(number);
    if (m == nullptr) continue;
    Result<Bytes> bytes = co_await biotope::read(*m->edge, offset_bytes, sector);
    sectors.push_back({number, bytes ? std::optional(std::move(*bytes)) : std::nullopt});
  }
  ScrubReport& report = scrub.report;
  const bool unreadable =
      std::ranges::any_of(sectors, [](const Sector& s) { return !s.bytes.has_value(); });
  bool differs = false;
  const Bytes* first = nullptr;
  for (const Sector& s : sectors) {
    if (!s.bytes) continue;
    differs = differs || (first != nullptr && *first != *s.bytes);
    first = &*s.bytes;
  }
  if (!unreadable && !differs) co_return Status{};
  if (unreadable) report.unreadable_bytes += sector;
  if (differs) report.differing_bytes += sector;
  if (report.offsets.size() < ScrubReport::kOffsets) report.offsets.push_back(offset_bytes);
  if (!scrub.mend) co_return Status{};
  const Bytes* right = majority(sectors);
  const Member* trusted = scrub.trusted.empty() ? nullptr : find(scrub.trusted);
  for (const Sector& s : sectors) {
    if (right == nullptr && trusted != nullptr && s.member == trusted->number && s.bytes) {
      right = &*s.bytes;
    }
  }
  if (right == nullptr) co_return Status{};
  bool mended = false;
  for (const Sector& s : sectors) {
    if (s.bytes == *right) continue;
    const Status written = co_await write_to(s.member, offset_bytes, *right);
    mended = mended || written.has_value();
    Member* bad = find(s.member);
    if (!written && bad != nullptr) {
      lose(*bad, written.error().code == ENXIO ? Loss::gone : Loss::broken,
           sentence("it can not be repaired: ", written.error().text));
    }
  }
  if (mended) report.repaired_bytes += sector;
  co_return Status{};
}

}  // namespace biotope::mirror
