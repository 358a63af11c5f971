#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "model/class.h"
#include "model/control_io.h"
#include "model/mesh.h"

namespace biotope {

// One disk over several paths. A request that a path fails goes to the disk by another one.
// FreeBSD's gmultipath by its metadata and its rules.
class Multipath final : public Geom {
 public:
  enum class Mode : std::uint8_t { active_passive, active_active, active_read };

  // `uuid` is empty for one made by hand, without metadata.
  Multipath(Mesh& mesh, const Class& cls, std::string name, std::string uuid, Values values);

  Verdict start(Bio& bio, Provider& provider) override;
  void orphaned(Consumer& consumer) override;
  void spoiled(Consumer& consumer) override;
  Properties derive(const Provider& own) const override;
  std::string status() const override;
  std::string recipe() const override;

  const std::string& uuid() const { return uuid_; }
  // `disk` is one more path: attached, and open as the others are. EEXIST when it is there already,
  // EINVAL when it is of another size.
  Status add(Provider& disk);
  // The path goes. EBUSY for the last one, ENOENT when there is none of that name; likewise below.
  Status remove(std::string_view path);
  // Nothing goes there any more while another path works.
  Status fail_path(std::string_view path);
  Status restore(std::string_view path);
  // This path, or the next one, is the active one from now on. ENXIO for one that has failed.
  Status prefer(std::string_view path);
  Status rotate();
  // Empty when no path works.
  std::string active() const;
  // OPTIMAL with two or more that work, DEGRADED with one, BROKEN with none.
  std::string_view state() const;

  // A request is given up when all paths have failed it and were given this many new chances.
  static constexpr int kRestores = 2;

 private:
  struct Path {
    Consumer* edge;
    std::string name;
    bool failed = false;
  };

  Status publish(const Provider& disk);
  Path* find(std::string_view name);
  Path* find(const Consumer& edge);
  Result<Path*> named(std::string_view name);
  void drop(Path& path);
  Path* next_good(const Path* after);
  Path* choose(Command command);
  void choose_active(const Path* after);
  bool give_new_chances(const Consumer* but);
  Verdict issue(Bio& bio);
  bool go_elsewhere(Bio& part);
  static void part_done(Bio& part);
  void came_back(bool ordered);
  void let_waiting_go();

  std::string uuid_;
  Values values_;
  Mode mode_;
  std::deque<Path> paths_;  // in the order of their coming
  Consumer* active_ = nullptr;
  Consumer* last_ = nullptr;  // where the last request went
  // Paths know nothing of each other's order: one that is ORDERED goes alone.
  std::int64_t in_flight_ = 0;
  bool ordered_in_flight_ = false;
  BioQueue waiting_;
};

// Paths are found by metadata in the last sector of the disk, which are the same over each of them.
class MultipathClass final : public Class {
 public:
  MultipathClass() : Class("multipath") {}
  std::string_view help() const override { return "one disk over several paths"; }
  std::span<const Parameter> parameters() const override;
  // By hand, of any number of paths of equal size; nothing is written.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

  // Writes metadata over the first path and sees that they appear over the others: EINVAL when they
  // do not, and then they are taken back. EEXIST for a disk that holds metadata.
  Task<Status> label(Mesh& mesh, std::string name, std::vector<Provider*> paths,
                     Values given) const;
  // Makes the metadata of a disk zeros over one path that is in no geom.
  Task<Status> clear(Mesh& mesh, Provider& disk) const;
  static const MultipathClass* of(const Mesh& mesh) {
    return dynamic_cast<const MultipathClass*>(mesh.find_class("multipath"));
  }

 private:
  // What is written to the first path must appear on the others, or is undone.
  Task<Status> write_and_compare(std::vector<Consumer*> paths, Bytes sector) const;
};

}  // namespace biotope
