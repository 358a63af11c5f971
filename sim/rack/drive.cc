#include "sim/rack/drive.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "model/check.h"

namespace biotope::sim {
namespace {

DriveEngine::Command engine_command(DriveCommand command) {
  if (command == DriveCommand::read) return DriveEngine::Command::read;
  if (command == DriveCommand::write) return DriveEngine::Command::write;
  return DriveEngine::Command::erase;
}

}  // namespace

Drive::Drive(const sc_core::sc_module_name& name, Executor& executor,
             std::shared_ptr<const DriveKind> kind)
    : sc_module(name), executor_(executor), kind_(std::move(kind)), engine_(kind_->make_engine()) {
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
  const std::int64_t capacity_bytes = kind_->capacity_bytes();
  if (medium->sector_size() != kind_->sector_bytes || medium->size_bytes() > capacity_bytes) {
    return fail(EINVAL, "medium '", medium->name(), "' with ", medium->size_bytes(), " bytes in ",
                medium->sector_size(), "-byte sectors does not fit ", name(), ", a ", kind_->name,
                " of ", capacity_bytes, " bytes in ", kind_->sector_bytes, "-byte sectors");
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
  std::vector<tlm::tlm_generic_payload*> left;
  for (tlm::tlm_generic_payload* payload : in_engine_) {
    if (payload != nullptr) left.push_back(payload);
  }
  std::sort(left.begin(), left.end(), [](auto* a, auto* b) {
    return drive_extension(*a).number < drive_extension(*b).number;
  });
  restart();
  for (tlm::tlm_generic_payload* payload : left) answer_soon(*payload, ENXIO);
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
    extension->ready_ns = executor_.now_ns() + kind_->command_ns;
    extension->number = next_number_++;
    queue_.push(payload);
    run();
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
  const auto sector_size = static_cast<std::uint64_t>(kind_->sector_bytes);
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

// --- the engine ---------------------------------------------------------------------------------

// Everything that is due by now, and then whatever can be begun.
void Drive::run() {
  while (const auto done = engine_->finished(executor_.now_ns())) finish(*done);
  hand_over();
  set_busy(in_drive() > 0);
  wake_later();
}

bool Drive::quiet() const { return engine_->outstanding() == 0 && !engine_->writes_back(); }

void Drive::hand_over() {
  while (!queue_.empty() && !erasing_) {
    const DriveExtension& front = drive_extension(queue_.front());
    if (front.command == DriveCommand::flush || front.command == DriveCommand::erase) {
      engine_->flush(executor_.now_ns());
      if (!quiet()) return;
    }
    if (front.command == DriveCommand::flush) {
      if (executor_.now_ns() < front.ready_ns) return;
      answer_soon(queue_.pop(), 0);
    } else {
      submit(queue_.pop());
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
  erasing_ = extension.command == DriveCommand::erase;
  engine_->submit(tag, engine_command(extension.command),
                  static_cast<std::int64_t>(payload.get_address()) / sector_bytes,
                  extension.length_bytes / sector_bytes, executor_.now_ns());
}

// What the engine does while nobody waits for it needs no looking after.
void Drive::wake_later() {
  std::int64_t next_ns = kNever;
  if (engine_->outstanding() > 0 || !queue_.empty()) next_ns = engine_->event_ns();
  if (!queue_.empty() && !erasing_ && quiet()) {
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

// Moves the next `sectors` of a request between the medium and the request's memory.
int Drive::move_bytes(tlm::tlm_generic_payload& payload, std::int64_t sectors) {
  DriveExtension& extension = drive_extension(payload);
  const bool reads = extension.command == DriveCommand::read;
  const std::int64_t length_bytes = sectors * kind_->sector_bytes;
  std::int64_t at_bytes =
      static_cast<std::int64_t>(payload.get_address()) + extension.transferred_bytes;
  int error = 0;
  if (!extension.data.empty()) {
    extension.data.shifted(extension.transferred_bytes)
        .for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
          if (error != 0) return;
          const Status moved =
              reads ? medium_->read(at_bytes, piece) : medium_->write(at_bytes, piece);
          if (!moved) error = moved.error().code;
          at_bytes += static_cast<std::int64_t>(piece.size());
        });
  }
  if (error != 0) return error;
  extension.transferred_bytes += length_bytes;
  (reads ? statistics_.read_bytes : statistics_.written_bytes) += length_bytes;
  return 0;
}

void Drive::catch_up() {
  for (std::uint64_t tag = 0; tag < in_engine_.size(); ++tag) {
    if (in_engine_[tag] == nullptr) continue;
    const std::int64_t moved_bytes = drive_extension(*in_engine_[tag]).transferred_bytes;
    const std::int64_t passed = engine_->progress(tag, executor_.now_ns());
    const std::int64_t more = passed - moved_bytes / kind_->sector_bytes;
    // An image that can not be read shows at the request's end, or the request fails anyway.
    if (more > 0) static_cast<void>(move_bytes(*in_engine_[tag], more));
  }
}

void Drive::finish(const DriveEngine::Finished& done) {
  tlm::tlm_generic_payload& payload = *std::exchange(in_engine_[done.tag], nullptr);
  free_tags_.push_back(done.tag);
  const DriveExtension& extension = drive_extension(payload);
  if (extension.command == DriveCommand::erase) {
    erasing_ = false;
    return answer_soon(payload, done.error != 0 ? done.error : erase(payload));
  }
  const std::int64_t left_bytes = extension.length_bytes - extension.transferred_bytes;
  const int moved = done.error != 0 ? 0 : move_bytes(payload, left_bytes / kind_->sector_bytes);
  answer_soon(payload, done.error != 0 ? done.error : moved);
}

int Drive::erase(const tlm::tlm_generic_payload& payload) {
  const Status erased = medium_->erase(static_cast<std::int64_t>(payload.get_address()),
                                       payload.get_extension<DriveExtension>()->length_bytes);
  return erased ? 0 : erased.error().code;
}

void Drive::restart() {
  engine_->restart();
  in_engine_.clear();
  free_tags_.clear();
  erasing_ = false;
  wake_ns_ = kNever;
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
  engine_->add_to(now);
  if (busy_) now.busy_ns += executor_.now_ns() - busy_since_ns_;
  return now;
}

}  // namespace biotope::sim
