#include "sim/workload/engine_load.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "model/check.h"

namespace biotope::sim {
namespace {

DriveEngine::Command command_of(Command command) {
  switch (command) {
    case Command::read:
      return DriveEngine::Command::read;
    case Command::write:
      return DriveEngine::Command::write;
    default:
      return DriveEngine::Command::erase;
  }
}

class Run {
 public:
  Run(DriveEngine& engine, std::int64_t sector_bytes, Load& load, const LoadObserver& tell)
      : engine_(engine), sector_bytes_(sector_bytes), load_(load), tell_(tell) {}

  LoadRun until_over() {
    while (true) {
      while (const auto done = engine_.finished(now_ns_)) end(*done);
      hand_over();
      if (load_.over()) break;
      if (load_.due_ns() <= now_ns_) {
        issue();
      } else {
        go_on();
      }
    }
    return {requests_, now_ns_};
  }

 private:
  struct Taken {
    LoadRequest request;
    std::int64_t issued_ns = 0;
  };

  void issue() {
    const LoadRequest request = load_.issue(now_ns_);
    if (request.slot >= taken_.size()) taken_.resize(request.slot + 1);
    taken_[request.slot] = {request, now_ns_};
    waiting_.push_back(request.slot);
  }

  // To what comes next: a request is done, or wanted, or something is written back.
  void go_on() {
    std::int64_t until_ns = load_.due_ns();
    if (!waiting_.empty()) until_ns = std::min(until_ns, engine_.event_ns());
    if (const auto done = engine_.finished(until_ns)) {
      now_ns_ = done->time_ns;
      end(*done);
      return;
    }
    BIOTOPE_CHECK(until_ns != kNever, "a drive never finished a request");
    now_ns_ = until_ns;
  }

  void hand_over() {
    while (!waiting_.empty() && !erasing_) {
      const LoadRequest& request = taken_[waiting_.front()].request;
      const bool barrier = request.command == Command::flush || request.command == Command::remove;
      if (barrier) engine_.flush(now_ns_);
      if (barrier && (engine_.outstanding() > 0 || engine_.writes_back())) return;
      waiting_.pop_front();
      if (request.command == Command::flush) {
        finish(request.slot, 0);
        continue;
      }
      erasing_ = request.command == Command::remove;
      engine_.submit(request.slot, command_of(request.command),
                     request.offset_bytes / sector_bytes_, request.length_bytes / sector_bytes_,
                     now_ns_);
    }
  }

  void end(const DriveEngine::Finished& done) {
    if (taken_[done.tag].request.command == Command::remove) erasing_ = false;
    finish(done.tag, done.error);
  }

  void finish(std::uint64_t slot, int error) {
    const Taken& taken = taken_[slot];
    ++requests_;
    if (tell_) {
      tell_({taken.request.command, taken.request.length_bytes,
             taken.issued_ns - taken.request.wanted_ns, now_ns_ - taken.issued_ns, error});
    }
    load_.finished(slot, now_ns_);
  }

  DriveEngine& engine_;
  std::int64_t sector_bytes_;
  Load& load_;
  const LoadObserver& tell_;
  std::int64_t now_ns_ = 0;
  std::int64_t requests_ = 0;
  std::vector<Taken> taken_;           // by slot
  std::deque<std::uint64_t> waiting_;  // for a flush or an erasure before them, or are one
  bool erasing_ = false;
};

}  // namespace

LoadRun run_load(DriveEngine& engine, std::int64_t sector_bytes, Load& load,
                 const LoadObserver& tell) {
  return Run(engine, sector_bytes, load, tell).until_over();
}

}  // namespace biotope::sim
