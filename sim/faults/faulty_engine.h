#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/faults/drive_faults.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

// An engine around another one, on which requests meet the faults of their drive: they are held up,
// sent away, forgotten, answered late, early, twice or in another order. Without faults it is not
// there.
class FaultyEngine final : public DriveEngine {
 public:
  // Requests may be on their way inside already: those meet nothing. `faults` must outlive it.
  FaultyEngine(std::unique_ptr<DriveEngine> inside, DriveFaults& faults);

  void submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
              std::int64_t now_ns) override;
  std::int64_t event_ns() const override;
  std::optional<Finished> finished(std::int64_t until_ns) override;
  std::int64_t outstanding() const override;
  std::int64_t progress(std::uint64_t tag, std::int64_t now_ns) override;
  bool writes_back() const override { return inside_->writes_back(); }
  void add_unwritten(std::vector<Extent>& to, std::int64_t now_ns) override {
    inside_->add_unwritten(to, now_ns);
  }
  void flush(std::int64_t now_ns) override { inside_->flush(now_ns); }
  // What hangs does not any more.
  void forget(std::uint64_t tag, std::int64_t now_ns) override;
  int flush_error(std::int64_t now_ns) override { return faults_.meet_flush(now_ns); }
  void restart() override;
  void add_to(DriveStatistics& statistics) const override { inside_->add_to(statistics); }

  // What hangs until this is released goes on. Gives how many requests that were.
  std::size_t release(const std::string& name, std::int64_t now_ns);

 private:
  struct Request {
    enum class State { held, inside, done, hanging };
    State state = State::inside;
    Command command = Command::read;
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t arrived_ns = 0;
    Trouble trouble{};
    Finished answer{};  // once it is done
    bool lets_others_go_first = false;
    std::int64_t answer_ns = 0;
  };
  // By time, and then in the order they came.
  using Schedule = std::set<std::tuple<std::int64_t, std::uint64_t, std::uint64_t>>;

  static std::int64_t first_ns(const Schedule& schedule);
  void hold(std::uint64_t tag, Request& request, std::int64_t until_ns);
  void pass(std::uint64_t tag, Request& request, std::int64_t now_ns);
  void answer_at(Request& request, const Finished& answer, std::int64_t time_ns);
  void came_out(Request& request, Finished answer);
  Finished give_next_answer();
  void overtake(std::int64_t now_ns);

  std::unique_ptr<DriveEngine> inside_;
  DriveFaults& faults_;
  std::map<std::uint64_t, Request> requests_;  // by tag
  Schedule held_;
  Schedule answers_;
  std::optional<Finished> again_;
  std::int64_t passed_ = 0;            // to the engine inside, and not come out
  std::int64_t letting_go_first_ = 0;  // done, but others are to be answered before
  std::uint64_t next_number_ = 0;
};

}  // namespace biotope::sim
