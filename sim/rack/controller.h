#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/error.h"
#include "model/executor.h"
#include "sim/rack/drive.h"
#include "sim/rack/host.h"
#include "sim/rack/link.h"
#include "sim/rack/payload.h"

namespace biotope::sim {

// A controller with its bays, each with a drive in it: one socket per bay, any number of requests
// on their way through each. Forwards without delay, or as its link does.
class Controller : public sc_core::sc_module, private Link::Ends {
 public:
  // Makes drives "bay0", "bay1", ... inside. `executor` must outlive the controller.
  Controller(const sc_core::sc_module_name& name, Executor& executor, int bays,
             const std::shared_ptr<const DriveKind>& kind, const LinkTraits& link = {});
  ~Controller() override;

  int bays() const { return static_cast<int>(bays_.size()); }
  Drive& drive(int bay) override { return bays_[static_cast<std::size_t>(bay)]->drive; }

  // Who gets the answers of the bay; may be null, then they are dropped.
  void set_host(int bay, Host* host);

  // A payload to fill in and send; release it to drop it instead.
  tlm::tlm_generic_payload& take() { return pool_.take(); }
  // A read, write, erasure or flush: the host gets the answer, in an event of its own.
  void send(int bay, tlm::tlm_generic_payload& payload);
  // Lock, unlock or eject: answered at once. Errors as Drive says.
  Status control(int bay, DriveCommand command, LockHolder holder = LockHolder::person);

  // With everything behind it, until it is revived. Once more does no harm.
  void die();
  void revive();
  // All that is in flight to the drives that share a wire with this one comes back and is sent
  // again; or what `comes_back` leaves, as Drive::reset says.
  void reset_bus(int bay, const Drive::ComesBack& comes_back = {});
  // See Drive::hang.
  void hang(int bay, Rung cure);
  // A drive may leave requests unanswered: from now on one without a link looks at its clock as
  // well. Once more does no harm.
  void watch();
  LinkStatistics link_statistics() const;

  const PayloadPool& pool() const { return pool_; }

 private:
  struct Bay {
    Bay(int number, Executor& executor, const std::shared_ptr<const DriveKind>& kind);
    tlm_utils::simple_initiator_socket_tagged<Controller> socket;
    Drive drive;
    Host* host = nullptr;
  };

  tlm::tlm_sync_enum receive(int bay, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);

  void to_drive(int bay, tlm::tlm_generic_payload& payload) override;
  void to_host(int bay, tlm::tlm_generic_payload& payload) override;

  Executor& executor_;
  const LinkTraits traits_;
  PayloadPool pool_;
  std::unique_ptr<Link> link_;  // null: direct, with nothing to watch
  std::vector<std::unique_ptr<Bay>> bays_;
};

}  // namespace biotope::sim
