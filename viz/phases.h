#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "model/bio.h"
#include "model/facts.h"
#include "viz/fio_report.h"
#include "viz/histogram.h"

namespace biotope::viz {

// The ways of requests, as issued, in the words of btt and fio. The stations of one:
//
//   Q  it enters the edge it was issued to
//   G  the same, but the last time, if it had to go again because memory was short below
//   I  it, or the first of its parts, reaches the provider at the bottom: the queue of a disk
//   D  it, or the first of its parts, is handed from there to the drive
//   C  it leaves its issuer's edge, done
//
// What never reaches a drive has Q and C only. Failed requests count in nothing.
class Phases {
 public:
  enum Phase { q2q, q2g, g2i, i2d, d2c, q2c };
  static constexpr int kCount = 6;
  static const char* name(Phase phase);  // "Q2Q"

  void on_fact(const Fact& fact);

  const Histogram& operator[](Phase phase) const { return times_[phase]; }
  // {"Q2Q": ..., ...}, each as fio_times().
  nlohmann::json json() const;
  // FioReport::json(): slat is from Q to I, clat from I to C, over the time from the first Q to the
  // last C.
  nlohmann::json fio() const { return fio_.json(last_ns_ - first_ns_); }

 private:
  struct Way {
    std::int64_t q_ns = 0;
    std::int64_t g_ns = 0;
    std::optional<std::int64_t> i_ns;
    std::optional<std::int64_t> d_ns;
  };

  void enter(const Fact& fact);
  void leave(const Fact& fact);
  Way* way_of(const Bio& bio);

  std::unordered_map<std::uint64_t, Way> ways_;  // of requests that are on their way
  std::array<Histogram, kCount> times_;
  FioReport fio_;
  std::int64_t last_q_ns_ = -1;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
};

}  // namespace biotope::viz
