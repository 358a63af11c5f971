#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/drive_faults.h"
#include "sim/faults/fault.h"
#include "sim/rack/rack.h"

namespace biotope::sim {

class FaultyEngine;

// Brings faults to the machine: those about requests and sectors to the drives, those about power,
// media and controllers to the rack, when their time has come.
//
// Faults about requests and sectors wait in their drive. All others strike once, at `from_ns`; or,
// where a fault says something about requests (command, first, last, nth, per_million), when such
// a request arrives at its drive.
class Injector {
 public:
  // The rack must outlive the injector, and not run any more after it has gone.
  Injector(Rack& rack, std::uint64_t seed) : rack_(rack), seed_(seed) {}
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;
  ~Injector();

  // Who is told of each strike, at its time.
  void on_strike(std::function<void(const Fault&)> tell) { tell_ = std::move(tell); }

  // A medium that faults may put into a drive, by its name.
  void provide(std::shared_ptr<Medium> medium);

  // The number of the fault, from 0. ENOENT: no such place in the rack, or one of another kind than
  // the fault takes; no such medium.
  Result<std::size_t> add(const Fault& fault);
  // Errors as parse_fault() has them, as well.
  Result<std::size_t> add(std::string_view line);

  std::size_t size() const { return added_.size(); }
  const Fault& fault(std::size_t number) const { return added_[number].fault; }
  // A fault that is switched off does not strike, and draws nothing.
  void enable(std::size_t number, bool on);
  // How often it has struck.
  std::uint64_t struck(std::size_t number) const;
  // Requests that hang until this is released go on. Gives how many there were.
  std::size_t release(const std::string& name);

 private:
  struct Added {
    Fault fault;
    std::vector<int> bays;
    std::optional<std::size_t> in_drive;  // its number among those of its drive
    bool enabled = true;
    std::uint64_t struck = 0;
  };
  struct Bay {
    std::unique_ptr<DriveFaults> faults;
    FaultyEngine* engine = nullptr;
  };

  Result<std::vector<int>> bays_of(const Fault& fault) const;
  Result<std::vector<int>> bays_named(const std::string& names) const;
  std::optional<int> bay_named(std::string_view name) const;
  Status check_partner(const Fault& fault, int bay) const;
  Bay& bay(int number);
  void schedule(std::size_t number);
  void strike_after(std::size_t number, std::int64_t delay_ns, std::vector<int> bays);
  void strike(std::size_t number, const std::vector<int>& bays);
  void act(const Fault& fault, const std::vector<int>& bays);
  void lie(const Fault& fault, int bay);
  void reset_bus(const Fault& fault, int bay);
  void kill_controller(const Fault& fault, int bay);
  void keep_older(int bay);
  void act_on_power(const Fault& fault, const std::vector<int>& bays);
  void act_on_medium(const Fault& fault, int bay);
  bool fits(int bay, const Medium& medium) const;
  void exchange(const Fault& fault, int one, int other);
  void change_medium(const Fault& fault, int bay, std::shared_ptr<Medium> to);
  void later(std::int64_t delay_ns, std::function<void()> then);

  Rack& rack_;
  std::uint64_t seed_;
  std::map<int, Bay> bays_;
  std::map<std::string, std::shared_ptr<Medium>, std::less<>> media_;
  std::vector<Added> added_;
  std::function<void(const Fault&)> tell_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace biotope::sim
