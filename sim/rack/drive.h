#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "model/executor.h"
#include "sim/media/medium.h"
#include "sim/rack/crash_rule.h"
#include "sim/rack/drive_kind.h"
#include "sim/rack/drive_statistics.h"
#include "sim/rack/host.h"
#include "sim/rack/link_traits.h"
#include "sim/rack/payload.h"
#include "sim/rack/volatile_writes.h"

namespace biotope::sim {

// A drive with a removable medium, in a bay: the shell of a DriveEngine, which says when requests
// are done and in which order. Here their bytes are moved, where a request has any; one without
// data costs time and leaves no trace. What a write brings is on the medium when the engine has
// brought it there, also when the medium is looked at, torn out, or the power goes in between. What
// was answered before that lies over the medium until then, and is lost with the power.
//
// A flush, an erasure and an ordered request wait for everything before them to be on the medium,
// and what comes behind them waits for them. A forced write is answered when it is on the medium.
//
// Protocol of the socket: reads, writes, erasures and flushes are accepted at once (END_REQ) and
// answered later with BEGIN_RESP, also when they are refused; lock, unlock and eject are answered
// by TLM_COMPLETED on the call. Errors: ENXIO no medium, none that can be used, another than
// before, or it left before the request was done; EIO it can not be read there; EROFS
// write-protected; EINVAL not whole sectors of the medium; EOPNOTSUPP no DriveExtension, or the
// drive can not do that.
class Drive : public sc_core::sc_module {
 public:
  // `executor` must outlive the drive.
  Drive(const sc_core::sc_module_name& name, Executor& executor,
        std::shared_ptr<const DriveKind> kind);
  ~Drive() override;

  tlm_utils::simple_target_socket<Drive> socket{"socket"};

  // Who is told about the medium; may be null. Must outlive the drive or be taken away before.
  void set_host(Host* host) { host_ = host; }

  // By hand -------------------------------------------------------------------------------------
  // EBUSY: there is a medium already, here or wherever it is; EINVAL: it does not fit.
  Status insert(std::shared_ptr<Medium> medium);
  // Whatever is going on: what has passed by now is transferred, the request it belongs to and
  // those waiting are answered with ENXIO. ENXIO: there is no medium.
  Status tear_out();
  // The button on its front. EOPNOTSUPP: it has none; else as the host's eject, or as tear_out(),
  // by what the drive is.
  Status press_button();
  // What the medium would tell when it was asked: a host that can not notice a change does now.
  void look();

  // Power ---------------------------------------------------------------------------------------
  // At this instant. EALREADY: it is off, or on, already. Both may come at any time, also while the
  // drive is still starting up.
  Status cut_power(const PowerCut& cut);
  Status restore_power();
  bool has_power() const { return power_ != Power::off; }

  // The controller's way to it. Without, nothing comes in or goes out: for the host the medium is
  // gone. What was asked is answered with ENXIO, what the buffer holds is still written.
  void set_reachable(bool on);

  // Hung up: it answers nothing until it is given what cures it.
  void hang(Rung cure);
  Rung hung() const { return hung_; }
  // The request comes back with EAGAIN, if it has not been answered yet. False: no reaction.
  bool abort(tlm::tlm_generic_payload& payload);
  // All requests come back with EAGAIN; the buffer keeps what it has. False: no reaction.
  // What does not come back, where `comes_back` is not null and says so of each in turn, is dropped
  // in silence, until it is aborted or reset once more.
  using ComesBack = std::function<bool()>;
  bool reset(Rung rung, const ComesBack& comes_back = {});
  // Requests that it has no answer to yet, or gives none.
  std::vector<tlm::tlm_generic_payload*> held() const;

  // From now on a flush, and a forced write, are answered whether or not they are done.
  void set_flush_lies(bool on) { flush_lies_ = on; }

  // From now on so many sectors' contents from before they were written last are kept, and a power
  // cut whose rule rolls back may bring them back, flushed or not. 0: none, as in the beginning.
  void keep_older(std::int64_t sectors);

  // Something comes between the drive and its engine, which goes on.
  using Wrap = std::function<std::unique_ptr<DriveEngine>(std::unique_ptr<DriveEngine>)>;
  void wrap_engine(const Wrap& wrap) { engine_ = wrap(std::move(engine_)); }

  const DriveKind& drive_kind() const { return *kind_; }
  const std::shared_ptr<Medium>& medium() const { return medium_; }
  // A medium that is in can be used, as far as the host knows.
  bool ready() const { return told_; }
  bool locked() const { return locks_ != 0; }
  bool locked_by(LockHolder holder) const { return (locks_ & static_cast<unsigned>(holder)) != 0; }
  std::size_t in_drive() const {
    return queue_.size() + static_cast<std::size_t>(engine_->outstanding()) + forced_.size();
  }
  DriveStatistics statistics() const;
  // See DriveEngine.
  std::int64_t cylinder() const { return engine_->cylinder(); }
  // Brings the medium's bytes to where the heads are now.
  void catch_up();

 private:
  enum class Power { on, rising, off };

  // drive.cc: the socket.
  tlm::tlm_sync_enum receive(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  tlm::tlm_sync_enum control(tlm::tlm_generic_payload& payload, DriveExtension& extension);
  Status control(const DriveExtension& extension);
  int refusal(const tlm::tlm_generic_payload& payload) const;
  void answer_soon(tlm::tlm_generic_payload& payload, int error);
  void post_answer(tlm::tlm_generic_payload& payload);
  void answer_oldest();
  void set_busy(bool busy);

  // drive_medium.cc: coming and going.
  Status eject();
  void set_lock(LockHolder holder, bool on);
  bool usable() const {
    return medium_ != nullptr && power_ == Power::on && !loading_ && reachable_;
  }
  void take_away(Removal how);
  void stop(Removal how);
  void appear();
  void tell_removed(Removal how);

  // drive_reset.cc: requests that are not seen through.
  std::vector<tlm::tlm_generic_payload*> in_work() const;
  void let_go_of_all(int error);
  void take_back_all(int error, const ComesBack& comes_back = {});

  // drive_power.cc
  void crash_now(const PowerCut& cut);
  void shear_in_flight(const CrashRule& rule, const Choose& choose);
  using Count = std::uint64_t;
  void after(std::int64_t delay_ns, Count Drive::*turn, void (Drive::*then)());
  void risen();
  void loaded();

  // drive_work.cc: the engine.
  void run();
  bool quiet() const;
  void land();
  void answer_forced();
  bool on_medium(const tlm::tlm_generic_payload& payload) const;
  void hand_over();
  void submit(tlm::tlm_generic_payload& payload);
  void wake_later();
  void finish(const DriveEngine::Finished& done);
  int complete(tlm::tlm_generic_payload& payload, const DriveEngine::Finished& done);
  int move_bytes(tlm::tlm_generic_payload& payload, std::int64_t sectors);
  int read_piece(std::int64_t at_bytes, std::span<std::byte> to) const;
  int write_piece(std::int64_t at_bytes, std::span<const std::byte> from,
                  const StampedMemory& stamped);
  void hold(tlm::tlm_generic_payload& payload, std::int64_t sectors);
  int erase(const tlm::tlm_generic_payload& payload);

  Executor& executor_;
  std::shared_ptr<const DriveKind> kind_;
  std::unique_ptr<DriveEngine> engine_;
  Host* host_ = nullptr;

  std::shared_ptr<Medium> medium_;
  bool loading_ = false;
  bool told_ = false;     // the host, that a medium is in
  bool changed_ = false;  // and the host has not noticed
  unsigned locks_ = 0;    // LockHolder bits
  Power power_ = Power::on;
  Count loadings_ = 0;  // what was to happen after an earlier one does not
  Count risings_ = 0;
  std::uint64_t cuts_ = 0;
  bool flush_lies_ = false;
  bool reachable_ = true;
  Rung hung_ = Rung::none;

  PayloadQueue queue_;     // what has to wait for all before it, and what waits for that
  PayloadQueue answers_;   // decided, to be sent
  PayloadQueue withheld_;  // likewise, by one that has hung up
  PayloadQueue dropped_;   // by a reset, without an answer
  std::vector<tlm::tlm_generic_payload*> in_engine_;  // by tag
  std::vector<std::uint64_t> free_tags_;
  std::vector<tlm::tlm_generic_payload*> forced_;  // out of the engine, but not on the medium
  bool alone_ = false;                             // one is at work that nothing may overtake
  VolatileWrites volatile_;
  std::unique_ptr<OlderSectors> older_;         // null: none are kept
  std::vector<DriveEngine::Extent> unwritten_;  // as the engine said last
  int unreported_ = 0;                          // errno of what failed after it was answered
  std::uint64_t next_number_ = 0;
  std::int64_t wake_ns_ = kNever;

  bool busy_ = false;
  std::int64_t busy_since_ns_ = 0;
  DriveStatistics statistics_;
};

}  // namespace biotope::sim
