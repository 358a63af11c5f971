#pragma once

#include <string>

#include "classes/array/array_class.h"
#include "classes/testing.h"

namespace biotope::testing {

// Verbs of arrays over a world's disks.
inline std::string label(World& w, const char* cls, const char* name, const Names& below,
                         Given given = {}) {
  std::vector<Provider*> providers;
  for (const std::string& one : below) providers.push_back(w.t.mesh.provider(one));
  const auto* kind = array::ArrayClass::of(w.t.mesh, cls);
  const Status done = w.run(kind->label(w.t.mesh, name, providers, values_of(given)));
  w.t.mesh.settle();
  return done ? "" : sentence(done.error().code, ": ", done.error().text);
}

// Null when there is none.
inline array::Array* find_array(World& w, const char* cls, const char* name) {
  return dynamic_cast<array::Array*>(w.t.mesh.geom(cls, name));
}

inline std::string clear(World& w, const char* cls, const char* disk) {
  const auto* kind = array::ArrayClass::of(w.t.mesh, cls);
  const Status done = w.run(kind->clear(w.t.mesh, w.t.provider(disk)));
  w.t.mesh.settle();
  return done ? "" : sentence(done.error().code, ": ", done.error().text);
}

inline std::string destroy(World& w, const char* cls, const char* name) {
  const Status done = w.run(array::ArrayClass::destroy(*find_array(w, cls, name)));
  w.t.mesh.settle();
  return done ? "" : sentence(done.error().code, ": ", done.error().text);
}

// A little-endian number into an image, apart from the declarations the classes write with.
inline void put_le(Bytes& image, std::size_t at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    image.at(at + i) = static_cast<std::byte>(value >> (8 * i) & 0xff);
  }
}
inline void put_text(Bytes& image, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) image.at(at + i) = static_cast<std::byte>(text[i]);
}
inline Bytes last_sector(const RamDriver& driver) {
  auto& bytes = const_cast<RamDriver&>(driver).bytes();
  return {bytes.end() - driver.traits().properties.sector_size_bytes, bytes.end()};
}

}  // namespace biotope::testing
