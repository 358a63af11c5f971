#pragma once

#include <Random123/philox.h>

#include <cstdint>
#include <string_view>

namespace biotope {

// Random numbers from a counter: number n of the stream called `name` under `seed` is a function of
// those three alone, so that what one component draws never shifts what another gets.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);

  std::uint64_t next();
  // One of low..high, each as likely; low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  // 0 <= x < 1, a multiple of 2^-53.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  r123::Philox2x64::key_type key_;
  std::uint64_t name_hash_;
  std::uint64_t drawn_ = 0;
};

}  // namespace biotope
