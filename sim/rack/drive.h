#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/executor.h"
#include "sim/media/medium.h"
#include "sim/rack/drive_kind.h"
#include "sim/rack/drive_statistics.h"
#include "sim/rack/host.h"
#include "sim/rack/payload.h"

namespace biotope::sim {

// A drive with a removable medium, in a bay: the shell of a DriveEngine, which says when requests
// are done and in which order. Here their bytes are moved, where a request has any; one without
// data costs time and leaves no trace. A write's bytes are on the medium when it is answered, and
// those of its sectors that have passed when the medium is looked at or torn out before.
//
// A flush waits for everything before it to be on the medium, an erasure as well, and what comes
// behind either of them waits for it.
//
// Protocol of the socket: reads, writes, erasures and flushes are accepted at once (END_REQ) and
// answered later with BEGIN_RESP, also when they are refused; lock, unlock and eject are answered
// by TLM_COMPLETED on the call. Errors: ENXIO no medium, or it left before the request was done;
// EIO the medium's image could not be read; EROFS write-protected; EINVAL not whole sectors of the
// medium; EOPNOTSUPP no DriveExtension.
class Drive : public sc_core::sc_module {
 public:
  // `executor` must outlive the drive.
  Drive(const sc_core::sc_module_name& name, Executor& executor,
        std::shared_ptr<const DriveKind> kind);
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

  const DriveKind& drive_kind() const { return *kind_; }
  const std::shared_ptr<Medium>& medium() const { return medium_; }
  bool locked() const { return locks_ != 0; }
  bool locked_by(LockHolder holder) const { return (locks_ & static_cast<unsigned>(holder)) != 0; }
  std::size_t in_drive() const {
    return queue_.size() + static_cast<std::size_t>(engine_->outstanding());
  }
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

  void run();
  bool quiet() const;
  void hand_over();
  int erase(const tlm::tlm_generic_payload& payload);
  void submit(tlm::tlm_generic_payload& payload);
  void wake_later();
  int move_bytes(tlm::tlm_generic_payload& payload, std::int64_t sectors);
  void finish(const DriveEngine::Finished& done);
  void restart();
  void set_busy(bool busy);

  void answer_soon(tlm::tlm_generic_payload& payload, int error);
  void answer_oldest();

  Executor& executor_;
  std::shared_ptr<const DriveKind> kind_;
  std::unique_ptr<DriveEngine> engine_;
  Host* host_ = nullptr;
  std::shared_ptr<Medium> medium_;
  unsigned locks_ = 0;  // LockHolder bits

  PayloadQueue queue_;    // a flush or an erasure, and what waits for it
  PayloadQueue answers_;  // decided, to be sent
  std::vector<tlm::tlm_generic_payload*> in_engine_;  // by tag
  std::vector<std::uint64_t> free_tags_;
  bool erasing_ = false;  // nothing else goes to the engine
  std::uint64_t next_number_ = 0;
  std::int64_t wake_ns_ = kNever;

  bool busy_ = false;
  std::int64_t busy_since_ns_ = 0;
  DriveStatistics statistics_;
};

}  // namespace biotope::sim
