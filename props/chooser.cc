#include "props/chooser.h"

#include <Random123/philox.h>

#include "model/check.h"

namespace biotope::props {

namespace {

// FNV-1a: a key for a name that is the same on every machine.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

RandomChooser::RandomChooser(std::uint64_t seed, std::string_view name)
    : key_(seed ^ hash_of(name)) {}

// Lemire's way: the product with a 64-bit random number, and another draw for the few that would
// make some choices likelier than others.
std::size_t RandomChooser::choose(std::size_t count) {
  const std::uint64_t bound = count;
  const std::uint64_t unfair = (0 - bound) % bound;
  for (;;) {
    const r123::Philox2x64 philox;
    const std::uint64_t random = philox({{drawn_++, 0}}, {{key_}})[0];
    const auto product = static_cast<unsigned __int128>(random) * bound;
    if (static_cast<std::uint64_t>(product) >= unfair) {
      return static_cast<std::size_t>(product >> 64);
    }
  }
}

std::size_t ListChooser::choose(std::size_t count) {
  return used_up() ? 0 : choices_[next_++] % count;
}

std::size_t EveryChooser::choose(std::size_t count) {
  if (next_ == wheels_.size()) wheels_.push_back({0, count});
  Wheel& wheel = wheels_[next_++];
  BIOTOPE_CHECK(wheel.count == count, "the same choices lead to the same question");
  return wheel.at;
}

bool EveryChooser::advance() {
  wheels_.resize(next_);
  next_ = 0;
  while (!wheels_.empty() && ++wheels_.back().at == wheels_.back().count) wheels_.pop_back();
  return !wheels_.empty();
}

}  // namespace biotope::props
