#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "sim/trace/trace_request.h"

namespace biotope::sim {

// Which sectors of 512 bytes were touched, exactly, in at most 64 MB: of what lies in more than
// 2^17 places of 2 MiB, or in one request beyond a GiB, only a part is counted.
class TouchedSectors {
 public:
  static constexpr std::int64_t kSectorBytes = 512;

  void add(const std::string& device, std::int64_t offset_bytes, std::int64_t length_bytes);
  std::int64_t count() const { return count_; }
  bool counts_all() const { return counts_all_; }

 private:
  static constexpr std::int64_t kWordSectors = 64;
  static constexpr std::int64_t kPlaceWords = 64;
  static constexpr std::size_t kMostPlaces = std::size_t{1} << 17;
  static constexpr std::int64_t kLongestBytes = std::int64_t{1} << 30;
  using Place = std::array<std::uint64_t, kPlaceWords>;
  using Places = std::unordered_map<std::int64_t, Place>;

  Place* place_of(Places& places, std::int64_t number);
  void add_to(Places& places, std::int64_t first, std::int64_t end);

  std::map<std::string, Places> devices_;
  std::size_t places_ = 0;
  std::int64_t count_ = 0;
  bool counts_all_ = true;
};

// What a trace is like, from one look at each of its requests. Takes no more memory for more of
// them.
class TraceSummary {
 public:
  struct Kind {
    std::int64_t requests = 0;
    std::int64_t bytes = 0;
  };
  struct Device {
    std::int64_t requests = 0;
    std::int64_t last_end_bytes = -1;
  };

  void add(const TraceRequest& request);

  std::int64_t requests() const { return requests_; }
  const Kind& operator[](Command c) const { return kinds_[static_cast<std::size_t>(c)]; }
  std::int64_t bytes() const;
  // From the first request to the latest; 0 where the trace tells no times.
  std::int64_t span_ns() const { return latest_ns_; }
  bool timed() const { return timed_ > 0; }
  std::int64_t out_of_order() const { return out_of_order_; }
  // Of those that the trace tells it of; 0: of none.
  std::int64_t mean_service_ns() const { return served_ == 0 ? 0 : service_ns_ / served_; }
  std::int64_t least_bytes() const { return least_bytes_; }
  std::int64_t most_bytes() const { return most_bytes_; }
  std::int64_t end_bytes() const { return end_bytes_; }  // behind the last byte of any request
  // By the greatest power of two that a length reaches.
  const std::map<std::int64_t, std::int64_t>& lengths() const { return lengths_; }
  // Requests that begin where the one before on their device ended.
  std::int64_t sequential() const { return sequential_; }
  const TouchedSectors& touched() const { return touched_; }
  // At most kMostDevices of them.
  const std::map<std::string, Device>& devices() const { return devices_; }

  static constexpr std::size_t kMostDevices = 1024;

 private:
  void add_time(const TraceRequest& request);
  void add_place(const TraceRequest& request);

  std::int64_t requests_ = 0;
  std::array<Kind, kCommandCount> kinds_{};
  std::int64_t timed_ = 0;
  std::int64_t latest_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t out_of_order_ = 0;
  std::int64_t served_ = 0;
  std::int64_t service_ns_ = 0;
  std::int64_t least_bytes_ = 0;
  std::int64_t most_bytes_ = 0;
  std::int64_t end_bytes_ = 0;
  std::map<std::int64_t, std::int64_t> lengths_;
  std::int64_t sequential_ = 0;
  TouchedSectors touched_;
  std::map<std::string, Device> devices_;
};

}  // namespace biotope::sim
