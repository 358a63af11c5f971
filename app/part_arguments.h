#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace biotope::app {

// What is typed behind any of the verbs; each looks at what it takes.
struct PartArguments {
  std::string image;
  std::string on = "da0";
  std::int64_t sector_size_bytes = 512;
  bool dry_run = false;
  bool force = false;
  bool json = false;
  std::string scheme;
  std::int64_t entries = 0;
  int index = 0;
  std::string type;
  std::string label;
  bool has_label = false;
  std::string start;
  std::string size;
  std::string alignment;
  std::vector<std::string> set;
  std::vector<std::string> unset;
  std::string program;
};
}  // namespace biotope::app
