#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/executor.h"
#include "sim/rack/drive.h"
#include "sim/rack/link_traits.h"
#include "sim/rack/payload.h"
#include "sim/rack/wire.h"

namespace biotope::sim {

// The host's side of a controller: what waits for a drive, what is on the wire, and what is done
// about drives that do not answer: abort the request, reset the drive, reset the bus, and at last
// give the drive up. What comes back from that is sent again.
//
// One for LinkKind::direct does nothing but that: requests and answers pass at once, and what comes
// back late is answered with ETIMEDOUT.
class Link {
 public:
  // What the link stands between.
  class Ends {
   public:
    virtual ~Ends() = default;
    virtual Drive& drive(int bay) = 0;
    virtual void to_drive(int bay, tlm::tlm_generic_payload& payload) = 0;
    // In an event of its own.
    virtual void to_host(int bay, tlm::tlm_generic_payload& payload) = 0;
  };

  // All must outlive the link.
  Link(Executor& executor, Ends& ends, const LinkTraits& traits, int bays);

  void send(int bay, tlm::tlm_generic_payload& payload);
  // A drive has had it since before there was a link.
  void take_over(int bay, tlm::tlm_generic_payload& payload);
  // From the drive, with an answer in it.
  void came_back(int bay, tlm::tlm_generic_payload& payload);

  // Everything in flight on this wire comes back, and is sent again; or what `comes_back` leaves,
  // and the rest when its time is out.
  void reset_bus(int bay, const Drive::ComesBack& comes_back = {});
  // From now on nothing gets through: what is under way is answered with ENXIO.
  void die();
  void revive() { dead_ = false; }

  LinkStatistics statistics() const;

 private:
  struct Port {
    PayloadQueue waiting;
    std::vector<tlm::tlm_generic_payload*> inside;  // the drive
    std::int64_t sent = 0;                          // on the wire, or inside
    std::int64_t tags = 0;                          // that the drive takes, as far as it is known
    bool recovering = false;                        // somebody is on the ladder
  };

  Port& port(int bay) { return ports_[static_cast<std::size_t>(bay)]; }
  Wire& wire(int bay) { return wires_[traits_.shared ? 0 : static_cast<std::size_t>(bay)]; }

  bool direct() const { return traits_.kind == LinkKind::direct; }
  bool may_go(int bay) const;
  void pump();
  void arrived(int bay, tlm::tlm_generic_payload& payload);
  void returned(int bay, tlm::tlm_generic_payload& payload);
  bool again(int bay, tlm::tlm_generic_payload& payload);
  void answer_soon(int bay, tlm::tlm_generic_payload& payload, int error);

  void watch(std::int64_t deadline_ns);
  void look_at_clock();
  void climb(int bay, tlm::tlm_generic_payload* late, Rung rung);
  void recovered(int bay);
  void give_up(int bay);

  Executor& executor_;
  Ends& ends_;
  const LinkTraits traits_;
  std::vector<Port> ports_;
  std::vector<Wire> wires_;
  std::int64_t sent_ = 0;  // over all ports
  std::uint64_t next_ = 0;
  std::int64_t watched_ns_ = kNever;
  bool dead_ = false;
  LinkStatistics statistics_;
};

}  // namespace biotope::sim
