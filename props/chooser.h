#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace biotope::props {

// Where choices come from. What is tried asks a chooser for everything that could be otherwise; the
// same code then serves random runs, replays, shrinking and exhaustive search.
class Chooser {
 public:
  virtual ~Chooser() = default;
  // One of 0 .. count-1; count >= 1. With count 1 there is nothing to choose and nothing is used
  // up.
  std::size_t pick(std::size_t count) { return count <= 1 ? 0 : choose(count); }

 private:
  virtual std::size_t choose(std::size_t count) = 0;
};

// Random choices of one named component: the n-th is a function of seed, name and n alone, so that
// what another component draws, or no longer draws, changes nothing here (Philox).
class RandomChooser final : public Chooser {
 public:
  RandomChooser(std::uint64_t seed, std::string_view name);

 private:
  std::size_t choose(std::size_t count) override;

  std::uint64_t key_;
  std::uint64_t drawn_ = 0;
};

// Choices read from a list; when it is used up, always the first. What RapidCheck generates and
// shrinks.
class ListChooser final : public Chooser {
 public:
  explicit ListChooser(std::vector<std::uint32_t> choices) : choices_(std::move(choices)) {}
  bool used_up() const { return next_ >= choices_.size(); }

 private:
  std::size_t choose(std::size_t count) override;

  std::vector<std::uint32_t> choices_;
  std::size_t next_ = 0;
};

// All sequences of choices there are, one after the other:
//
//   EveryChooser all;
//   do { run(all); } while (all.advance());
class EveryChooser final : public Chooser {
 public:
  // Goes on to the next sequence; false when there is none left.
  bool advance();

 private:
  struct Wheel {
    std::size_t at;
    std::size_t count;
  };
  std::size_t choose(std::size_t count) override;

  std::vector<Wheel> wheels_;
  std::size_t next_ = 0;
};

}  // namespace biotope::props
