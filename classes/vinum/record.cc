// What a labelled vinum keeps on its drives, and when: before a write that some plex or subdisk has
// missed is acknowledged.
#include <utility>

#include "classes/vinum/vinum.h"
#include "model/control_io.h"

namespace biotope {

void Vinum::want_record() {
  if (!labelled() || !running_) return;
  if (std::exchange(recording_, true)) {
    changed_again_ = true;
    return;
  }
  records_.post([this] { return stay_and_record(this); });
}

Task<void> Vinum::stay_and_record(Vinum* vinum) {
  const Stay stay(*vinum);
  co_await vinum->record();
}

// On all drives that are there. What one can not note it is not used for, if that can be.
Task<void> Vinum::record() {
  int error = 0;
  do {
    changed_again_ = false;
    stamp_ = stamp_.next();
    for (std::size_t i = 0; i < drives_.size(); ++i) {
      if (drives_[i] != nullptr) seen_[config_.drives[i].name] = stamp_;
    }
    const Bytes copy = vinum::encode_copy(stamp_, text_of(vinum::Kept{config(), seen_}));
    for (std::size_t i = 0; i < drives_.size(); ++i) {
      if (drives_[i] == nullptr) continue;
      vinum::Header& header = headers_[config_.drives[i].name];
      header.updated = stamp_;
      const Status done = co_await record_on(i, vinum::encode(header), copy);
      if (done || drives_[i] == nullptr || goes_on_unrecorded(i)) continue;
      mesh().note(*this, sentence("what has changed can not be noted on drive ",
                                  config_.drives[i].name, ": ", done.error().text));
      error = EIO;
    }
  } while (changed_again_ && !withering());
  acknowledge(withering() ? ENXIO : error);
}

// First one copy, then what says that it is the newest, then the other: one is whole at any time.
Task<Status> Vinum::record_on(std::size_t drive, Bytes header, Bytes copy) {
  Status done = co_await put(drive, vinum::copy_at_bytes(0), copy);
  if (done) done = co_await put(drive, vinum::kHeaderAt_bytes, header);
  if (done) done = co_await put(drive, vinum::copy_at_bytes(1), copy);
  co_return done;
}

// Until it is on stable storage.
Task<Status> Vinum::put(std::size_t drive, std::int64_t at_bytes,
                        std::span<const std::byte> bytes) {
  const Error gone{ENXIO, sentence("drive ", config_.drives[drive].name, " is lost")};
  if (drives_[drive] == nullptr) co_return tl::unexpected<Error>(gone);
  Status done = co_await write(*drives_[drive], at_bytes, bytes);
  if (!done) co_return done;
  if (drives_[drive] == nullptr) co_return tl::unexpected<Error>(gone);
  done = co_await biotope::flush(*drives_[drive]);
  if (!done && done.error().code == EOPNOTSUPP) done = Status{};
  co_return done;
}

// False when a volume has nothing else.
bool Vinum::goes_on_unrecorded(std::size_t drive) {
  bool spared = true;
  for (const auto& volume : volumes_) {
    for (std::size_t plex = 0; plex < volume->count(); ++plex) {
      if (!volume->up(plex) || !volume->uses(plex, drive)) continue;
      constexpr const char* kWhy = "on a drive of it nothing can be noted";
      const vinum::ParityPlex* raid5 = volume->raid5(plex);
      if (raid5 != nullptr && raid5->not_up() < raid5->count() &&
          raid5->drive_of(raid5->not_up()) == drive) {
        continue;
      }
      spared = (do_without(*volume, plex, drive, kWhy) || take_down(*volume, plex, kWhy)) && spared;
    }
  }
  return spared;
}

// The drive it was on may be gone before it goes on.
void Vinum::hold(Bio& part, vinum::LiveVolume* volume) {
  part.edge = part.parent->edge;
  unacknowledged_.push_back({&part, volume});
}

void Vinum::acknowledge(int error) {
  recording_ = false;
  for (const Held& held : std::exchange(unacknowledged_, {})) {
    if (held.part->error == 0) held.part->error = error;
    if (held.volume != nullptr) {
      held.volume->acknowledge(*held.part);
    } else {
      Children::part_done(*held.part);
    }
  }
}

}  // namespace biotope
