#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "classes/slicer/testing.h"

// For tests of what is written: images, and what a document leaves on them.
namespace biotope::testing {

inline Properties medium_of(const Image& image, std::int64_t sector_bytes = 512) {
  return properties_of_size(static_cast<std::int64_t>(image.size()), sector_bytes);
}

inline Document read(const Scheme& scheme, const Image& image, const Surroundings& where = {},
                     std::int64_t sector_bytes = 512) {
  Result<Document> document = read_table(scheme, where, medium_of(image, sector_bytes), image);
  EXPECT_TRUE(document) << document.error().text;
  return std::move(*document);
}

// Writes the first `count` sectors of the steps, one by one.
inline void write(Image& image, const std::vector<Step>& steps, std::int64_t sector_bytes = 512,
                  std::size_t count = SIZE_MAX) {
  const auto size = static_cast<std::size_t>(sector_bytes);
  for (const Step& step : steps) {
    for (std::size_t at = 0; at < step.bytes.size() && count > 0; at += size, --count) {
      std::copy_n(step.bytes.begin() + static_cast<std::ptrdiff_t>(at), size,
                  image.begin() + step.sector * sector_bytes + static_cast<std::ptrdiff_t>(at));
    }
  }
}

inline std::size_t sectors_in(const std::vector<Step>& steps, std::int64_t sector_bytes = 512) {
  std::size_t count = 0;
  for (const Step& step : steps)
    count += step.bytes.size() / static_cast<std::size_t>(sector_bytes);
  return count;
}

// "s1 64+1000 0x83": what a table says, in sectors.
inline std::vector<std::string> rows(const Table& table, std::int64_t sector_bytes = 512) {
  std::vector<std::string> all;
  for (const Slice& s : table.slices) {
    all.push_back(sentence(s.suffix, ' ', s.start_bytes / sector_bytes, '+',
                           s.length_bytes / sector_bytes, ' ', s.type));
  }
  return all;
}
using Rows = std::vector<std::string>;

// Puts what `commit` would write on copies of `image`, cut off after every sector, and calls
// `look(image, how many sectors)` for each.
inline void cut_everywhere(const Image& image, const Document& document,
                           const std::function<void(const Image&, std::size_t)>& look,
                           std::int64_t sector_bytes = 512) {
  const std::vector<Step> steps = document.steps();
  for (std::size_t count = 0; count <= sectors_in(steps, sector_bytes); ++count) {
    Image cut = image;
    write(cut, steps, sector_bytes, count);
    look(cut, count);
  }
}

inline Surroundings in_extended() {
  return {.scheme = "MBR", .type = "0x05", .leaf = false, .depth = 1};
}

}  // namespace biotope::testing
