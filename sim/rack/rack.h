#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "sim/clock.h"
#include "sim/context.h"
#include "sim/media/medium.h"
#include "sim/rack/crash_rule.h"
#include "sim/rack/drive_kind.h"
#include "sim/rack/drive_statistics.h"
#include "sim/rack/host.h"
#include "sim/rack/link_traits.h"

namespace biotope::sim {

class Controller;
enum class DriveCommand : std::uint8_t;

// The machine: controllers with bays, a drive with a removable medium in each. All hardware is
// declared first; the first use of it, or the first step of the executor, switches it on, and from
// then on no more can be added. Bays are counted through over all controllers, from 0.
//
// Nothing here breaks by being called at the wrong time: it is refused with a sentence, ENOENT
// where there is no such bay.
class Rack {
 public:
  // EBUSY: another rack exists in this process. `tie_seed`: see SystemcExecutor.
  static Result<std::unique_ptr<Rack>> create(std::uint64_t tie_seed = 0);
  ~Rack();
  Rack(const Rack&) = delete;
  Rack& operator=(const Rack&) = delete;

  SystemcExecutor& executor() { return executor_; }

  // Declares a controller with `bays` drives of one kind, and what lies between it and them; gives
  // the number of its first bay. EBUSY: switched on already; EEXIST: the name is taken; EINVAL: no
  // name (letters, digits, _), a count out of 1 to what such a controller has, or impossible
  // traits; ENOENT: no such profile.
  Result<int> add_controller(const std::string& name, int bays, std::string_view profile,
                             const LinkTraits& link = {});
  // The same with drives of one's own.
  Result<int> add_controller(const std::string& name, int bays,
                             std::shared_ptr<const DriveKind> kind, const LinkTraits& link = {});
  static constexpr int kMostBays = 256;
  // Switches the machine on. Once more does no harm.
  Status power_on();

  int bays() const { return static_cast<int>(places_.size()); }
  // "scsi0.bay1".
  Result<std::string> bay_name(int bay) const;
  Result<const DriveKind*> kind(int bay) const;
  // What a medium must be like to fit and fill the drive.
  Result<MediumShape> medium_shape(int bay) const;

  // By hand. Errors as Drive says; the medium stays whole and may be inserted again.
  Status insert(int bay, std::shared_ptr<Medium> medium);
  Status tear_out(int bay);
  // Through the controller. Errors: ENXIO no medium, EBUSY locked, by this or because its disk is
  // open, or at work.
  Status lock(int bay);
  Status unlock(int bay);
  Status eject(int bay);

  Status press_button(int bay);
  // Makes a drive that does not tell of media by itself look.
  Status look(int bay);

  // Power of some bays, all at this instant: a drive, a shelf of them, or all there are, which is
  // the whole machine. Bays that are off, or on, already stay so. ENOENT: a bay that is not there,
  // and then nothing has happened.
  Status cut_power(std::span<const int> bays, const PowerCut& cut);
  Status restore_power(std::span<const int> bays);
  std::vector<int> all_bays() const;
  // The controller of the bay goes, and all its drives with it; or comes back, and takes up again
  // also drives that it had given up.
  Status kill_controller(int bay);
  Status revive_controller(int bay);
  Status reset_bus(int bay);
  Result<LinkStatistics> link_statistics(int bay) const;
  // The drive answers nothing until it is given what cures it.
  Status hang(int bay, Rung cure);
  // See Drive::set_flush_lies.
  Status set_flush_lies(int bay, bool on);

  // Null when the bay is empty.
  Result<std::shared_ptr<Medium>> medium(int bay) const;
  Result<bool> locked(int bay) const;  // for whatever reason
  Result<DriveStatistics> statistics(int bay) const;
  // The medium in the bay as it is now, also in mid-transfer. Errors as Medium::write_image says.
  Status write_image(int bay, const std::string& path);

  // Runs everything that is due up to and including `time_ns`, and the clock until then.
  void run_until(std::int64_t time_ns);
  // Runs until nothing is left to run; false: `most_steps` were not enough.
  bool run_until_idle(std::uint64_t most_steps = UINT64_MAX);

  // For the bridge: the controller of a bay that exists, and the bay's number there.
  struct Place {
    Controller* controller;
    int bay;
  };
  const Place& place(int bay) const { return places_[static_cast<std::size_t>(bay)]; }

 private:
  explicit Rack(std::uint64_t tie_seed);

  Result<Place> find(int bay) const;
  Result<Place> switched_on(int bay);
  Status control(int bay, DriveCommand command);
  Status switched_on(std::span<const int> bays);

  FreshContext context_;  // first: what is made in it goes before it
  SystemcExecutor executor_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::vector<Place> places_;
};

}  // namespace biotope::sim
