// A subdisk of a raid5 plex gets what fits the others, while the plex is used.
#include "classes/parity/xor.h"
#include "classes/vinum/vinum.h"
#include "model/control_io.h"

namespace biotope {

using State = vinum::ParityPlex::State;

Task<void> Vinum::stay_and_revive(Vinum* vinum, Address at, std::size_t subdisk) {
  const Stay stay(*vinum);
  const Status done = co_await vinum->revive(at, subdisk);
  if (!done && !vinum->withering()) vinum->mesh().note(*vinum, done.error().text);
}

Task<Status> Vinum::revive(Address at, std::size_t subdisk) {
  vinum::LiveVolume& volume = *volumes_[at.volume];
  vinum::ParityPlex& plex = *volume.raid5(at.plex);
  if (plex.state(subdisk) == State::reviving) {
    co_return fail(EBUSY, "subdisk ", subdisk_name(at, subdisk), " gets what it lacks already");
  }
  if (Status may = has_drives(at); !may) co_return may;
  if (Status opened = open_all(); !opened) co_return opened;
  ++under_repair_;
  plex.set_state(subdisk, State::reviving);
  Status done = co_await revive_rows(at, subdisk);
  plex.claim(-1);
  volume.drain();
  if (done && drives_[plex.drive_of(subdisk)] != nullptr) {
    done = co_await flush_drive(plex.drive_of(subdisk));
  }
  if (done) done = still_reviving(at, subdisk);
  if (done) {
    plex.set_state(subdisk, State::up);
    mesh().note(*this, sentence("subdisk ", subdisk_name(at, subdisk), " is up"));
    want_record();
  } else if (plex.state(subdisk) == State::reviving) {
    plex.set_state(subdisk, State::stale);
  }
  --under_repair_;
  open_as_needed();
  co_return done;
}

Status Vinum::still_reviving(const Address& at, std::size_t subdisk) const {
  const vinum::LiveVolume& volume = *volumes_[at.volume];
  const bool lost =
      !volume.up(at.plex) || drives_[volume.raid5(at.plex)->drive_of(subdisk)] == nullptr;
  if (!lost && volume.raid5(at.plex)->state(subdisk) == State::reviving) return {};
  return fail(ENXIO, "subdisk ", subdisk_name(at, subdisk), " was lost while it got what it lacks");
}

// No write enters a row while it is worked on; before and after that writes go to the subdisk too.
Task<Status> Vinum::revive_rows(Address at, std::size_t subdisk) {
  vinum::LiveVolume& volume = *volumes_[at.volume];
  vinum::ParityPlex& plex = *volume.raid5(at.plex);
  for (std::int64_t row = 0; row < plex.rows(); ++row) {
    plex.claim(row);
    volume.drain();
    while (plex.written_now(row)) co_await sleep(mesh().executor(), RequestPath::kReplayDelay_ns);
    Status fine = still_reviving(at, subdisk);
    if (fine) fine = co_await revive_row(plex, subdisk, row);
    if (!fine) co_return fine;
  }
  co_return Status{};
}

Task<Status> Vinum::revive_row(vinum::ParityPlex& plex, std::size_t subdisk, std::int64_t row) {
  Bytes sum(static_cast<std::size_t>(plex.stripe_bytes()));
  for (std::size_t i = 0; i < plex.count(); ++i) {
    if (i == subdisk) continue;
    Consumer* from = drives_[plex.drive_of(i)];
    if (from == nullptr) co_return fail(ENXIO, title(), " has lost a drive");
    const Result<Bytes> bytes = co_await read(*from, plex.place_of(i, row), plex.stripe_bytes());
    if (!bytes) co_return pass_on(bytes);
    parity::xor_into(sum.data(), bytes->data(), sum.size());
  }
  Consumer* to = drives_[plex.drive_of(subdisk)];
  if (to == nullptr) co_return fail(ENXIO, title(), " has lost a drive");
  co_return co_await write(*to, plex.place_of(subdisk, row), sum);
}

}  // namespace biotope
