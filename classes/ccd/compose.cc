#include "classes/ccd/compose.h"

#include <algorithm>
#include <numeric>

#include "classes/drive/drive.h"
#include "classes/drive/stack.h"

namespace biotope::ccd {

namespace {

using Pieces = std::vector<Provider*>;

constexpr std::int64_t kMostSectorBytes = 1 << 30;

class Composer {
 public:
  Composer(Mesh& mesh, const std::string& name, const Layout& layout, const Pieces& disks)
      : stack_(mesh), name_(name), layout_(layout), disks_(disks) {}

  Result<std::vector<Geom*>> compose() {
    if (Status done = cut(); !done) return pass_on(done);
    Pieces groups;
    for (std::size_t group = 0; group < layout_.groups.size(); ++group) {
      const Result<Provider*> joined = join(group);
      if (!joined) return pass_on(joined);
      groups.push_back(*joined);
    }
    // A ccd of one run on one disk is that piece, under the name of the ccd.
    const bool bare =
        layout_.groups.size() == 1 && layout_.groups[0].disks.size() == 1 && !layout_.mirror;
    if (groups.size() > 1 || bare) {
      if (const auto top = stack_.put_one("concat", name_, groups); !top) return pass_on(top);
    }
    return stack_.keep();
  }

 private:
  std::int64_t end_of(std::size_t group) const {
    return group + 1 == layout_.groups.size() ? layout_.size_bytes
                                              : layout_.groups[group + 1].start_bytes;
  }
  bool uses(const Group& group, std::uint32_t disk) const {
    const auto half = static_cast<std::uint32_t>(disks_.size() / 2);
    const std::uint32_t original = layout_.mirror ? disk % half : disk;
    return std::ranges::find(group.disks, original) != group.disks.end();
  }

  // A drive over each disk, with a piece for each run that uses it.
  Status cut() {
    pieces_.assign(layout_.groups.size(), Pieces(disks_.size()));
    for (std::uint32_t disk = 0; disk < disks_.size(); ++disk) {
      std::vector<Subdisk> subdisks;
      std::vector<std::size_t> groups;
      for (std::size_t i = 0; i < layout_.groups.size(); ++i) {
        const Group& group = layout_.groups[i];
        if (!uses(group, disk)) continue;
        const auto count = static_cast<std::int64_t>(group.disks.size());
        const std::int64_t length = (end_of(i) - group.start_bytes) / count;
        subdisks.push_back({"s" + std::to_string(i), group.at_bytes, length});
        groups.push_back(i);
      }
      Values values;
      values.set("subdisks", text_of(subdisks));
      const auto drive = stack_.put("drive", sentence(name_, ".d", disk), {disks_[disk]}, values);
      if (!drive) return pass_on(drive);
      for (Provider& piece : (*drive)->providers()) pieces_[groups[piece.index]][disk] = &piece;
    }
    return {};
  }

  // What group `index` is dealt out to, in its order, made one.
  Result<Provider*> join(std::size_t index) {
    const Group& group = layout_.groups[index];
    const bool last = layout_.groups.size() == 1;
    const std::string name = last ? name_ : sentence(name_, ".g", index);
    Pieces dealt;
    for (const std::uint32_t disk : group.disks) {
      const Result<Provider*> one =
          layout_.mirror ? mirrored(group.disks.size() == 1 ? name : sentence(name_, ".m", disk),
                                    pieces_[index], disk)
                         : pieces_[index][disk];
      if (!one) return one;
      dealt.push_back(*one);
    }
    if (dealt.size() == 1) return dealt.front();
    Values values;
    values.set("stripe_size", layout_.interleave_bytes);
    return stack_.put_one("stripe", name, dealt, values);
  }
  Result<Provider*> mirrored(const std::string& name, const Pieces& pieces, std::uint32_t disk) {
    return stack_.put_one("mirror", name, {pieces[disk], pieces[disk + disks_.size() / 2]});
  }

  Stack stack_;
  std::string name_;
  const Layout& layout_;
  const Pieces& disks_;
  std::vector<Pieces> pieces_;  // by run and disk
};

}  // namespace

Result<std::vector<Geom*>> compose(Mesh& mesh, const std::string& name, const Settings& settings,
                                   const std::vector<Provider*>& disks) {
  std::vector<Component> components;
  std::int64_t sector = 1;
  for (const Provider* disk : disks) {
    components.push_back({disk->name(), disk->media_size_bytes()});
    if (sector <= kMostSectorBytes) sector = std::lcm(sector, disk->sector_size_bytes());
  }
  if (sector > kMostSectorBytes) {
    return fail(EINVAL, "ccd ", name, ": the sectors of its disks differ too much");
  }
  const Result<Layout> layout = lay_out("ccd " + name, settings, components, sector);
  if (!layout) return pass_on(layout);
  return Composer(mesh, name, *layout, disks).compose();
}

}  // namespace biotope::ccd
