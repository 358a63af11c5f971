// The engine at work, and the bytes that it moves.
#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "sim/rack/drive.h"

namespace biotope::sim {
namespace {

DriveEngine::Command engine_command(DriveCommand command) {
  if (command == DriveCommand::read) return DriveEngine::Command::read;
  if (command == DriveCommand::write) return DriveEngine::Command::write;
  return DriveEngine::Command::erase;
}

bool waits_for_all(const DriveExtension& request) {
  return request.ordered || request.command == DriveCommand::flush ||
         request.command == DriveCommand::erase;
}

}  // namespace

// Everything that is due by now, and then whatever can be begun.
void Drive::run() {
  while (const auto done = engine_->finished(executor_.now_ns())) finish(*done);
  if (kind_->volatile_cache) land();
  hand_over();
  set_busy(in_drive() > 0);
  if (host_ != nullptr) host_->drive_changed();
  wake_later();
}

bool Drive::quiet() const {
  return engine_->outstanding() == 0 && forced_.empty() && !engine_->writes_back();
}

void Drive::hand_over() {
  while (!queue_.empty() && !alone_) {
    const DriveExtension& front = drive_extension(queue_.front());
    const bool flush = front.command == DriveCommand::flush;
    if (waits_for_all(front) && !(flush && flush_lies_)) {
      engine_->flush(executor_.now_ns());
      if (!quiet()) return;
    }
    if (!flush) {
      submit(queue_.pop());
    } else if (executor_.now_ns() >= front.ready_ns) {
      const int error = engine_->flush_error(executor_.now_ns());
      const int before = std::exchange(unreported_, 0);
      answer_soon(queue_.pop(), before != 0 ? before : error);
    } else {
      return;
    }
  }
}

void Drive::submit(tlm::tlm_generic_payload& payload) {
  if (free_tags_.empty()) {
    free_tags_.push_back(in_engine_.size());
    in_engine_.push_back(nullptr);
  }
  const std::uint64_t tag = free_tags_.back();
  free_tags_.pop_back();
  in_engine_[tag] = &payload;
  const DriveExtension& extension = drive_extension(payload);
  const std::int64_t sector_bytes = kind_->sector_bytes;
  alone_ = extension.ordered || extension.command == DriveCommand::erase;
  engine_->submit(tag, engine_command(extension.command),
                  static_cast<std::int64_t>(payload.get_address()) / sector_bytes,
                  extension.length_bytes / sector_bytes, executor_.now_ns());
}

// What the engine does while nobody waits for it needs no looking after.
void Drive::wake_later() {
  std::int64_t next_ns = kNever;
  if (in_drive() > 0) next_ns = engine_->event_ns();
  if (!queue_.empty() && !alone_ && (flush_lies_ || quiet())) {
    next_ns = std::min(next_ns, drive_extension(queue_.front()).ready_ns);
  }
  if (next_ns >= wake_ns_) return;
  wake_ns_ = next_ns;
  executor_.after(next_ns - executor_.now_ns(), [this, next_ns] {
    if (wake_ns_ != next_ns) return;
    wake_ns_ = kNever;
    run();
  });
}

// --- the end of a request -----------------------------------------------------------------------

void Drive::finish(const DriveEngine::Finished& done) {
  if (done.again) {
    ++statistics_.stray_answers;
    return;
  }
  tlm::tlm_generic_payload* const asked = std::exchange(in_engine_[done.tag], nullptr);
  free_tags_.push_back(done.tag);
  if (asked == nullptr) {
    alone_ = false;
    return;
  }
  tlm::tlm_generic_payload& payload = *asked;
  const DriveExtension& extension = drive_extension(payload);
  const int error = complete(payload, done);
  const bool waits = extension.command == DriveCommand::write && error == 0 &&
                     (extension.forced || extension.ordered) && kind_->volatile_cache &&
                     !flush_lies_;
  if (waits) {
    forced_.push_back(&payload);
    engine_->flush(executor_.now_ns());
  } else {
    alone_ = false;
    answer_soon(payload, error);
  }
}

// Moves what has not yet been moved of a request that the engine is done with.
int Drive::complete(tlm::tlm_generic_payload& payload, const DriveEngine::Finished& done) {
  const DriveExtension& extension = drive_extension(payload);
  const bool erases = extension.command == DriveCommand::erase;
  if (erases) return done.error != 0 ? done.error : erase(payload);
  const std::int64_t end_bytes =
      done.error == 0 ? extension.length_bytes : done.sectors * kind_->sector_bytes;
  const std::int64_t left_bytes =
      std::max<std::int64_t>(0, end_bytes - extension.transferred_bytes);
  const std::int64_t sectors = left_bytes / kind_->sector_bytes;
  int moved = 0;
  if (extension.command == DriveCommand::read || !kind_->volatile_cache) {
    moved = move_bytes(payload, sectors);
  } else {
    hold(payload, sectors);
  }
  return done.error != 0 ? done.error : moved;
}

int Drive::erase(const tlm::tlm_generic_payload& payload) {
  const auto offset_bytes = static_cast<std::int64_t>(payload.get_address());
  const std::int64_t length_bytes = payload.get_extension<DriveExtension>()->length_bytes;
  if (older_ != nullptr) older_->keep(*medium_, offset_bytes, length_bytes);
  const Status erased = medium_->erase(offset_bytes, length_bytes);
  return erased ? 0 : erased.error().code;
}

// Writes that were answered before they were on the medium: what of them is there by now.
void Drive::land() {
  if (volatile_.empty() && forced_.empty()) return;
  unwritten_.clear();
  engine_->add_unwritten(unwritten_, executor_.now_ns());
  if (!volatile_.empty()) {
    const Status landed = volatile_.land(unwritten_, *medium_, older_.get());
    if (!landed) unreported_ = landed.error().code;
  }
  answer_forced();
}

void Drive::answer_forced() {
  for (tlm::tlm_generic_payload*& payload : forced_) {
    if (!on_medium(*payload)) continue;
    if (drive_extension(*payload).ordered) alone_ = false;
    answer_soon(*std::exchange(payload, nullptr), std::exchange(unreported_, 0));
  }
  std::erase(forced_, nullptr);
}

bool Drive::on_medium(const tlm::tlm_generic_payload& payload) const {
  const std::int64_t first = static_cast<std::int64_t>(payload.get_address()) / kind_->sector_bytes;
  const std::int64_t end =
      first + payload.get_extension<DriveExtension>()->length_bytes / kind_->sector_bytes;
  const auto overlaps = [&](const auto& extent) {
    return extent.first < end && first < extent.end;
  };
  return std::none_of(unwritten_.begin(), unwritten_.end(), overlaps);
}

// --- bytes --------------------------------------------------------------------------------------

// What lies in the buffer covers what is on the medium.
int Drive::read_piece(std::int64_t at_bytes, std::span<std::byte> to) const {
  const Status got = medium_->see(at_bytes, to);
  if (!got) return got.error().code;
  volatile_.cover(at_bytes, to);
  return 0;
}

int Drive::write_piece(std::int64_t at_bytes, std::span<const std::byte> from,
                       const StampedMemory& stamped) {
  if (older_ != nullptr) older_->keep(*medium_, at_bytes, std::ssize(from));
  const std::optional<Stamp> stamp = stamped.of(from);
  const Status put =
      stamp ? medium_->stamp(at_bytes, std::ssize(from), *stamp) : medium_->write(at_bytes, from);
  return put ? 0 : put.error().code;
}

// Moves the next `sectors` of a request between the medium and the request's memory.
int Drive::move_bytes(tlm::tlm_generic_payload& payload, std::int64_t sectors) {
  DriveExtension& extension = drive_extension(payload);
  const bool reads = extension.command == DriveCommand::read;
  const std::int64_t length_bytes = sectors * kind_->sector_bytes;
  const std::int64_t from_bytes =
      static_cast<std::int64_t>(payload.get_address()) + extension.transferred_bytes;
  if (reads && !medium_->readable(from_bytes, length_bytes)) return EIO;
  std::int64_t at_bytes = from_bytes;
  int error = 0;
  if (!extension.data.empty()) {
    extension.data.shifted(extension.transferred_bytes)
        .for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
          if (error != 0) return;
          error =
              reads ? read_piece(at_bytes, piece) : write_piece(at_bytes, piece, extension.stamped);
          at_bytes += static_cast<std::int64_t>(piece.size());
        });
  }
  if (error != 0) return error;
  if (!reads) medium_->make_readable(from_bytes, length_bytes);
  extension.transferred_bytes += length_bytes;
  (reads ? statistics_.read_bytes : statistics_.written_bytes) += length_bytes;
  return 0;
}

// The bytes of a write's last `sectors` are in the buffer.
void Drive::hold(tlm::tlm_generic_payload& payload, std::int64_t sectors) {
  DriveExtension& extension = drive_extension(payload);
  const std::int64_t at_bytes =
      static_cast<std::int64_t>(payload.get_address()) + extension.transferred_bytes;
  if (!extension.data.empty() && sectors > 0) {
    volatile_.add(at_bytes / kind_->sector_bytes, sectors,
                  extension.data.shifted(extension.transferred_bytes), extension.stamped);
  }
  extension.transferred_bytes += sectors * kind_->sector_bytes;
  statistics_.written_bytes += sectors * kind_->sector_bytes;
}

void Drive::catch_up() {
  run();
  for (std::uint64_t tag = 0; tag < in_engine_.size(); ++tag) {
    if (in_engine_[tag] == nullptr) continue;
    const std::int64_t moved_bytes = drive_extension(*in_engine_[tag]).transferred_bytes;
    const std::int64_t passed = engine_->progress(tag, executor_.now_ns());
    const std::int64_t more = passed - moved_bytes / kind_->sector_bytes;
    // An image that can not be read shows at the request's end, or the request fails anyway.
    if (more > 0) static_cast<void>(move_bytes(*in_engine_[tag], more));
  }
}

}  // namespace biotope::sim
