#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>

#include "model/executor.h"
#include "sim/mechanics/mechanics.h"
#include "sim/media/medium.h"
#include "sim/rack/drive_statistics.h"
#include "sim/rack/host.h"
#include "sim/rack/payload.h"

namespace biotope::sim {

// A drive with a removable medium, in a bay. Any number of requests may be in it: they are served
// first in, first out, so that nothing needs to be done for ordering. There is no write cache: a
// write is answered when it is on the medium.
//
// Protocol of the socket: reads, writes, erasures and flushes are accepted at once (END_REQ) and
// answered later with BEGIN_RESP, also when they are refused; lock, unlock and eject are answered
// by TLM_COMPLETED on the call. Errors: ENXIO no medium, or it left before the request was done;
// EIO the medium's image could not be read; EROFS write-protected; EINVAL not whole sectors of the
// medium; EOPNOTSUPP no DriveExtension.
class Drive : public sc_core::sc_module {
 public:
  // `executor` must outlive the drive, and the profile must have passed check_profile().
  Drive(const sc_core::sc_module_name& name, Executor& executor, const DriveProfile& profile);
  ~Drive() override;

  tlm_utils::simple_target_socket<Drive> socket{"socket"};

  // Who is told about the medium; may be null. Must outlive the drive or be taken away before.
  void set_host(Host* host) { host_ = host; }

  // From outside, by hand. Errors: EBUSY there is a medium already, here or wherever it is; EINVAL
  // it does not fit.
  Status insert(std::shared_ptr<Medium> medium);
  // Whatever is going on: the sectors that have passed by now are transferred, the request they
  // belong to and those waiting are answered with ENXIO. ENXIO: there is no medium.
  Status tear_out();

  const DriveProfile& profile() const { return profile_; }
  const std::shared_ptr<Medium>& medium() const { return medium_; }
  bool locked() const { return locks_ != 0; }
  bool locked_by(LockHolder holder) const { return (locks_ & static_cast<unsigned>(holder)) != 0; }
  std::size_t in_drive() const { return queue_.size() + (current_ != nullptr ? 1 : 0); }
  DriveStatistics statistics() const;
  // Brings the medium's bytes to where the heads are now.
  void catch_up();

 private:
  tlm::tlm_sync_enum receive(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  tlm::tlm_sync_enum control(tlm::tlm_generic_payload& payload, DriveExtension& extension);
  Status eject();
  int refusal(const tlm::tlm_generic_payload& payload) const;
  void remove_medium(Removal how);
  void set_lock(LockHolder holder, bool on);

  void start_next();
  void begin();
  void begin_pass();
  void end_pass();
  int transfer(std::int64_t sectors);
  void finish(int error);
  void set_busy(bool busy);

  void answer_soon(tlm::tlm_generic_payload& payload, int error);
  void answer_oldest();

  Executor& executor_;
  DriveProfile profile_;
  Mechanics mechanics_;
  Host* host_ = nullptr;
  std::shared_ptr<Medium> medium_;
  unsigned locks_ = 0;  // LockHolder bits

  PayloadQueue queue_;    // waiting for the mechanism; ready_ns: when the arm may start
  PayloadQueue answers_;  // decided, to be sent
  tlm::tlm_generic_payload* current_ = nullptr;
  TrackPass pass_;
  std::int64_t pass_sectors_done_ = 0;
  std::int64_t pass_began_ns_ = 0;
  // What was to happen to requests that have left in the meantime must not happen to others.
  std::uint64_t era_ = 0;

  bool busy_ = false;
  std::int64_t busy_since_ns_ = 0;
  DriveStatistics statistics_;
};

}  // namespace biotope::sim
