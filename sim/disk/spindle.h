#pragma once

#include <cstdint>

namespace biotope::sim {

// The platters, which turn for ever, with angle 0 under the heads at time 0. Angles are counted in
// 60e9ths of a revolution: so many pass in a nanosecond as there are revolutions in a minute, and
// every angle is a whole number at every time.
class Spindle {
 public:
  static constexpr std::int64_t kRevolution = 60'000'000'000;

  explicit Spindle(std::int64_t rpm) : rpm_(rpm) {}

  std::int64_t angle_at(std::int64_t time_ns) const {
    return time_ns % kRevolution * rpm_ % kRevolution;
  }
  // From `now_ns` until `angle` is under the heads. What began up to kSlackNs ago is still met, and
  // the wait is negative: times are whole nanoseconds, and a sector must not be missed by rounding.
  static constexpr std::int64_t kSlackNs = 2;
  std::int64_t wait_ns(std::int64_t now_ns, std::int64_t angle) const {
    const std::int64_t slack = kSlackNs * rpm_;
    const std::int64_t ahead = angle - angle_at(now_ns) + slack;
    const std::int64_t to_go = ahead < 0 ? ahead + kRevolution : ahead % kRevolution;
    return (to_go + rpm_ / 2) / rpm_ - kSlackNs;
  }
  std::int64_t rpm() const { return rpm_; }
  double revolution_ns() const {
    return static_cast<double>(kRevolution) / static_cast<double>(rpm_);
  }

 private:
  std::int64_t rpm_;
};

}  // namespace biotope::sim
