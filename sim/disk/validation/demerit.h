#pragma once

#include <cstdint>
#include <span>

namespace biotope::sim {

// The demerit figure of Ruemmler and Wilkes, in ms: how far two distributions of times lie apart,
// as the root of the mean square of the horizontal distance between their cumulative curves.
// Counted as the reference tool does: both in one histogram of bins that grow by a hundredth,
// fractions of six decimals, straight lines between bins, at ten thousand heights. 0 where one of
// them is empty.
double demerit_ms(std::span<const std::int64_t> measured_ns,
                  std::span<const std::int64_t> simulated_ns);

}  // namespace biotope::sim
