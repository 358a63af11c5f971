#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "classes/array/drive_mesh.h"
#include "props/chooser.h"

namespace biotope::props {

// What random histories of arrays have in common: disks that come, go and lose their power with all
// that they had not written; one user's requests, and what he may read after all that. What the
// array is, and when a request may fail, is for those derived.
class DiskWalk {
 public:
  DiskWalk(const DiskWalk&) = delete;
  DiskWalk& operator=(const DiskWalk&) = delete;

  const std::string& complaint() const { return complaint_; }
  // With the story so far.
  std::string told() const;
  std::map<std::string, std::uint64_t> reached;  // how often something interesting happened

 protected:
  // What may be read from one sector. Versions count up.
  struct Cell {
    std::uint64_t acknowledged = 0;
    std::uint64_t seen = 0;     // the newest that was read, or acknowledged
    std::uint64_t durable = 0;  // outlives the power
    std::set<std::uint64_t> maybe;
    std::set<std::uint64_t> loose;  // written, and not yet durable
    bool torn = false;              // there may be anything

    bool allows(std::uint64_t version) const {
      return version >= seen && (version == acknowledged || maybe.contains(version));
    }
  };
  struct Request {
    Bio bio;
    Bytes bytes;
    std::int64_t place = 0;
    std::int64_t sectors = 0;
    std::uint64_t version = 0;
    bool out = true;
    bool may_fail = false;
    std::vector<std::uint64_t> seen;  // of each sector, when it was issued
    std::vector<std::set<std::uint64_t>> allowed;
    std::map<std::int64_t, std::uint64_t> acknowledged;  // what a FLUSH makes durable
    DiskWalk* walk = nullptr;
  };

  explicit DiskWalk(Chooser& chooser) : chooser_(chooser) {}
  virtual ~DiskWalk() = default;

  // Without disks, with the classes that are wanted.
  virtual std::unique_ptr<testing::DriveMesh> new_mesh() = 0;
  // Whether a request that fails now is right to do so.
  virtual bool may_fail() { return false; }
  virtual void lost(Consumer&) { complain("its user was told that it is gone"); }

  void tell(const std::string& line);
  void complain(const std::string& what);
  bool chance(std::size_t one_in) { return chooser_.pick(one_in) == 0; }
  std::int64_t number(std::int64_t below) {
    return static_cast<std::int64_t>(chooser_.pick(static_cast<std::size_t>(below)));
  }

  // Disks ---------------------------------------------------------------------------------------
  void power_on();
  bool plugged(std::size_t medium) const { return !names_[medium].empty(); }
  testing::Drive& drive(std::size_t medium) { return m_->drive(names_[medium]); }
  void plug(std::size_t medium);
  testing::Drive& plug_as(const std::string& name, std::size_t medium);
  // What it had in its cache may be lost.
  void pull(std::size_t medium);
  // The power goes with everything under way, sector by sector; then these disks come, in order.
  void cut_power(const std::vector<std::size_t>& order);
  // What drives had not written may be lost: nothing that is not durable can be counted on.
  void loosen();
  void wait(std::int64_t ns);

  // Requests ------------------------------------------------------------------------------------
  // A user opens it; what is there is known.
  void open(const std::string& provider);
  void write_at(std::int64_t place, std::int64_t sectors, std::uint16_t flags = 0);
  void read_at(std::int64_t place, std::int64_t sectors, std::uint16_t flags = 0);
  void flush();
  bool meets_another(std::int64_t place, std::int64_t sectors) const;
  Cell& cell(std::int64_t place) { return cells_[place]; }
  // Of a sector; 0 where nothing was ever written.
  std::uint64_t version_of(const std::byte* sector, std::int64_t place);

  Chooser& chooser_;
  bool cached_ = false;           // drives acknowledge what they have not written
  bool durable_at_once_ = false;  // the array does not
  bool tears_ = false;            // what fails half way leaves nothing of a sector
  std::int64_t disk_sector_ = 512;
  std::int64_t sector_ = 512;
  std::vector<std::unique_ptr<testing::Medium>> media_;
  std::vector<std::string> names_;  // by medium: of its disk, empty when it is away
  std::deque<Request> requests_;
  std::unique_ptr<testing::DriveMesh> m_;
  Consumer* edge_ = nullptr;
  std::map<std::int64_t, Cell> cells_;
  std::uint64_t versions_ = 0;
  int pending_ = 0;
  int plugs_ = 0;

 private:
  Request& request(Command command, std::int64_t place, std::int64_t sectors);
  void submit(Request& request);
  void back(Request& request);
  void written(const Request& request);
  void was_read(const Request& request);
  void flushed(const Request& request);
  void make_durable(Cell& cell, std::uint64_t version);
  bool tear(testing::Medium& medium, const Bio& bio);

  std::string complaint_;
  std::vector<std::string> story_;
};

}  // namespace biotope::props
