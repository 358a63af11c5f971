#include "sim/disk/import/parv_model.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

namespace biotope::sim {
namespace {

constexpr std::int64_t kMost = 1'000'000'000;

// DiskSim's numbers of its schemes of sparing, from 1 on.
constexpr std::array kSparings{Sparing::tracks_at_zone_end,
                               Sparing::sectors_per_cylinder,
                               Sparing::sectors_per_track,
                               Sparing::cylinder_pushing,
                               Sparing::cylinder_front,
                               Sparing::cylinder_front_pushing,
                               Sparing::none,
                               Sparing::sectors_per_range,
                               Sparing::sectors_per_zone,
                               Sparing::sectors_per_zone_pushing};

bool in_revolutions(ParvBlockReader& block, bool otherwise) {
  if (!block.has("Skew units")) return otherwise;
  const std::string unit = block.text("Skew units");
  if (unit != "sectors" && unit != "revolutions") {
    block.refuse(block.block().where, "Skew units", "must be 'sectors' or 'revolutions'");
  }
  return unit == "revolutions";
}

// Skews are whole sectors, whatever their spelling, unless they are given in revolutions.
double skew(ParvBlockReader& zone, std::string_view key, bool revolutions,
            std::int64_t sectors_per_track) {
  const double given = zone.number(key, 0, kMost);
  return revolutions ? given * static_cast<double>(sectors_per_track) : std::floor(given);
}

std::vector<std::int64_t> whole_numbers(ParvBlockReader& block, std::string_view key) {
  std::vector<std::int64_t> numbers;
  const auto* list = block.list(key);
  if (list == nullptr) return numbers;
  for (const ParvValue& one : *list) {
    const auto number = one.integer();
    if (!number) block.refuse(one.where, key, "must be a list of whole numbers");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

std::vector<double> decimals(ParvBlockReader& block, std::string_view key, std::size_t count) {
  std::vector<double> numbers;
  const auto* list = block.list(key);
  if (list == nullptr) return std::vector<double>(count);
  for (const ParvValue& one : *list) {
    const auto number = one.number();
    if (!number) block.refuse(one.where, key, "must be a list of numbers");
    numbers.push_back(number.value_or(0));
  }
  if (numbers.size() != count) {
    block.refuse(block.value(key)->where, key, sentence("must have ", count, " numbers"));
    numbers.resize(count);
  }
  return numbers;
}

Zone read_zone(ParvBlockReader& block, bool revolutions) {
  Zone zone;
  revolutions = in_revolutions(block, revolutions);
  zone.first_cylinder = block.integer("First cylinder number", 0, kMost);
  zone.last_cylinder = block.integer("Last cylinder number", 0, kMost);
  zone.sectors_per_track = block.integer("Blocks per track", 1, 1'000'000);
  zone.first_sector_skew =
      skew(block, "Offset of first block", revolutions, zone.sectors_per_track);
  zone.track_skew = skew(block, "Skew for track switch", revolutions, zone.sectors_per_track);
  zone.cylinder_skew = skew(block, "Skew for cylinder switch", revolutions, zone.sectors_per_track);
  zone.reserved_sectors = block.integer("Empty space at zone front", 0, kMost);
  zone.spares = block.integer("Number of spares", 0, kMost);
  zone.slips = whole_numbers(block, "slips");
  std::sort(zone.slips.begin(), zone.slips.end());
  const std::vector<std::int64_t> pairs = whole_numbers(block, "defects");
  if (pairs.size() % 2 != 0) {
    block.refuse(block.value("defects")->where, "defects", "must be a list of pairs");
  }
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    zone.remaps.push_back({pairs[i], pairs[i + 1]});
  }
  block.note_the_rest();
  return zone;
}

void read_two_piece(ParvBlockReader& block, bool first_ten, SeekTimes& seek) {
  const auto values = decimals(block, "HPL seek equation values", 6);
  seek.formula = SeekTimes::Formula::two_piece;
  seek.break_cylinders = std::llround(values[0]);
  seek.base_ns = ns_of_ms(values[1]);
  seek.root_ns = values[2] * 1e6;
  seek.far_base_ns = ns_of_ms(values[3]);
  seek.linear_ns = values[4] * 1e6;
  if (first_ten) {
    const auto times = decimals(block, "First ten seek times", 10);
    for (std::size_t i = 0; i < times.size(); ++i) {
      seek.points.push_back({static_cast<std::int64_t>(i) + 1, ns_of_ms(times[i])});
    }
  } else if (values[5] != -1) {
    seek.points.push_back({1, ns_of_ms(values[5])});
  }
}

// Three points, single cylinder, average and full stroke, from their definitions: straight pieces,
// or a curve of a root and a linear part through all three.
void read_three_points(ParvBlockReader& block, bool curve, std::int64_t cylinders,
                       SeekTimes& seek) {
  const double single = block.number("Single cylinder seek time", 0, 1e6);
  const double average = block.number("Average seek time", 0, 1e6);
  const double full = block.number("Full strobe seek time", 0, 1e6);
  const auto all = static_cast<double>(cylinders);
  if (!curve) {
    seek.points = {{1, ns_of_ms(single)}};
    if (cylinders / 3 > 1) seek.points.push_back({cylinders / 3, ns_of_ms(average)});
    if (cylinders > 3) seek.points.push_back({cylinders, ns_of_ms(full)});
    return;
  }
  seek.formula = SeekTimes::Formula::curve;
  seek.base_ns = ns_of_ms(single);
  seek.root_ns = (-10 * single + 15 * average - 5 * full) / (3 * std::sqrt(all)) * 1e6;
  seek.linear_ns = (7 * single - 15 * average + 8 * full) / (3 * all) * 1e6;
}

}  // namespace

void read_parv_layout(ParvBlockReader& layout, Geometry& geometry, Status& error,
                      std::vector<std::string>& notes) {
  const bool revolutions = in_revolutions(layout, false);
  geometry.serpentine = static_cast<Serpentine>(layout.integer("LBN-to-PBN mapping scheme", 0, 2));
  const std::int64_t scheme = layout.integer("Sparing scheme used", 1, kSparings.size());
  if (scheme > 0) geometry.sparing = kSparings[static_cast<std::size_t>(scheme) - 1];
  if (geometry.sparing == Sparing::sectors_per_range) {
    geometry.range_cylinders = layout.integer("Rangesize for sparing", 1, kMost);
  } else {
    layout.pass_over({"Rangesize for sparing"});
  }
  const auto* zones = layout.list("Zones");
  if (zones == nullptr) return;
  for (const ParvValue& one : *zones) {
    if (one.block() == nullptr) {
      layout.refuse(one.where, "Zones", "must be a list of blocks");
      return;
    }
    ParvBlockReader zone(*one.block(), error, notes);
    geometry.zones.push_back(read_zone(zone, revolutions));
  }
}

void read_parv_mechanics(ParvBlockReader& block, const std::filesystem::path& folder,
                         std::int64_t cylinders, Movement& movement,
                         std::vector<std::string>& notes) {
  movement.rpm = block.integer("Rotation speed (in rpms)", 1, 1'000'000);
  movement.head_switch_ns = block.time_ns("Head switch time");
  movement.write_settle_ns = block.time_ns("Add. write settling delay", -1e6);
  const std::string type = block.text("Seek type");
  if (type == "extracted") {
    const std::string name = block.text("Full seek curve");
    if (name.empty()) return;
    const ParvWhere& where = block.value("Full seek curve")->where;
    const auto path = find_parv_file(name, folder);
    if (path.empty())
      return block.refuse(where, "Full seek curve", "names '" + name + "', which does not exist");
    auto points = read_seek_table(path, notes);
    if (!points)
      return block.refuse(where, "Full seek curve", "can not be read: " + points.error().text);
    movement.seek.points = *std::move(points);
  } else if (type == "hplplus10" || type == "hpl") {
    read_two_piece(block, type == "hplplus10", movement.seek);
  } else if (type == "linear" || type == "curve") {
    read_three_points(block, type == "curve", cylinders, movement.seek);
  } else if (type == "constant") {
    const std::int64_t time_ns = block.time_ns("Constant seek time");
    movement.seek.points = {{1, time_ns}, {2, time_ns}};
  } else if (!type.empty()) {
    block.refuse(block.value("Seek type")->where, "Seek type",
                 "must be extracted, hplplus10, hpl, linear, curve or constant");
  }
  block.pass_over({"Access time type", "Single cylinder seek time", "Average seek time",
                   "Full strobe seek time", "Constant seek time", "Percent error in rpms",
                   "HPL seek equation values", "First ten seek times", "Full seek curve"});
}

Result<std::vector<SeekPoint>> read_seek_table(const std::filesystem::path& path,
                                               std::vector<std::string>& notes) {
  const auto text = read_text_file(path);
  if (!text) return pass_on(text);
  std::vector<SeekPoint> points;
  const std::string file = path.filename().string();
  int line = 0;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string row = text->substr(at, end - at);
    at = end + 1;
    ++line;
    const auto comma = row.find(',');
    const bool header = line == 1 && row.starts_with("Seek distances measured");
    if (header || row.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::int64_t cylinders = 0;
    double ms = 0;
    const char* begin = row.data() + std::min(row.find_first_not_of(" \t"), row.size());
    const auto distance = std::from_chars(begin, row.data() + row.size(), cylinders);
    const auto time_at =
        comma == std::string::npos ? row.size() : row.find_first_not_of(" \t", comma + 1);
    const char* time_begin = row.data() + std::min(time_at, row.size());
    const auto time = std::from_chars(time_begin, row.data() + row.size(), ms);
    if (distance.ec != std::errc() || comma == std::string::npos || time.ec != std::errc() ||
        cylinders <= 0 || !(ms >= 0 && ms <= 1e6)) {
      notes.push_back(sentence(file, ":", line, ": no 'distance, milliseconds'; passed over"));
      continue;
    }
    if (!points.empty() && points.back().cylinders >= cylinders) {
      return fail(EINVAL, file, ":", line, ": distances must grow from line to line");
    }
    points.push_back({cylinders, ns_of_ms(ms)});
  }
  if (points.empty()) return fail(EINVAL, file, ": no seek times in it");
  return points;
}

}  // namespace biotope::sim
