#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "classes/mirror/testing.h"
#include "props/chooser.h"

namespace biotope::props {

// Random histories of arrays that stand on arrays: loads, lost disks, disks that come back out of
// date or were never of it, and surgery. What was acknowledged is read as long as enough of it
// lives, nothing wrong is ever read, and a loss is told to whom it concerns and to nobody else.
class ArrayWalk {
 public:
  explicit ArrayWalk(Chooser& chooser);
  ~ArrayWalk();

  void step();
  // Nothing more can happen: it is gone, and can not come back.
  bool over() const { return !complaint_.empty() || (edge_ == nullptr && !labelled_); }
  // In the end everything that can come back is there, and holds what was acknowledged.
  void end();

  const std::string& complaint() const { return complaint_; }
  const std::vector<std::string>& story() const { return story_; }
  std::map<std::string, std::uint64_t> reached;  // how often something interesting happened

 private:
  enum class Kind { disk, stripe, concat, shsec, mirror, multipath };
  // An array, or a disk at the bottom.
  struct Node {
    Kind kind = Kind::disk;
    std::string name;  // of the geom
    std::vector<Node> below;
    std::size_t medium = 0;  // of a disk
  };
  // What may be read from one sector. Versions count up.
  struct Cell {
    std::uint64_t is = 0;           // acknowledged, or seen
    std::set<std::uint64_t> maybe;  // of writes that failed
    bool torn = false;              // a failed write may have left anything
  };
  struct Request {
    Bio bio;
    Bytes bytes;
    std::uint64_t version = 0;
    int error = -1;
  };

  static const char* class_of(Kind kind);
  std::string provider_of(const Node& node) const;
  std::string text_of(const Node& node) const;
  bool has(const Node& node, Kind kind) const;

  Node grow(int levels, bool mirrored);
  Node new_disk();
  void plug(std::size_t medium);
  testing::Drive& plug_as(const std::string& name, std::size_t medium);
  void make(const Node& node);
  void make_paths(const Node& node, Provider& disk);
  void label(const Node& node, const std::vector<Provider*>& below);
  void open();

  bool serves(const Node& node) const;
  void told_of_loss();

  void load();
  Request* add_request(Command command);
  void take_note(const Request& request);
  void check_sector(const Request& request, std::int64_t sector);
  void flush();
  void lose_disk();
  void bring_back();
  void plug_foreign();
  void cut_in();
  void take_out();
  void wait(std::int64_t ns);
  void compare_all();

  void tell(const std::string& line);
  void complain(const std::string& what);
  bool chance(std::size_t one_in) { return chooser_.pick(one_in) == 0; }

  Chooser& chooser_;
  bool labelled_ = false;
  std::int64_t sector_bytes_ = 512;
  std::vector<std::unique_ptr<testing::Medium>> media_;
  std::vector<std::unique_ptr<testing::Medium>> foreign_;
  std::vector<std::string> plugged_;  // by medium: the disk's name, empty when it is away
  std::vector<std::unique_ptr<testing::Drive>> drives_;
  std::vector<testing::Drive*> drive_of_;              // by medium
  std::vector<std::size_t> away_;                      // media, in the order in which they went
  std::map<std::size_t, testing::Drive*> other_path_;  // by medium, where there is one
  std::deque<Request> requests_;
  std::unique_ptr<testing::TestMesh> t_;
  Node root_;
  Consumer* edge_ = nullptr;
  bool lost_ = false;
  std::vector<Cell> cells_;
  std::uint64_t versions_ = 0;
  int arrays_ = 0;
  int plugs_ = 0;
  std::vector<std::string> between_;  // names of nops that were put into edges
  std::string complaint_;
  std::vector<std::string> story_;
};

}  // namespace biotope::props
