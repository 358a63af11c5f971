#pragma once

#include <sys/wait.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/terminal.h"
#include "classes/temporary_folder.h"

// For tests: the program as users start it, and a folder for what it leaves.
namespace biotope::app {

struct Played {
  int exit_status = -1;
  std::string out;
  std::string errors;

  // The first line on stderr: the one that says what was wrong.
  std::string complaint() const { return errors.substr(0, errors.find('\n')); }
};

class Playground {
 public:
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string write(const std::string& name, const std::string& contents) const {
    std::ofstream(file(name), std::ios::binary) << contents;
    return file(name);
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(file(name), std::ios::binary).rdbuf();
    return text.str();
  }
  bool has(const std::string& name) const { return std::filesystem::exists(file(name)); }

  // Temporary files of the program go to "tmp" in here; what is left of them shows.
  Played play(const std::vector<std::string>& words, const std::string& environment = {}) const {
    std::filesystem::create_directory(file("tmp"));
    const char* program = std::getenv("BIOTOPE_BINARY");
    std::vector<std::string> line{program == nullptr ? "build/biotope" : program};
    line.insert(line.end(), words.begin(), words.end());
    const std::string command = "TMPDIR=" + command_line({file("tmp")}) + " " + environment + " " +
                                command_line(line) + " >" + command_line({file("stdout")}) + " 2>" +
                                command_line({file("stderr")});
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("stdout"), read("stderr")};
  }
  bool tidy() const { return std::filesystem::is_empty(file("tmp")); }

 private:
  TemporaryFolder folder_;
};

struct MbrEntry {
  unsigned char type;
  std::uint32_t first_sector;
  std::uint32_t sectors;
};

// A medium of 1 MiB with that table in sector 0.
inline std::string with_table(const std::vector<MbrEntry>& entries) {
  std::string image(1 << 20, '\0');
  std::size_t at = 446;
  for (const MbrEntry& entry : entries) {
    image[at + 4] = static_cast<char>(entry.type);
    for (std::size_t i = 0; i < 4; ++i) {
      image[at + 8 + i] = static_cast<char>(entry.first_sector >> (8 * i));
      image[at + 12 + i] = static_cast<char>(entry.sectors >> (8 * i));
    }
    at += 16;
  }
  image[510] = '\x55';
  image[511] = '\xaa';
  return image;
}

}  // namespace biotope::app
