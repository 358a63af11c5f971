#pragma once

#include <memory>
#include <string>
#include <vector>

#include "classes/array/order_gate.h"
#include "classes/vinum/config.h"
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
  Vinum(Mesh& mesh, const Class& cls, const std::string& name, vinum::Config config);
  ~Vinum() override;

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  void orphaned(Consumer& consumer) override;
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
  // There is no such volume any more.
  void end(vinum::LiveVolume& volume, const std::string& why);

 private:
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
  void build_parity(const Address& at);
  Task<Status> revive(Address at, std::size_t subdisk);
  static Task<void> stay_and_revive(Vinum* vinum, Address at, std::size_t subdisk);
  Status still_reviving(const Address& at, std::size_t subdisk) const;
  Task<Status> revive_rows(Address at, std::size_t subdisk);
  Task<Status> revive_row(vinum::ParityPlex& plex, std::size_t subdisk, std::int64_t row);
  Task<Status> flush_drive(std::size_t index);
  Status open_all();
  void open_as_needed();

  vinum::Config config_;
  std::vector<Consumer*> drives_;
  std::vector<std::unique_ptr<vinum::LiveVolume>> volumes_;
  const vinum::LiveVolume* starting_ = nullptr;  // one of its plexes gets a copy
  std::size_t under_repair_ = 0;                 // plexes for which all drives are open
  EventQueue jobs_;
};

// Made by hand from a configuration.
class VinumClass final : public Class {
 public:
  VinumClass() : Class("vinum") {}
  std::string_view help() const override { return "volumes of plexes of subdisks of drives"; }
  std::span<const Parameter> parameters() const override;
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
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
