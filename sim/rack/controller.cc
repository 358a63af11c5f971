#include "sim/rack/controller.h"

#include "model/check.h"

namespace biotope::sim {

Controller::Bay::Bay(int number, Executor& executor, const std::shared_ptr<const DriveKind>& kind)
    : socket(sentence("socket", number).c_str()),
      drive(sentence("bay", number).c_str(), executor, kind) {
  socket.bind(drive.socket);
}

Controller::Controller(const sc_core::sc_module_name& name, Executor& executor, int bays,
                       const std::shared_ptr<const DriveKind>& kind, const LinkTraits& link)
    : sc_module(name), executor_(executor), traits_(link) {
  for (int i = 0; i < bays; ++i) {
    bays_.push_back(std::make_unique<Bay>(i, executor, kind));
    bays_.back()->socket.register_nb_transport_bw(this, &Controller::receive, i);
  }
  if (link.kind == LinkKind::direct) return;
  link_ = std::make_unique<Link>(executor, static_cast<Link::Ends&>(*this), link, bays);
}

Controller::~Controller() = default;

void Controller::set_host(int bay, Host* host) {
  bays_[static_cast<std::size_t>(bay)]->host = host;
  drive(bay).set_host(host);
}

void Controller::send(int bay, tlm::tlm_generic_payload& payload) {
  if (link_ != nullptr) return link_->send(bay, payload);
  to_drive(bay, payload);
}

void Controller::to_drive(int bay, tlm::tlm_generic_payload& payload) {
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  const tlm::tlm_sync_enum taken =
      bays_[static_cast<std::size_t>(bay)]->socket->nb_transport_fw(payload, phase, delay);
  BIOTOPE_CHECK(taken == tlm::TLM_UPDATED && phase == tlm::END_REQ, "a drive took no request");
}

Status Controller::control(int bay, DriveCommand command, LockHolder holder) {
  tlm::tlm_generic_payload& payload = pool_.take();
  DriveExtension& extension = drive_extension(payload);
  extension.command = command;
  extension.holder = holder;
  payload.set_command(tlm::TLM_IGNORE_COMMAND);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  bays_[static_cast<std::size_t>(bay)]->socket->nb_transport_fw(payload, phase, delay);
  Status status;
  if (extension.error != 0) status = fail(extension.error, extension.refusal);
  payload.release();
  return status;
}

tlm::tlm_sync_enum Controller::receive(int bay, tlm::tlm_generic_payload& payload,
                                       tlm::tlm_phase& phase, sc_core::sc_time&) {
  BIOTOPE_CHECK(phase == tlm::BEGIN_RESP, "a controller was sent a request");
  if (link_ != nullptr) {
    link_->came_back(bay, payload);
  } else {
    to_host(bay, payload);
  }
  return tlm::TLM_COMPLETED;
}

void Controller::to_host(int bay, tlm::tlm_generic_payload& payload) {
  Host* host = bays_[static_cast<std::size_t>(bay)]->host;
  if (host != nullptr) host->answered(payload);
  payload.release();
}

void Controller::die() {
  if (link_ != nullptr) link_->die();
  for (const auto& bay : bays_) bay->drive.set_reachable(false);
}

void Controller::revive() {
  if (link_ != nullptr) link_->revive();
  for (const auto& bay : bays_) bay->drive.set_reachable(true);
}

void Controller::reset_bus(int bay, const Drive::ComesBack& comes_back) {
  if (comes_back) watch();
  if (link_ != nullptr) {
    link_->reset_bus(bay, comes_back);
  } else {
    drive(bay).reset(Rung::bus_reset, comes_back);
  }
}

void Controller::hang(int bay, Rung cure) {
  if (cure != Rung::none) watch();
  drive(bay).hang(cure);
}

void Controller::watch() {
  if (link_ != nullptr) return;
  link_ = std::make_unique<Link>(executor_, static_cast<Link::Ends&>(*this), traits_, bays());
  for (int bay = 0; bay < bays(); ++bay) {
    for (tlm::tlm_generic_payload* payload : drive(bay).held()) link_->take_over(bay, *payload);
  }
}

LinkStatistics Controller::link_statistics() const {
  return link_ == nullptr ? LinkStatistics() : link_->statistics();
}

}  // namespace biotope::sim
