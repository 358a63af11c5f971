#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "classes/slicer/testing.h"
#include "classes/temporary_folder.h"

// What tests use of the machine they run on: its tools and its files.
namespace biotope::testing {

// What a shell command writes to its standard output.
inline std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    text.append(buffer, got);
  }
  ::pclose(pipe);
  return text;
}

inline bool has_tool(const std::string& name) {
  return !output_of("PATH=$PATH:/usr/sbin:/sbin command -v " + name).empty();
}

using Folder = TemporaryFolder;

inline Image bytes_of_file(const std::string& path) {
  Image image;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return image;
  std::fseek(file, 0, SEEK_END);
  image.resize(static_cast<std::size_t>(std::ftell(file)));
  std::rewind(file);
  image.resize(std::fread(image.data(), 1, image.size(), file));
  std::fclose(file);
  return image;
}

}  // namespace biotope::testing
