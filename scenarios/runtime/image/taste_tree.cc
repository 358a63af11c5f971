#include <fmt/format.h>

#include "classes/slicer/slicer.h"
#include "scenarios/runtime/image/taste_report.h"
#include "viz/words.h"

namespace biotope::runtime {

namespace {

// A line and what hangs below it.
struct Branch {
  std::string line;
  std::vector<Branch> below;
};

void draw(const Branch& branch, const std::string& indent, std::string& text) {
  for (const Branch& twig : branch.below) {
    const bool last = &twig == &branch.below.back();
    text += fmt::format("{}{} {}\n", indent, last ? "└─" : "├─", viz::one_line(twig.line));
    draw(twig, indent + (last ? "   " : "│  "), text);
  }
}

std::string line_of(const Slicer& slicer, const Provider& provider) {
  const Slice& slice = slicer.slice_of(provider);
  const std::string label = slice.label.empty() ? "" : fmt::format(" \"{}\"", slice.label);
  return fmt::format("{}: {}{}, {} from byte {}", provider.name(), slice.type, label,
                     viz::size_text(provider.media_size_bytes()), start_on_disk_bytes(provider));
}

class Grower {
 public:
  explicit Grower(const TastedDisk& tasted) : tasted_(tasted) {}

  void grow_on(const Provider& provider, Branch& branch) const {
    for (const TastedDisk::Note& note : tasted_.notes()) {
      if (note.error == 0 || note.provider != provider.name()) continue;
      branch.below.push_back({note.text, {}});
    }
    for (const Consumer& user : provider.consumers()) branch.below.push_back(grow(user.geom()));
  }

 private:
  Branch grow(const Geom& geom) const {
    const Slicer* slicer = Slicer::of(geom);
    Branch branch;
    if (slicer != nullptr) {
      const Table& table = slicer->table();
      const std::size_t count = table.slices.size();
      branch.line = fmt::format("{}, {} partition{}", table.scheme, count, count == 1 ? "" : "s");
      for (const std::string& note : table.notes) branch.below.push_back({"note: " + note, {}});
    } else {
      branch.line = geom.cls().name();
      if (const std::string status = geom.status(); !status.empty()) branch.line += ": " + status;
    }
    for (const Provider& above : geom.providers()) {
      Branch twig{slicer != nullptr ? line_of(*slicer, above) : above.name(), {}};
      grow_on(above, twig);
      branch.below.push_back(std::move(twig));
    }
    return branch;
  }

  const TastedDisk& tasted_;
};

}  // namespace

std::string taste_tree(const TastedDisk& tasted, const std::string& image) {
  const Provider& disk = *tasted.disk();
  Branch root;
  Grower(tasted).grow_on(disk, root);
  if (root.below.empty()) root.below.push_back({"no table that any class knows", {}});
  std::string text =
      fmt::format("{}: {}, {}, sectors of {} bytes\n", disk.name(), viz::one_line(image),
                  viz::size_text(disk.media_size_bytes()), disk.sector_size_bytes());
  draw(root, "", text);
  return text;
}

}  // namespace biotope::runtime
