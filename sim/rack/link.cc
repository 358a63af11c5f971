#include "sim/rack/link.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {
namespace {

constexpr int kHostRank = 100;

// A bus arbitrates 7 down to 0 and then 15 down to 8; 7 is the controller's own.
int rank_of(int bay) {
  const int id = bay < 7 ? bay : bay + 1;
  return id < 7 ? id + 16 : id;
}

bool moves(const tlm::tlm_generic_payload& payload, DriveCommand command) {
  return payload.get_extension<DriveExtension>()->command == command;
}

}  // namespace

Link::Link(Executor& executor, Ends& ends, const LinkTraits& traits, int bays)
    : executor_(executor), ends_(ends), traits_(traits), ports_(static_cast<std::size_t>(bays)) {
  for (Port& port : ports_) port.tags = traits.tags;
  const auto passed = [this](int bay, tlm::tlm_generic_payload& payload, bool out) {
    if (out) return arrived(bay, payload);
    returned(bay, payload);
  };
  for (int i = 0; i < (traits.shared ? 1 : bays); ++i) wires_.emplace_back(executor, passed);
}

LinkStatistics Link::statistics() const {
  LinkStatistics all = statistics_;
  for (const Wire& wire : wires_) all.wire_ns += wire.held_ns();
  return all;
}

// --- a request's way ----------------------------------------------------------------------------

void Link::send(int bay, tlm::tlm_generic_payload& payload) {
  if (direct()) {
    take_over(bay, payload);
    return ends_.to_drive(bay, payload);
  }
  if (dead_) return answer_soon(bay, payload, ENXIO);
  drive_extension(payload).turn = next_++;
  port(bay).waiting.push(payload);
  pump();
}

bool Link::may_go(int bay) const {
  const Port& port = ports_[static_cast<std::size_t>(bay)];
  if (port.waiting.empty() || port.recovering || port.sent >= port.tags) return false;
  return !traits_.one_at_a_time || sent_ == 0;
}

// Whoever may, in the order they were asked.
void Link::pump() {
  for (;;) {
    int next = -1;
    std::uint64_t turn = 0;
    for (int bay = 0; bay < static_cast<int>(ports_.size()); ++bay) {
      if (!may_go(bay)) continue;
      const std::uint64_t asked = drive_extension(port(bay).waiting.front()).turn;
      if (next >= 0 && asked > turn) continue;
      next = bay;
      turn = asked;
    }
    if (next < 0) return;
    tlm::tlm_generic_payload& payload = port(next).waiting.pop();
    ++port(next).sent;
    ++sent_;
    const bool data = moves(payload, DriveCommand::write);
    wire(next).pass(next, payload, true,
                    traits_.passage_ns(data ? drive_extension(payload).length_bytes : 0),
                    kHostRank);
  }
}

// The command, and a write's data, have come to the drive.
void Link::arrived(int bay, tlm::tlm_generic_payload& payload) {
  Port& port = this->port(bay);
  const auto inside = static_cast<std::int64_t>(port.inside.size());
  if (inside >= ends_.drive(bay).drive_kind().queue_depth && !dead_) {
    ++statistics_.queue_full;
    port.tags = inside;
    --port.sent;
    --sent_;
    return port.waiting.insert(payload);
  }
  take_over(bay, payload);
  ends_.to_drive(bay, payload);
}

void Link::take_over(int bay, tlm::tlm_generic_payload& payload) {
  port(bay).inside.push_back(&payload);
  if (traits_.timeout_ns == 0) return;
  drive_extension(payload).deadline_ns = executor_.now_ns() + traits_.timeout_ns;
  watch(drive_extension(payload).deadline_ns);
}

void Link::came_back(int bay, tlm::tlm_generic_payload& payload) {
  std::erase(port(bay).inside, &payload);
  if (direct()) {
    const DriveExtension& extension = drive_extension(payload);
    const bool late = extension.deadline_ns <= executor_.now_ns();
    if (extension.error == EAGAIN && late) answer(payload, ETIMEDOUT);
    return ends_.to_host(bay, payload);
  }
  const bool data = moves(payload, DriveCommand::read);
  wire(bay).pass(bay, payload, false,
                 traits_.passage_ns(data ? drive_extension(payload).transferred_bytes : 0),
                 traits_.kind == LinkKind::scsi ? rank_of(bay) : kHostRank);
}

// The answer, and a read's data, have come to the host.
void Link::returned(int bay, tlm::tlm_generic_payload& payload) {
  --port(bay).sent;
  --sent_;
  if (!again(bay, payload)) ends_.to_host(bay, payload);
  pump();
}

// Sends it once more, if that is what its answer asks for.
bool Link::again(int bay, tlm::tlm_generic_payload& payload) {
  DriveExtension& extension = drive_extension(payload);
  if (extension.error != EAGAIN || dead_) return false;
  if (extension.tries++ == traits_.retries) {
    answer(payload, ETIMEDOUT);
    return false;
  }
  ++statistics_.retries;
  extension.error = 0;
  extension.transferred_bytes = 0;
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  port(bay).waiting.insert(payload);
  return true;
}

void Link::answer_soon(int bay, tlm::tlm_generic_payload& payload, int error) {
  answer(payload, error);
  executor_.post([this, bay, &payload] { ends_.to_host(bay, payload); });
}

// --- drives that do not answer ------------------------------------------------------------------

void Link::watch(std::int64_t deadline_ns) {
  if (deadline_ns >= watched_ns_) return;
  watched_ns_ = deadline_ns;
  executor_.after(deadline_ns - executor_.now_ns(), [this, deadline_ns] {
    if (watched_ns_ == deadline_ns) look_at_clock();
  });
}

void Link::look_at_clock() {
  watched_ns_ = kNever;
  std::int64_t next_ns = kNever;
  for (int bay = 0; bay < static_cast<int>(ports_.size()); ++bay) {
    Port& port = this->port(bay);
    if (port.recovering) continue;
    for (tlm::tlm_generic_payload* payload : port.inside) {
      const std::int64_t deadline_ns = drive_extension(*payload).deadline_ns;
      if (deadline_ns > executor_.now_ns()) {
        next_ns = std::min(next_ns, deadline_ns);
        continue;
      }
      ++statistics_.timeouts;
      port.recovering = true;
      climb(bay, payload, Rung::abort);
      break;
    }
  }
  watch(next_ns);
}

// Tries one rung, and the next when that has done nothing.
void Link::climb(int bay, tlm::tlm_generic_payload* late, Rung rung) {
  executor_.after(traits_.recovery_ns, [this, bay, late, rung] {
    if (dead_) return;
    Drive& drive = ends_.drive(bay);
    const auto& inside = port(bay).inside;
    const bool still = std::find(inside.begin(), inside.end(), late) != inside.end();
    if (!still) return recovered(bay);
    switch (rung) {
      case Rung::none:
      case Rung::abort:
        ++statistics_.aborts;
        if (drive.abort(*late)) return recovered(bay);
        return climb(bay, late, Rung::device_reset);
      case Rung::device_reset:
        ++statistics_.device_resets;
        if (drive.reset(Rung::device_reset)) return recovered(bay);
        return climb(bay, late, Rung::bus_reset);
      case Rung::bus_reset:
        reset_bus(bay);
        if (drive.hung() == Rung::none) return recovered(bay);
        return climb(bay, late, Rung::never);
      case Rung::never:
        return give_up(bay);
    }
  });
}

void Link::reset_bus(int bay, const Drive::ComesBack& comes_back) {
  ++statistics_.bus_resets;
  for (int other = 0; other < static_cast<int>(ports_.size()); ++other) {
    if (traits_.shared || other == bay) ends_.drive(other).reset(Rung::bus_reset, comes_back);
  }
}

// What came back for it is on its way, and no longer late.
void Link::recovered(int bay) {
  executor_.post([this, bay] {
    port(bay).recovering = false;
    pump();
    look_at_clock();
  });
}

// The drive is as good as gone.
void Link::give_up(int bay) {
  ++statistics_.given_up;
  ends_.drive(bay).set_reachable(false);
  while (!port(bay).waiting.empty()) answer_soon(bay, port(bay).waiting.pop(), ENXIO);
  recovered(bay);
}

void Link::die() {
  dead_ = true;
  for (int bay = 0; bay < static_cast<int>(ports_.size()); ++bay) {
    port(bay).recovering = false;
    while (!port(bay).waiting.empty()) answer_soon(bay, port(bay).waiting.pop(), ENXIO);
  }
}

}  // namespace biotope::sim
