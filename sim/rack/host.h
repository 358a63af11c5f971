#pragma once

namespace tlm {
class tlm_generic_payload;
}

namespace biotope::sim {

// Why a medium is no longer in its bay.
enum class Removal { ejected, torn_out, power_lost, unreachable };

// What happens in one bay, as the host sees it. Called at the simulated time it happens; may call
// back into the controller.
class Host {
 public:
  virtual ~Host() = default;

  // A request that was sent is answered. Once for each; the payload is gone after the call.
  virtual void answered(tlm::tlm_generic_payload& payload) = 0;
  // Called before the requests that fail for it are answered. The bay is then unlocked.
  virtual void media_removed(Removal how) = 0;
  // A medium can be used that could not be before: it was inserted, or the power is back.
  virtual void media_inserted() = 0;
  virtual void lock_changed(bool locked) = 0;
  // The drive has begun to work on requests, or has finished the last one.
  virtual void busy_changed(bool busy) = 0;
  // The drive's power went, or came back. What it means for the medium is told on its own.
  virtual void power_changed(bool /*on*/) {}
  // How many requests are in the drive, or where its arm is, may be otherwise than before.
  virtual void drive_changed() {}
};

}  // namespace biotope::sim
