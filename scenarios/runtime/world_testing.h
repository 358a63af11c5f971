#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runtime/world.h"

namespace biotope::runtime {

// Plays scripts on a whole world, machine and all, and keeps what they log.
class Stage {
 public:
  // `script` is where the script would lie if it were a file.
  explicit Stage(Limits limits = {}, std::uint64_t seed = 1, std::string script = "story.lua") {
    Options options;
    options.script = std::move(script);
    options.seed = seed;
    options.limits = limits;
    options.version = "test";
    options.tell = [this](const std::string& line) { told.push_back(line); };
    auto made = World::create(std::move(options));
    EXPECT_TRUE(made) << made.error().text;
    if (made) world = std::move(*made);
  }

  std::optional<Failure> play(const std::string& source) {
    world->play(source);
    return world->failure();
  }
  // "story.lua:1: what was wrong"; empty when all went well.
  std::string failure_of(const std::string& source) {
    const std::optional<Failure> failure = play(source);
    if (!failure) return {};
    return failure->where.empty() ? failure->text : failure->where + ": " + failure->text;
  }
  // The lines that a script logs which must not fail.
  std::vector<std::string> log_of(const std::string& source) {
    EXPECT_EQ(failure_of(source), "") << source;
    for (std::string& line : told) line.erase(0, line.find_first_not_of(' '));
    return told;
  }

  std::vector<std::string> told;
  std::unique_ptr<World> world;
};

}  // namespace biotope::runtime
