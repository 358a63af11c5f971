#include "sim/rack/drive.h"

#include <cerrno>
#include <utility>

#include "model/check.h"

namespace biotope::sim {

Drive::Drive(const sc_core::sc_module_name& name, Executor& executor,
             std::shared_ptr<const DriveKind> kind)
    : sc_module(name),
      executor_(executor),
      kind_(std::move(kind)),
      engine_(kind_->make_engine()),
      volatile_(kind_->sector_bytes) {
  socket.register_nb_transport_fw(this, &Drive::receive);
}

Drive::~Drive() {
  if (medium_ != nullptr) medium_->set_in_drive({});
}

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
  // The host is in the middle of asking; it learns of the change before it gets the answer.
  if (changed_) executor_.post([this] { look(); });
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
  const Status done = control(extension);
  if (!done) extension.refusal = done.error().text;
  answer(payload, done ? 0 : done.error().code);
  return tlm::TLM_COMPLETED;
}

Status Drive::control(const DriveExtension& extension) {
  const bool ejects = extension.command == DriveCommand::eject;
  if (ejects && !kind_->handling.eject) {
    return fail(EOPNOTSUPP, name(), ", a ", kind_->name, ", does not eject by itself; ",
                "take its medium out by hand");
  }
  if (!ejects && !kind_->handling.lock) {
    return fail(EOPNOTSUPP, name(), ", a ", kind_->name, ", has no lock");
  }
  if (!has_power()) return fail(ENXIO, name(), " has no power");
  if (!reachable_) return fail(ENXIO, name(), " can not be reached");
  if (ejects) return eject();
  if (medium_ == nullptr) return fail(ENXIO, name(), " holds no medium");
  set_lock(extension.holder, extension.command == DriveCommand::lock);
  return {};
}

int Drive::refusal(const tlm::tlm_generic_payload& payload) const {
  const auto& extension = *payload.get_extension<DriveExtension>();
  if (!usable() || changed_) return ENXIO;
  if (extension.command == DriveCommand::flush) return 0;
  const bool protects = medium_->write_protected() || kind_->handling.read_only;
  if (extension.command != DriveCommand::read && protects) return EROFS;
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
  if (hung_ != Rung::none) return withheld_.push(payload);
  post_answer(payload);
}

void Drive::post_answer(tlm::tlm_generic_payload& payload) {
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
