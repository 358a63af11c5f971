#include "scenarios/runtime/image/taste_report.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "classes/slicer/slicer_class.h"
#include "model/check.h"

namespace biotope::runtime {

namespace {

std::string in_case(std::string text, int (*convert)(int)) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [convert](unsigned char c) { return static_cast<char>(convert(c)); });
  return text;
}

FoundTable table_of(const Slicer& slicer) {
  const Table& table = slicer.table();
  FoundTable found{.cls = in_case(slicer.cls().name(), std::toupper),
                   .scheme = in_case(table.scheme, std::tolower),
                   .provider = slicer.name(),
                   .status = table.corrupt ? "corrupt" : "ok",
                   .notes = table.notes,
                   .partitions = {}};
  for (const Provider& provider : slicer.providers()) {
    const Slice& slice = slicer.slice_of(provider);
    found.partitions.push_back({.name = provider.name(),
                                .index = slice.index,
                                .start_bytes = start_on_disk_bytes(provider),
                                .length_bytes = provider.media_size_bytes(),
                                .type = slice.type,
                                .label = slice.label});
  }
  return found;
}

class Collector {
 public:
  explicit Collector(const TastedDisk& tasted) : tasted_(tasted) {}

  std::vector<FoundTable> take() && { return std::move(found_); }

  void add_those_on(const Provider& provider) {
    add_refused(provider);
    for (const Consumer& user : provider.consumers()) {
      if (const Slicer* slicer = Slicer::of(user.geom())) found_.push_back(table_of(*slicer));
      for (const Provider& above : user.geom().providers()) add_those_on(above);
    }
  }

 private:
  void add_refused(const Provider& provider) {
    for (const TastedDisk::Note& note : tasted_.notes()) {
      const bool is_slicer = dynamic_cast<const SlicerClass*>(note.cls) != nullptr;
      if (note.error == 0 || !is_slicer || note.provider != provider.name()) continue;
      found_.push_back({.cls = in_case(note.cls->name(), std::toupper),
                        .scheme = in_case(note.cls->name(), std::tolower),
                        .provider = note.provider,
                        .status = "refused",
                        .notes = {note.text},
                        .partitions = {}});
    }
  }

  const TastedDisk& tasted_;
  std::vector<FoundTable> found_;
};

nlohmann::json to_json(const FoundPartition& partition) {
  nlohmann::json json = {{"name", partition.name},
                         {"index", partition.index},
                         {"start_bytes", partition.start_bytes},
                         {"length_bytes", partition.length_bytes},
                         {"type", partition.type},
                         {"label", nullptr}};
  if (!partition.label.empty()) json["label"] = partition.label;
  return json;
}

nlohmann::json to_json(const FoundTable& table) {
  nlohmann::json json = {{"class", table.cls},         {"scheme", table.scheme},
                         {"provider", table.provider}, {"status", table.status},
                         {"notes", table.notes},       {"partitions", nlohmann::json::array()}};
  for (const FoundPartition& partition : table.partitions) {
    json["partitions"].push_back(to_json(partition));
  }
  return json;
}

}  // namespace

std::vector<FoundTable> found_tables(const TastedDisk& tasted) {
  Collector collector(tasted);
  if (tasted.disk() != nullptr) collector.add_those_on(*tasted.disk());
  return std::move(collector).take();
}

nlohmann::json taste_json(const TastedDisk& tasted, const std::string& image) {
  const Properties& disk = tasted.disk()->properties();
  nlohmann::json json = {{"schema", "biotope/taste/1"},
                         {"image", image},
                         {"sector_size", disk.sector_size_bytes},
                         {"media_size_bytes", disk.media_size_bytes},
                         {"geoms", nlohmann::json::array()}};
  for (const FoundTable& table : found_tables(tasted)) json["geoms"].push_back(to_json(table));
  return json;
}

}  // namespace biotope::runtime
