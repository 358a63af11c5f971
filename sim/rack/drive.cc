#include "sim/rack/drive.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "model/check.h"

namespace biotope::sim {

Drive::Drive(const sc_core::sc_module_name& name, Executor& executor, const DriveProfile& profile)
    : sc_module(name), executor_(executor), profile_(profile), mechanics_(profile) {
  socket.register_nb_transport_fw(this, &Drive::receive);
}

Drive::~Drive() {
  if (medium_ != nullptr) medium_->set_in_drive({});
}

// --- the medium ---------------------------------------------------------------------------------

Status Drive::insert(std::shared_ptr<Medium> medium) {
  if (medium_ != nullptr) {
    return fail(EBUSY, name(), " already holds medium '", medium_->name(), "'; take it out first");
  }
  if (!medium->in_drive().empty()) {
    return fail(EBUSY, "medium '", medium->name(), "' is in ", medium->in_drive(),
                "; take it out there first");
  }
  if (medium->sector_size() != profile_.sector_size ||
      medium->size_bytes() > profile_.capacity_bytes) {
    return fail(EINVAL, "medium '", medium->name(), "' with ", medium->size_bytes(), " bytes in ",
                medium->sector_size(), "-byte sectors does not fit ", name(), ", a ", profile_.name,
                " of ", profile_.capacity_bytes, " bytes in ", profile_.sector_size,
                "-byte sectors");
  }
  medium_ = std::move(medium);
  medium_->set_in_drive(name());
  if (host_ != nullptr) host_->media_inserted();
  return {};
}

Status Drive::tear_out() {
  if (medium_ == nullptr) return fail(ENXIO, name(), " holds no medium");
  catch_up();
  remove_medium(Removal::torn_out);
  return {};
}

Status Drive::eject() {
  if (medium_ == nullptr) return fail(ENXIO, name(), " holds no medium");
  if (locked_by(LockHolder::person)) {
    return fail(EBUSY, name(), " is locked; unlock it to eject medium '", medium_->name(), "'");
  }
  if (locked()) {
    return fail(EBUSY, name(), " is locked while its disk is open; let its users close medium '",
                medium_->name(), "' first, or eject it with notice");
  }
  if (in_drive() > 0) {
    return fail(EBUSY, name(), " is working on ", in_drive(), " requests for medium '",
                medium_->name(), "'; eject it when they are done");
  }
  remove_medium(Removal::ejected);
  return {};
}

// The requests are answered after this: when the host hears of a failure it knows why already.
void Drive::remove_medium(Removal how) {
  medium_->set_in_drive({});
  medium_.reset();
  locks_ = 0;
  ++era_;
  if (current_ != nullptr) answer_soon(*std::exchange(current_, nullptr), ENXIO);
  while (!queue_.empty()) answer_soon(queue_.pop(), ENXIO);
  if (host_ != nullptr) host_->media_removed(how);
  set_busy(in_drive() > 0);
}

void Drive::set_lock(LockHolder holder, bool on) {
  const bool before = locked();
  const auto bit = static_cast<unsigned>(holder);
  locks_ = on ? locks_ | bit : locks_ & ~bit;
  if (locked() != before && host_ != nullptr) host_->lock_changed(locked());
}

// --- the socket ---------------------------------------------------------------------------------

tlm::tlm_sync_enum Drive::receive(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                  sc_core::sc_time&) {
  BIOTOPE_CHECK(phase == tlm::BEGIN_REQ, "a drive was sent an answer");
  auto* extension = payload.get_extension<DriveExtension>();
  if (extension == nullptr) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  if (extension->command >= DriveCommand::lock) return control(payload, *extension);

  payload.acquire();
  const int refused = refusal(payload);
  if (refused != 0) {
    answer_soon(payload, refused);
  } else {
    extension->ready_ns = executor_.now_ns() + profile_.command_overhead_ns;
    queue_.push(payload);
    start_next();
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

tlm::tlm_sync_enum Drive::control(tlm::tlm_generic_payload& payload, DriveExtension& extension) {
  Status done;
  if (extension.command == DriveCommand::eject) {
    done = eject();
  } else if (medium_ == nullptr) {
    done = fail(ENXIO, name(), " holds no medium");
  } else {
    set_lock(extension.holder, extension.command == DriveCommand::lock);
  }
  if (!done) extension.refusal = done.error().text;
  answer(payload, done ? 0 : done.error().code);
  return tlm::TLM_COMPLETED;
}

int Drive::refusal(const tlm::tlm_generic_payload& payload) const {
  const auto& extension = *payload.get_extension<DriveExtension>();
  if (medium_ == nullptr) return ENXIO;
  if (extension.command == DriveCommand::flush) return 0;
  if (extension.command != DriveCommand::read && medium_->write_protected()) return EROFS;
  const auto size_bytes = static_cast<std::uint64_t>(medium_->size_bytes());
  const auto sector_size = static_cast<std::uint64_t>(profile_.sector_size);
  const auto length_bytes = static_cast<std::uint64_t>(extension.length_bytes);
  const bool within = length_bytes > 0 && length_bytes <= size_bytes &&
                      payload.get_address() <= size_bytes - length_bytes;
  const bool whole = payload.get_address() % sector_size == 0 && length_bytes % sector_size == 0;
  return within && whole ? 0 : EINVAL;
}

// Answers go out on their own, after what is running: a host may send the next request, or a script
// change the medium, from inside an answer.
void Drive::answer_soon(tlm::tlm_generic_payload& payload, int error) {
  answer(payload, error);
  ++statistics_.requests;
  if (error != 0) ++statistics_.errors;
  answers_.push(payload);
  executor_.post([this] { answer_oldest(); });
}

void Drive::answer_oldest() {
  tlm::tlm_generic_payload& payload = answers_.pop();
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const tlm::tlm_sync_enum ended = socket->nb_transport_bw(payload, phase, delay);
  BIOTOPE_CHECK(ended == tlm::TLM_COMPLETED, "a controller did not take an answer");
  payload.release();
}

// --- the mechanism ------------------------------------------------------------------------------

void Drive::start_next() {
  if (current_ != nullptr) return;
  if (queue_.empty()) return set_busy(false);
  set_busy(true);
  current_ = &queue_.pop();
  const std::int64_t wait_ns = drive_extension(*current_).ready_ns - executor_.now_ns();
  if (wait_ns <= 0) return begin();
  pass_ = TrackPass();
  executor_.after(wait_ns, [this, era = era_] {
    if (era == era_) begin();
  });
}

void Drive::begin() {
  switch (drive_extension(*current_).command) {
    case DriveCommand::read:
    case DriveCommand::write:
      return begin_pass();
    case DriveCommand::erase: {
      const DriveExtension& extension = drive_extension(*current_);
      const auto offset_bytes = static_cast<std::int64_t>(current_->get_address());
      const Status erased = medium_->erase(offset_bytes, extension.length_bytes);
      return finish(erased ? 0 : erased.error().code);
    }
    default:
      return finish(0);
  }
}

void Drive::begin_pass() {
  const DriveExtension& extension = drive_extension(*current_);
  const std::int64_t at_bytes =
      static_cast<std::int64_t>(current_->get_address()) + extension.transferred_bytes;
  const std::int64_t left_bytes = extension.length_bytes - extension.transferred_bytes;
  pass_began_ns_ = executor_.now_ns();
  pass_sectors_done_ = 0;
  pass_ = mechanics_.pass(pass_began_ns_, at_bytes / profile_.sector_size,
                          left_bytes / profile_.sector_size);
  if (pass_.seek_ns > 0) ++statistics_.seeks;
  statistics_.seek_ns += pass_.seek_ns;
  statistics_.rotation_ns += pass_.rotation_ns;
  executor_.after(pass_.total_ns(), [this, era = era_] {
    if (era == era_) end_pass();
  });
}

void Drive::end_pass() {
  const int error = transfer(pass_.sectors - pass_sectors_done_);
  const DriveExtension& extension = drive_extension(*current_);
  if (error != 0 || extension.transferred_bytes == extension.length_bytes) return finish(error);
  begin_pass();
}

// Moves the next `sectors` of the pass between the medium and the request's memory.
int Drive::transfer(std::int64_t sectors) {
  DriveExtension& extension = drive_extension(*current_);
  const bool reads = extension.command == DriveCommand::read;
  const std::int64_t length_bytes = sectors * profile_.sector_size;
  std::int64_t at_bytes =
      static_cast<std::int64_t>(current_->get_address()) + extension.transferred_bytes;
  int error = 0;
  extension.data.shifted(extension.transferred_bytes)
      .for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
        if (error != 0) return;
        const Status moved =
            reads ? medium_->read(at_bytes, piece) : medium_->write(at_bytes, piece);
        if (!moved) error = moved.error().code;
        at_bytes += static_cast<std::int64_t>(piece.size());
      });
  if (error != 0) return error;
  extension.transferred_bytes += length_bytes;
  pass_sectors_done_ += sectors;
  statistics_.transfer_ns += sectors * pass_.sector_ns;
  (reads ? statistics_.read_bytes : statistics_.written_bytes) += length_bytes;
  return 0;
}

void Drive::catch_up() {
  if (current_ == nullptr || pass_.sectors == 0) return;
  const std::int64_t passed = pass_.sectors_passed(executor_.now_ns() - pass_began_ns_);
  // An image that can not be read shows at the end of the pass, or the request fails anyway.
  if (passed > pass_sectors_done_) static_cast<void>(transfer(passed - pass_sectors_done_));
}

void Drive::finish(int error) {
  answer_soon(*std::exchange(current_, nullptr), error);
  start_next();
}

void Drive::set_busy(bool busy) {
  if (busy == busy_) return;
  busy_ = busy;
  if (busy) {
    busy_since_ns_ = executor_.now_ns();
  } else {
    statistics_.busy_ns += executor_.now_ns() - busy_since_ns_;
  }
  if (host_ != nullptr) host_->busy_changed(busy);
}

DriveStatistics Drive::statistics() const {
  DriveStatistics now = statistics_;
  if (busy_) now.busy_ns += executor_.now_ns() - busy_since_ns_;
  return now;
}

}  // namespace biotope::sim
