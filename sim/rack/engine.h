#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/never.h"
#include "sim/rack/drive_statistics.h"

namespace biotope::sim {

// What stores and finds sectors inside a drive, without their contents: requests go in, and come
// out when they are done. The drive around it moves the bytes, and knows nothing of arms or flash.
//
// Time is told from outside, in whole nanoseconds, and never goes back.
class DriveEngine {
 public:
  enum class Command : std::uint8_t { read, write, erase };

  struct Finished {
    std::uint64_t tag;
    std::int64_t time_ns;
    int error = 0;             // errno with which the engine gave up
    std::int64_t sectors = 0;  // then: with so many, from the first on, all is well
    bool again = false;        // the same has been said already, by mistake
  };
  // Sectors first..end - 1.
  struct Extent {
    std::int64_t first;
    std::int64_t end;
    friend bool operator==(const Extent&, const Extent&) = default;
  };

  virtual ~DriveEngine() = default;

  // Hands over a request for sectors first..first + count - 1, which exist. Everything due by
  // `now_ns` has been taken out with finished(). Any number may be in the engine; an erasure is
  // handed over when nothing else is, nothing is written back, and is followed by nothing until it
  // is done.
  virtual void submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
                      std::int64_t now_ns) = 0;

  // When something will happen by itself; kNever when nothing will.
  virtual std::int64_t event_ns() const = 0;
  // Goes on until a request is done, or until nothing more happens by `until_ns`.
  virtual std::optional<Finished> finished(std::int64_t until_ns) = 0;
  // Requests the host waits for.
  virtual std::int64_t outstanding() const = 0;
  // Of a request that is not done: how many of its sectors, from its first on, are on the medium,
  // or with the host, by now. Everything due by `now_ns` has been taken out.
  virtual std::int64_t progress(std::uint64_t tag, std::int64_t now_ns) = 0;

  // Writes that are done for the host, but not on the medium: whether there are any, and, added to
  // `to`, where. What is not among them is on the medium. Everything due by `now_ns` has been taken
  // out.
  virtual bool writes_back() const = 0;
  virtual void add_unwritten(std::vector<Extent>& to, std::int64_t now_ns) = 0;
  // From now on nothing that is to be written back is held back: event_ns() leads to its end.
  virtual void flush(std::int64_t now_ns) = 0;

  // Nobody waits for the request any more. It may be seen through all the same, and finishes once.
  virtual void forget(std::uint64_t /*tag*/, std::int64_t /*now_ns*/) {}

  // All that was written is on the medium, and a flush is about to be answered: the errno of what
  // went wrong on the way.
  virtual int flush_error(std::int64_t /*now_ns*/) { return 0; }

  // The power has been away, or another medium is in: nothing of what was going on goes on, and
  // what was not written is lost. Tags are free again.
  virtual void restart() = 0;

  // Where the arm is, or is going; -1 for what has none.
  virtual std::int64_t cylinder() const { return -1; }

  // Adds what it has done since the beginning, over all restarts.
  virtual void add_to(DriveStatistics& statistics) const = 0;
};

}  // namespace biotope::sim
