#include "app/part_show.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/part_text.h"
#include "classes/slicer/slicer_class.h"
#include "scenarios/runtime/image/part_image.h"
#include "viz/json_text.h"

namespace biotope::app {

namespace {

using nlohmann::json;
using runtime::PartImage;

json text_or_null(std::string_view text) { return text.empty() ? json() : json(text); }

json to_json(const Slicer& slicer, const Slice& slice, std::int64_t table_start_bytes) {
  return {{"index", slice.index},
          {"suffix", slice.suffix},
          {"start_bytes", table_start_bytes + slice.start_bytes},
          {"length_bytes", slice.length_bytes},
          {"type", slice.type},
          {"type_name",
           text_or_null(name_of_type(slicer.document()->scheme().type_names(), slice.type))},
          {"label", text_or_null(slice.label)},
          {"id", text_or_null(slice.id)},
          {"attributes", slice.attributes}};
}

json to_json(const Slicer& slicer) {
  const Table& table = slicer.table();
  const Provider& below = *slicer.below();
  const std::int64_t start = start_on_disk_bytes(below);
  json partitions = json::array();
  for (const Slice& slice : table.slices) partitions.push_back(to_json(slicer, slice, start));
  json free = json::array();
  for (const Extent& gap : gaps_of(table, below.properties())) {
    free.push_back({{"start_bytes", start + gap.start_bytes},
                    {"length_bytes", gap.end_bytes - gap.start_bytes}});
  }
  return {{"on", slicer.name()},
          {"scheme", slicer.cls().name()},
          {"status", table.corrupt ? "corrupt" : "ok"},
          {"notes", table.notes},
          {"id", text_or_null(table.id)},
          {"start_bytes", start},
          {"length_bytes", below.media_size_bytes()},
          {"first_index", table.first_index},
          {"last_index", table.last_index},
          {"partitions", std::move(partitions)},
          {"free", std::move(free)}};
}

}  // namespace

Status show_tables(const PartArguments& a) {
  const auto image = PartImage::open(a.image, a.sector_size_bytes, sim::ImageFile::Use::read);
  if (!image) return pass_on(image);
  const std::vector<const Slicer*> tables = (*image)->tables();
  if (tables.empty()) {
    const Result<Document> none = (*image)->table(a.on);
    if (!none) return pass_on(none);
  }
  if (a.json) {
    json all = {{"schema", "biotope/part/1"},
                {"image", a.image},
                {"sector_size", a.sector_size_bytes},
                {"tables", json::array()}};
    for (const Slicer* slicer : tables) all["tables"].push_back(to_json(*slicer));
    fmt::print("{}\n", viz::json_text(all, 2));
    return {};
  }
  for (const Slicer* slicer : tables) {
    fmt::print("{}\n", table_text(slicer->table(), slicer->document()->scheme().type_names(),
                                  slicer->name(), slicer->below()->properties()));
  }
  return {};
}

}  // namespace biotope::app
