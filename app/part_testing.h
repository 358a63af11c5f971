#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/testing.h"

// For tests of `biotope part`: an image, the verbs, and other systems' tools to look at it.
namespace biotope::app {

using Words = std::vector<std::string>;

struct Part : ::testing::Test {
  void SetUp() override {
    for (const char* tool : {"sfdisk", "sgdisk", "parted"}) {
      if (shell(std::string("command -v ") + tool).empty()) {
        GTEST_SKIP() << tool << " is not on this machine";
      }
    }
    make("8M");
  }

  static std::string shell(const std::string& command) {
    const std::string line = "PATH=$PATH:/usr/sbin:/sbin; export LC_ALL=C; " + command + " 2>&1";
    std::FILE* pipe = popen(line.c_str(), "r");
    std::string out;
    std::array<char, 4096> piece{};
    while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) {
      out.append(piece.data(), got);
    }
    pclose(pipe);
    return out;
  }
  void make(const std::string& size) const {
    shell("rm -f " + image + "; truncate -s " + size + ' ' + image);
  }

  Played part(const std::string& verb, const Words& options = {}) const {
    Words words{"part", verb, image};
    words.insert(words.end(), options.begin(), options.end());
    return ground.play(words);
  }
  // For what must be done: the line that says so.
  std::string done(const std::string& verb, const Words& options = {}) const {
    const Played played = part(verb, options);
    EXPECT_EQ(played.exit_status, 0) << verb << ": " << played.errors;
    EXPECT_EQ(played.errors, "");
    return played.out;
  }
  // For what must be refused: why. The image stays as it was.
  std::string refusal(const std::string& verb, const Words& options = {}) const {
    const std::string before = ground.read("x.img");
    const Played played = part(verb, options);
    EXPECT_EQ(played.exit_status, 2) << verb;
    EXPECT_EQ(played.out, "");
    EXPECT_EQ(played.complaint() + "\n", played.errors);
    EXPECT_TRUE(ground.read("x.img") == before) << verb << " has changed the image";
    return played.complaint();
  }

  // "1 2048+40960 a5 name": what sfdisk reads.
  Words sfdisk() const {
    Words rows;
    const nlohmann::json answer =
        nlohmann::json::parse(shell("sfdisk -J " + image), nullptr, false);
    if (!answer.contains("partitiontable")) return {"no table: " + answer.dump()};
    for (const nlohmann::json& p :
         answer["partitiontable"].value("partitions", nlohmann::json::array())) {
      rows.push_back(p["node"].get<std::string>().substr(image.size()) + ' ' + p["start"].dump() +
                     '+' + p["size"].dump() + ' ' + p["type"].get<std::string>() +
                     (p.value("bootable", false) ? " active" : "") +
                     (p.contains("name") ? ' ' + p["name"].get<std::string>() : ""));
    }
    return rows;
  }
  void expect_gpt_without_fault() const {
    EXPECT_THAT(shell("sgdisk -v " + image), ::testing::HasSubstr("No problems found"));
    EXPECT_THAT(shell("parted -s " + image + " print"),
                ::testing::HasSubstr("Partition Table: gpt"));
  }
  // Makes a byte other than it was.
  void damage(std::size_t at) const {
    std::string bytes = ground.read("x.img");
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    ground.write("x.img", bytes);
  }

  Playground ground;
  std::string image = ground.file("x.img");
};

}  // namespace biotope::app
