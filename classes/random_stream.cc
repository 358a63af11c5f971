#include "classes/random_stream.h"

namespace biotope {

namespace {

// FNV-1a: which stream a name means must be the same everywhere and for ever.
std::uint64_t hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name)
    : key_{{seed}}, name_hash_(hash(name)) {}

std::uint64_t RandomStream::next() {
  const r123::Philox2x64::ctr_type counter{{drawn_++, name_hash_}};
  return r123::Philox2x64()(counter, key_)[0];
}

std::int64_t RandomStream::between(std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  if (span == UINT64_MAX) return static_cast<std::int64_t>(next());
  const std::uint64_t count = span + 1;
  // The numbers past the last whole multiple of `count` would favour some results.
  const std::uint64_t excess = (UINT64_MAX % count + 1) % count;
  std::uint64_t drawn = next();
  while (drawn > UINT64_MAX - excess) drawn = next();
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn % count);
}

}  // namespace biotope
