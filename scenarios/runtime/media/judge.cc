#include "scenarios/runtime/media/judge.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scenarios/runtime/program.h"

namespace biotope::runtime {

namespace {

constexpr std::int64_t kSector = 512;

// Where the image lies says nothing.
std::string without(std::string text, const std::string& path) {
  for (std::size_t at = text.find(path); at != std::string::npos; at = text.find(path)) {
    text.replace(at, path.size(), "the image");
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int number_at_end(const std::string& text) {
  int number = 0;
  int place = 1;
  for (auto c = text.rbegin(); c != text.rend() && *c >= '0' && *c <= '9'; ++c, place *= 10) {
    number += (*c - '0') * place;
  }
  return number;
}

Result<FoundSlice> find_slice(const std::filesystem::path& image, int slice) {
  const auto slices = read_table(image);
  if (!slices) return pass_on(slices);
  const auto found = std::find_if(slices->begin(), slices->end(),
                                  [slice](const FoundSlice& s) { return s.number == slice; });
  if (found == slices->end()) return fail(ENOENT, "the image has no slice ", slice);
  return *found;
}

}  // namespace

Result<Judgement> judge_table(const std::filesystem::path& image) {
  const auto result = run_tool(kSfdisk, {"--verify", image.string()});
  if (!result) return pass_on(result);
  const std::string says = without(result->output + result->errors, image.string());
  const bool clean =
      result->exit_status == 0 && says.find("No errors detected") != std::string::npos;
  return Judgement{clean, says};
}

Result<std::vector<FoundSlice>> read_table(const std::filesystem::path& image) {
  const auto result = run_tool(kSfdisk, {"--json", image.string()});
  if (!result) return pass_on(result);
  const auto json = nlohmann::json::parse(result->output, nullptr, false);
  const auto empty = nlohmann::json::array();
  if (result->exit_status != 0 || !json.is_object()) {
    return fail(EINVAL,
                "sfdisk finds no partition table: ", without(result->errors, image.string()));
  }
  std::vector<FoundSlice> slices;
  for (const auto& entry : json["partitiontable"].value("partitions", empty)) {
    slices.push_back({number_at_end(entry.value("node", "")),
                      entry.value("start", std::int64_t{0}) * kSector,
                      entry.value("size", std::int64_t{0}) * kSector, entry.value("type", "")});
  }
  return slices;
}

Result<Judgement> judge_fat(const std::filesystem::path& image, int slice, ScratchFolder& scratch) {
  const auto found = find_slice(image, slice);
  if (!found) return pass_on(found);
  const auto volume = scratch.new_file("volume");
  if (Status made = write_file(volume, {}); !made) return pass_on(made);
  if (Status copied = copy_range(image, found->start_bytes, found->length_bytes, volume, 0);
      !copied) {
    return pass_on(copied);
  }
  const auto result = run_tool(kFsckVfat, {"-n", volume.string()});
  if (!result) return pass_on(result);
  return Judgement{result->exit_status == 0,
                   without(result->output + result->errors, volume.string())};
}

Result<std::string> read_fat_file(const std::filesystem::path& image, int slice,
                                  const std::string& path) {
  const auto found = find_slice(image, slice);
  if (!found) return pass_on(found);
  const auto result =
      run_tool(kMcopy, {"-n", "-i", fmt::format("{}@@{}", image.string(), found->start_bytes),
                        fmt::format("::{}", path), "-"});
  if (!result) return pass_on(result);
  if (result->exit_status != 0) {
    return fail(ENOENT, "mcopy can not take ", path, " out of slice ", slice, ": ",
                without(result->errors, image.string()));
  }
  return result->output;
}

Result<std::string> read_ufs_file(const std::filesystem::path& image, std::int64_t start_bytes,
                                  const std::string& path) {
  const std::string sector = std::to_string(start_bytes / kSector);
  const auto found = run_tool(kIfind, {"-f", "ufs", "-o", sector, "-n", path, image.string()});
  if (!found) return pass_on(found);
  const std::string inode = found->output.substr(0, found->output.find('\n'));
  const auto result = run_tool(kIcat, {"-f", "ufs", "-o", sector, image.string(), inode});
  if (!result) return pass_on(result);
  if (found->exit_status != 0 || result->exit_status != 0) {
    return fail(ENOENT, "the Sleuth Kit can not take ", path, " out of the UFS at byte ",
                start_bytes, ": ", without(found->output + found->errors, image.string()));
  }
  return result->output;
}

}  // namespace biotope::runtime
