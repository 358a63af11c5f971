#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "model/bio.h"
#include "sim/media/stamp.h"
#include "sim/never.h"

namespace biotope::sim {

struct Verification;

// What a load asks for.
struct LoadRequest {
  std::uint64_t slot = 0;  // the load's own, small; free again when the request is done
  Command command{};       // read, write, remove or flush
  std::int64_t offset_bytes = 0;
  std::int64_t length_bytes = 0;  // 0 for a flush
  std::int64_t wanted_ns = 0;     // when it should have been issued: not after it is
  Stamp stamp;                    // of a write: what it brings; by itself zeros
  bool rereads = false;           // to look at what was written, behind the load's own requests
};

// What became of it. Its latency is the sum of both times: what it waited for its turn counts.
struct LoadDone {
  Command command{};
  std::int64_t length_bytes = 0;
  std::int64_t submit_ns = 0;    // from when it was wanted until it was issued
  std::int64_t complete_ns = 0;  // from there until it was done
  int error = 0;
};
using LoadObserver = std::function<void(const LoadDone&)>;

// Somebody who wants requests served. Knows no clock and no disk: whoever runs a load tells it the
// time, which never goes back, takes its requests and says when they are done.
class Load {
 public:
  virtual ~Load() = default;

  // When it next wants something; perhaps in the past. kNever: not before a request is done.
  virtual std::int64_t due_ns() const = 0;
  // due_ns() <= now_ns.
  virtual LoadRequest issue(std::int64_t now_ns) = 0;
  // What a read brought, before it is finished. Only told who has a verification().
  virtual void brought(std::uint64_t, std::span<const std::byte>) {}
  virtual void finished(std::uint64_t slot, std::int64_t now_ns) = 0;
  // Wants nothing more; what it has issued is to be finished.
  virtual void stop() = 0;
  // Nothing is wanted and nothing is outstanding.
  virtual bool over() const = 0;
  // What came of looking at what was read; null: nobody looks.
  virtual const Verification* verification() const { return nullptr; }
};

}  // namespace biotope::sim
