#pragma once

#include <optional>
#include <string>
#include <utility>

#include "sim/disk/profile.h"

namespace biotope::sim {

inline constexpr std::int64_t kLongestNs = 1'000'000'000'000;  // that a figure may be

// Collects the first fault; what is asked after it does not count.
class Inspector {
 public:
  std::optional<ProfileFault> fault;

  void demand(bool good, std::string figure, std::string why) {
    if (!good && !fault) fault = ProfileFault{std::move(figure), std::move(why)};
  }
  void within(std::int64_t value, std::int64_t least, std::int64_t most, std::string figure) {
    demand(value >= least && value <= most, std::move(figure),
           sentence("is ", value, "; it must be from ", least, " to ", most));
  }
  void time(std::int64_t time_ns, std::string figure) {
    within(time_ns, 0, kLongestNs, std::move(figure));
  }
  void time(const AfterTime& time_ns, const std::string& figure) {
    time(time_ns.read_ns, figure + ".after_read_ns");
    time(time_ns.write_ns, figure + ".after_write_ns");
  }
  void number(double value, double least, double most, std::string figure) {
    demand(value >= least && value <= most, std::move(figure),
           sentence("is ", value, "; it must be from ", least, " to ", most));
  }
};

}  // namespace biotope::sim
