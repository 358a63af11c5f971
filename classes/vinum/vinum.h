#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "classes/array/order_gate.h"
#include "classes/vinum/config.h"
#include "classes/vinum/on_disk.h"
#include "classes/vinum/volume.h"
#include "model/class.h"
#include "model/mesh.h"
#include "model/task.h"

namespace biotope {

// Vinum as one module: drives below, volumes above, and between them subdisks and plexes that
// nobody else sees. Its providers are called vinum/VOLUME. The same out of separate modules is made
// by vinum::compose.
//
// A volume is there as long as one of its plexes is up. A plex goes down when one of its drives is
// lost or can not be written while another plex can, and comes up again by start(). A raid5 plex
// goes on without one of its subdisks.
class Vinum final : public Geom, private array::OrderGate {
 public:
  // Made by hand, or of what its drives say (labelled): then `config` is not known before they are
  // there.
  enum class Made { by_hand, labelled };
  Vinum(Mesh& mesh, const Class& cls, const std::string& name, vinum::Config config,
        Made made = Made::by_hand);
  ~Vinum() override;

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  void orphaned(Consumer& consumer) override;
  // Those that say what it is are its own, exclusively.
  void spoiled(Consumer& consumer) override {
    if (!labelled()) Geom::spoiled(consumer);
  }
  Properties derive(const Provider& own) const override;
  std::string status() const override;
  std::string recipe() const override;
  std::string about(const Provider& own) const override;

  // Stands on the disks of its drives, in their order, and offers its volumes. In a raid5 plex of
  // which all subdisks are said to be up the last one gets what fits the others.
  Status stand_on(const std::vector<Provider*>& disks);
  // Brings a plex up, or the one that a subdisk of that name is in. One that is down gets a copy of
  // what the volume has: EBUSY while that is open. In a raid5 that goes on without a subdisk that
  // one gets what fits the others, under load. ENOENT for a name that there is not, ENXIO when a
  // drive is lost; what a disk says that can not be read or written.
  Task<Status> start_plex(std::string name);

  // Of one whose drives say what it is ----------------------------------------------------------
  // What a drive says: the newest of its copies that is whole.
  struct Drive {
    std::string provider;
    vinum::Header header;
    vinum::Stamp stamp;
    std::string text;
    vinum::Kept kept;
  };
  // EEXIST with both names when that drive is there, or went on without the others; EINVAL for one
  // that is none of its drives.
  Status consider(const Drive& drive) const;
  // A drive that is considered, on `edge`, open r1w1e1: its own from now on.
  void arrive(Consumer& edge, Drive drive);
  // After that time it starts as soon as what is there makes a volume.
  void wait_at_most(std::int64_t time_ns);
  bool labelled() const { return made_ == Made::labelled; }
  // An empty disk in place of a drive that is lost. Plexes that were on that are down, and a raid5
  // gets what it lacks. ENOENT for a drive that there is not, EEXIST for one that is there or a
  // disk that is a drive already, EINVAL for one that is too small or has other sectors.
  Task<Status> insert(std::string drive, std::string disk);
  // The geom goes; with `wipe` so does what its drives say. EBUSY while a volume is open, or gets a
  // copy.
  Task<Status> stop(bool wipe);

  // What it is like, with the states of now.
  vinum::Config config() const;

  // For its volumes ----------------------------------------------------------------------------
  // Null for one that is lost.
  Consumer* drive(std::size_t index) const { return drives_[index]; }
  // The plex is down from now on, unless it is the last one of its volume: then false.
  bool take_down(vinum::LiveVolume& volume, std::size_t plex, const std::string& why);
  // A raid5 plex goes on without its subdisks on that drive; false when it can not.
  bool do_without(vinum::LiveVolume& volume, std::size_t plex, std::size_t drive,
                  const std::string& why);
  // What is on the drives says who has everything: until then no write is acknowledged.
  bool recorded() const { return !recording_; }
  // A part of a write to `volume`, or of a flush, that has come back meanwhile.
  void hold(Bio& part, vinum::LiveVolume* volume);
  // There is no such volume any more.
  void end(vinum::LiveVolume& volume, const std::string& why);

 private:
  // A drive that has come before all is known.
  struct Arrival {
    Consumer* edge;
    Drive drive;
  };
  // assembly.cc
  const Arrival* leader() const;
  std::vector<Arrival>::const_iterator arrival_of(const std::string& drive) const;
  std::vector<std::string> drives_of(const vinum::Kept& kept) const;
  bool is_there(const std::string& drive) const;
  std::string missing() const;
  bool split(const Arrival& newest) const;
  void note_split(const Drive& one, const Drive& other) const;
  void leave_out_others(const Drive& newest);
  void try_start();
  bool serves(const vinum::Config& config, const vinum::Volume& volume) const;
  Status start_with(const Drive& newest);
  void bring_in(std::size_t v);
  void revive_stale(std::size_t v);
  void arrive_late(Consumer& edge, const Drive& drive);
  void without(std::size_t drive, vinum::LiveVolume& volume);
  void forget_arrival(const Consumer& consumer);
  std::vector<Consumer*> edges() const;
  Result<std::size_t> lost_drive(const std::string& name) const;
  Status fits(const Provider& disk, std::size_t drive) const;
  void has_nothing(std::size_t drive);

  // record.cc
  void want_record();
  static Task<void> stay_and_record(Vinum* vinum);
  Task<void> record();
  Task<Status> record_on(std::size_t drive, Bytes header, Bytes copy);
  Task<Status> put(std::size_t drive, std::int64_t at_bytes, std::span<const std::byte> bytes);
  bool goes_on_unrecorded(std::size_t drive);
  void acknowledge(int error);

  struct Address {
    std::size_t volume;
    std::size_t plex;
  };

  bool idle() const override;
  Verdict issue(Bio& bio) override;
  Verdict flush(Bio& bio);
  static void flush_done(Bio& part);
  bool survives_without(std::size_t drive, vinum::LiveVolume& asked);
  void lose_drive(std::size_t drive);
  Provider* provider_of(std::size_t volume) const;
  Properties properties_of(std::size_t volume) const;
  std::size_t index_of(const Consumer& consumer) const;
  Result<Address> find_plex(const std::string& name) const;
  std::string subdisk_name(const Address& at, std::size_t subdisk) const;
  Status has_drives(const Address& at) const;
  Status may_copy(const Address& at) const;
  Task<Status> copy_to(Address at);
  Task<Status> copy(Address from, std::size_t to);
  Task<Status> copy_piece(array::Piece from, array::Piece to);
  Task<Status> build_rows(Address at);
  Task<Status> revive(Address at, std::size_t subdisk);
  static Task<void> stay_and_revive(Vinum* vinum, Address at, std::size_t subdisk);
  Status still_reviving(const Address& at, std::size_t subdisk) const;
  Task<Status> revive_rows(Address at, std::size_t subdisk);
  Task<Status> revive_row(vinum::ParityPlex& plex, std::size_t subdisk, std::int64_t row);
  Task<Status> flush_drive(std::size_t index);
  Status open_all();
  void open_as_needed();

  vinum::Config config_;
  Made made_;
  std::vector<Consumer*> drives_;
  std::vector<std::unique_ptr<vinum::LiveVolume>> volumes_;
  const vinum::LiveVolume* starting_ = nullptr;  // one of its plexes gets a copy
  std::size_t under_repair_ = 0;                 // plexes for which all drives are open
  bool running_ = true;                          // all is known
  bool waited_enough_ = false;
  std::vector<Arrival> arrivals_;  // until then
  std::vector<std::unique_ptr<vinum::LiveVolume>> past_volumes_;
  std::map<std::string, vinum::Header> headers_;  // by drive
  vinum::Stamp stamp_;
  std::map<std::string, vinum::Stamp> seen_;
  bool recording_ = false;
  bool changed_again_ = false;  // since the record that is being written
  struct Held {
    Bio* part;
    vinum::LiveVolume* volume;
  };
  std::vector<Held> unacknowledged_;
  Lifeline later_;
  EventQueue records_;
  EventQueue jobs_;
};

// Made by hand from a configuration, or found by what label() has written to drives.
class VinumClass final : public Class {
 public:
  VinumClass() : Class("vinum") {}
  std::string_view help() const override { return "volumes of plexes of subdisks of drives"; }
  std::span<const Parameter> parameters() const override;
  std::span<const Parameter> options() const override;
  void configure(const Values& values) override;
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

  // Writes header and configuration to all drives, which nobody may have open, or to none; then
  // they are found. Refused like create(), and for sectors that do not divide the header's 512
  // bytes (EINVAL), a name that is there or a disk that is a drive already (EEXIST).
  Task<Status> label(Mesh& mesh, std::string name, std::string text,
                     std::vector<Provider*> disks) const;
  // Takes both off a disk that is nobody's; also such as are too old or too new. ENOENT for none.
  Task<Status> clear(Mesh& mesh, Provider& disk) const;
  static const VinumClass* of(const Mesh& mesh) {
    return static_cast<const VinumClass*>(mesh.find_class("vinum"));
  }

 private:
  Status may_label(const Mesh& mesh, const std::string& name,
                   const std::vector<Provider*>& disks) const;
  Status join(Taster& taster, Vinum::Drive drive, Geom*& made) const;

  std::int64_t start_timeout_ns_ = kUsualTimeout_ns;
  static constexpr std::int64_t kUsualTimeout_ns = 4'000'000'000;
};

namespace vinum {

// `text` with everything placed on the disks of its drives, and those disks in the order of the
// drives. Each drive's device must be among `disks`, and each of those a drive's.
struct Plan {
  Config config;
  std::vector<Provider*> disks;
};
Result<Plan> plan(const std::string& title, std::string_view text,
                  const std::vector<Provider*>& disks);

// The same volumes out of small modules: a drive for each drive, a concat or a stripe for each
// plex, a mirror for each volume of several plexes. All or nothing.
struct Composed {
  std::vector<Geom*> geoms;        // the lowest first
  std::vector<Provider*> volumes;  // in the order of the configuration
};
Result<Composed> compose(Mesh& mesh, const std::string& title, const std::string& text,
                         const std::vector<Provider*>& disks);

}  // namespace vinum
}  // namespace biotope
