#include "classes/fs/work.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cstring>

namespace biotope::fs {

namespace {

using Philox = r123::Philox4x32;

Philox::ctr_type draw(std::uint64_t seed, std::uint64_t turn, std::uint32_t what) {
  const Philox::ctr_type counter{
      {static_cast<std::uint32_t>(turn), static_cast<std::uint32_t>(turn >> 32), what, 0}};
  const Philox::key_type key{
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  return Philox()(counter, key);
}

// A number below `bound`, from 32 random bits.
std::int64_t below(std::int64_t bound, std::uint32_t random) {
  return static_cast<std::int64_t>(
      (static_cast<std::uint64_t>(bound) * static_cast<std::uint64_t>(random)) >> 32);
}

constexpr std::uint32_t kPlace = 0;
constexpr std::uint32_t kPattern = 1;

}  // namespace

Work::Place Work::choose(std::uint64_t turn) const {
  const auto random = draw(options_.seed, turn, kPlace);
  const auto size = static_cast<std::int64_t>(contents_.size());
  const std::int64_t length = 1 + below(std::min(options_.most_bytes, size), random[0]);
  return {below(size - length + 1, random[1]), length,
          below(100, random[2]) < options_.write_percent && !mount_->readonly()};
}

Bytes Work::pattern(std::uint64_t turn, std::int64_t length_bytes) const {
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  constexpr std::size_t kStep = sizeof(Philox::ctr_type);
  for (std::size_t at = 0; at < bytes.size(); at += kStep) {
    const auto random =
        draw(options_.seed, turn, kPattern + static_cast<std::uint32_t>(at / kStep));
    std::memcpy(bytes.data() + at, &random, std::min(kStep, bytes.size() - at));
  }
  return bytes;
}

Task<Status> Work::turn(std::uint64_t number) {
  const Place place = choose(number);
  if (place.write) {
    Bytes bytes = pattern(number, place.length_bytes);
    std::copy(bytes.begin(), bytes.end(), contents_.begin() + place.offset_bytes);
    ++writes_;
    Status written =
        co_await Mount::write_file(mount_, options_.path, place.offset_bytes, std::move(bytes));
    if (written && options_.sync_every > 0 &&
        writes_ % static_cast<std::uint64_t>(options_.sync_every) == 0) {
      written = co_await Mount::sync(mount_);
    }
    co_return written;
  }
  ++reads_;
  const Result<Bytes> read =
      co_await Mount::read_file(mount_, options_.path, place.offset_bytes, place.length_bytes);
  if (!read) co_return pass_on(read);
  if (!std::equal(read->begin(), read->end(), contents_.begin() + place.offset_bytes)) {
    co_return fail(EILSEQ, mount_->name(), ": ", options_.path, " does not hold at ",
                   place.offset_bytes, " what was written there");
  }
  co_return Status{};
}

Task<Status> Work::run(Pointer self) {
  const Result<FileMap> map = co_await Mount::find(self->mount_, self->options_.path);
  if (!map) co_return pass_on(map);
  if (map->size_bytes == 0) {
    co_return fail(EINVAL, self->mount_->name(), ": ", self->options_.path,
                   " is empty, so there is nothing to work on");
  }
  Result<Bytes> all =
      co_await Mount::read_file(self->mount_, self->options_.path, 0, map->size_bytes);
  if (!all) co_return pass_on(all);
  self->contents_ = std::move(*all);
  for (std::uint64_t number = 0; !self->stopped_ && !self->mount_->leaving(); ++number) {
    Status done = co_await self->turn(number);
    if (!done) co_return done;
    const std::int64_t pause_ns = std::max(self->options_.pause_ns, WorkOptions::kLeastPause_ns);
    co_await sleep(self->mount_->executor(), pause_ns);
  }
  co_return Status{};
}

}  // namespace biotope::fs
