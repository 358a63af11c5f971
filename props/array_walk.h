#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "classes/mirror/mirror.h"
#include "props/disk_walk.h"

namespace biotope::props {

// Random histories of arrays that stand on arrays: loads, lost disks, disks that come back out of
// date or were never of it, sectors that can not be read, power cuts, and surgery. What was
// acknowledged is read as long as enough of it lives, nothing wrong is ever read, a loss is told to
// whom it concerns and to nobody else, and in the end the disks of mirrors are equal.
class ArrayWalk final : public DiskWalk {
 public:
  explicit ArrayWalk(Chooser& chooser);

  void step();
  // Nothing more can happen: it is gone, and can not come back.
  bool over() const { return !complaint().empty() || (edge_ == nullptr && !labelled_); }
  // In the end everything that can come back is there, and holds what was acknowledged.
  void end();

 private:
  enum class Kind { disk, stripe, concat, shsec, mirror, multipath };
  // An array, or a disk at the bottom.
  struct Node {
    Kind kind = Kind::disk;
    std::string name;  // of the geom
    std::vector<Node> below;
    std::size_t medium = 0;  // of a disk
  };

  static const char* class_of(Kind kind);
  std::string provider_of(const Node& node) const;
  std::string text_of(const Node& node) const;
  bool has(const Node& node, Kind kind) const;

  std::unique_ptr<testing::DriveMesh> new_mesh() override;
  Node grow(int levels, bool mirrored);
  Node new_disk();
  void make(const Node& node);
  void make_paths(const Node& node, Provider& disk);
  void label(const Node& node, const std::vector<Provider*>& below);
  void open_root();

  // Whether it can do all that it is there for, as far as the disks go and what mirrors say of
  // theirs; `well` wants every sector to be readable besides.
  bool serves(const Node& node, bool well = false) const;
  bool may_fail() override { return lost_ || !serves(root_, true); }
  void lost(Consumer& edge) override;

  void load();
  bool counts(const Node& node, std::size_t medium) const;
  void lose_disk();
  void bring_back();
  void plug_foreign();
  void spoil_sector();
  bool comes_late(const Node& node, bool below_mirror) const;
  void cut_power();
  void cut_in();
  void take_out();
  void compare_all();
  void cure();
  void mend_mirrors(const Node& node);
  void compare_members(const Node& node);
  mirror::Mirror* mirror_of(const Node& node) const;

  bool labelled_ = false;
  std::vector<std::unique_ptr<testing::Medium>> foreign_;
  std::vector<std::size_t> away_;                      // media, in the order in which they went
  std::map<std::size_t, testing::Drive*> other_path_;  // by medium, where there is one
  Node root_;
  bool lost_ = false;
  int arrays_ = 0;
  std::vector<std::string> between_;  // names of nops that were put into edges
};

}  // namespace biotope::props
