#include "classes/mirror/sync.h"

#include <algorithm>

#include "classes/mirror/mirror.h"
#include "model/control_io.h"

namespace biotope::mirror {

Sync::Sync(Mirror& mirror, std::uint32_t member, std::vector<Extent> todo)
    : mirror_(mirror),
      member_(member),
      todo_(std::move(todo)),
      noted_at_ns_(mirror.mesh().executor().now_ns()) {
  for (const Extent& e : todo_) left_bytes_ += e.length_bytes;
}

void Sync::start() {
  running_ = std::max<std::int64_t>(mirror_.tuning().sync_lanes, 1);
  for (std::int64_t i = running_; i > 0; --i) lanes_.push_back(lane());
  for (Task<void>& lane : lanes_) lane.start();
}

std::optional<Extent> Sync::next() {
  while (at_ < todo_.size() && todo_[at_].length_bytes == 0) ++at_;
  if (cancelled_ || at_ == todo_.size()) return std::nullopt;
  const std::int64_t sector = mirror_.self().sector_size_bytes;
  const std::int64_t most = std::max(mirror_.tuning().sync_block_bytes / sector, std::int64_t{1});
  Extent& rest = todo_[at_];
  const Extent block{rest.offset_bytes, std::min(most * sector, rest.length_bytes)};
  rest.offset_bytes += block.length_bytes;
  rest.length_bytes -= block.length_bytes;
  under_way_.push_back(block);
  return block;
}

void Sync::finished(const Extent& block) {
  std::erase_if(under_way_, [&](const Extent& e) { return e.offset_bytes == block.offset_bytes; });
  left_bytes_ -= block.length_bytes;
}

std::int64_t Sync::position_bytes() const {
  auto position = static_cast<std::int64_t>(mirror_.self().media_size_bytes);
  if (at_ < todo_.size()) position = todo_[at_].offset_bytes;
  for (const Extent& e : under_way_) position = std::min(position, e.offset_bytes);
  return position;
}

Task<void> Sync::lane() {
  while (const std::optional<Extent> block = next()) {
    const std::int64_t pause_ns = mirror_.pause_before_copying(block->length_bytes);
    if (pause_ns > 0) co_await sleep(mirror_.mesh().executor(), pause_ns);
    if (cancelled_) break;
    const Status copied = co_await copy(*block);
    if (!copied) {
      if (how_) how_ = copied;
      cancelled_ = true;
      break;
    }
    finished(*block);
    const std::int64_t now_ns = mirror_.mesh().executor().now_ns();
    if (now_ns - noted_at_ns_ < mirror_.tuning().idle_ns) continue;
    noted_at_ns_ = now_ns;
    mirror_.post([mirror = &mirror_, member = member_] { return mirror->note_progress(member); });
  }
  if (--running_ > 0) co_return;
  mirror_.later_.post([mirror = &mirror_, this] { mirror->copy_over(*this, how_); });
}

Task<Status> Sync::copy(Extent block) {
  Traffic::Claim claim(mirror_.traffic_, block.offset_bytes, block.length_bytes);
  co_await claim.granted();
  if (cancelled_) co_return fail(ECANCELED, "the copy has been given up");
  const Member* to = mirror_.find(member_);
  if (to == nullptr) co_return fail(ENXIO, "the disk has left the mirror");
  Result<Mirror::Copy> good =
      co_await mirror_.read_good(block.offset_bytes, block.length_bytes, to->bit());
  if (!good) co_return pass_on(good);
  co_return co_await mirror_.write_to(member_, block.offset_bytes, std::move(good->bytes));
}

}  // namespace biotope::mirror
