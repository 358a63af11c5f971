#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "classes/class_list.h"
#include "classes/disk/disk.h"
#include "classes/disk/ram_driver.h"
#include "model/control_io.h"
#include "model/testing.h"

// What tests of classes over disks are made of: disks in memory, a mesh with all classes loaded,
// and requests that are waited for.
namespace biotope::testing {

// Bytes that differ from place to place and from `salt` to `salt`.
inline Bytes pattern(std::int64_t length_bytes, std::uint32_t salt = 1) {
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  std::uint32_t state = salt * 2654435761U + 12345U;
  for (std::byte& b : bytes) {
    state = state * 1664525U + 1013904223U;
    b = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

using Given = std::initializer_list<std::pair<const char*, Value>>;
inline Values values_of(Given given) {
  Values values;
  for (const auto& [name, value] : given) values.set(name, value);
  return values;
}
inline Value number(std::int64_t n) { return n; }
inline Value word(const char* text) { return std::string(text); }

class World {
 public:
  World() {
    for (auto& cls : all_classes()) EXPECT_TRUE(t.mesh.load(std::move(cls)));
  }

  // A disk in memory; with a latency, what it is asked takes that long.
  RamDriver& disk(const std::string& name, std::int64_t size_bytes, std::int64_t sector_bytes = 512,
                  std::int64_t latency_ns = 0) {
    DiskTraits traits{.properties = properties_of_size(size_bytes, sector_bytes)};
    traits.properties.deletable = true;
    drivers.push_back(std::make_unique<RamDriver>(traits, &t.executor, latency_ns));
    EXPECT_TRUE(add_disk(t.mesh, name, *drivers.back()));
    t.mesh.settle();
    return *drivers.back();
  }
  // A disk that comes with contents; the disk of a driver that was there may have gone.
  Status plug(const std::string& name, DiskDriver& driver) {
    if (const auto disk = add_disk(t.mesh, name, driver); !disk) return pass_on(disk);
    t.mesh.settle();
    return {};
  }

  Result<Geom*> create(const char* cls, const char* name, const Names& below, Given given = {}) {
    std::vector<Provider*> providers;
    for (const std::string& one : below) providers.push_back(t.mesh.provider(one));
    Result<Geom*> made = t.mesh.create(cls, name, providers, values_of(given));
    t.mesh.settle();
    return made;
  }
  template <class G>
  G& make(const char* cls, const char* name, const Names& below, Given given = {}) {
    const Result<Geom*> made = create(cls, name, below, given);
    if (!made) throw std::runtime_error(made.error().text);
    return static_cast<G&>(**made);
  }
  Geom& make(const char* cls, const char* name, const Names& below, Given given = {}) {
    return make<Geom>(cls, name, below, given);
  }
  // Why a geom is refused; its errno first.
  std::string refusal(const char* cls, const char* name, const Names& below, Given given = {}) {
    const Census before = t.mesh.census();
    const Result<Geom*> made = create(cls, name, below, given);
    EXPECT_EQ(t.mesh.census(), before) << "a refusal leaves something behind";
    return made ? "" : sentence(made.error().code, ": ", made.error().text);
  }

  // A user of a provider, open r1w1e1 unless said otherwise.
  Consumer& open(const std::string& name, Access access = kReadWriteExclusive) {
    Consumer& edge = t.user("user of " + name, t.provider(name)).edge();
    const Status opened = t.mesh.access(edge, access);
    EXPECT_TRUE(opened) << opened.error().text;
    t.mesh.settle();
    return edge;
  }
  void close(Consumer& edge) {
    t.mesh.wither(edge.geom());
    t.mesh.settle();
  }

  template <class T>
  T run(Task<T> task) {
    task.start();
    while (!task.done() && t.executor.step()) {
    }
    return task.result();
  }
  // The errno; what was read, where all went well, in `into`.
  int read(Consumer& edge, std::int64_t offset, std::int64_t length, Bytes& into) {
    Result<Bytes> bytes = run(biotope::read(edge, offset, length));
    if (!bytes) return bytes.error().code;
    into = std::move(*bytes);
    return 0;
  }
  Bytes read(Consumer& edge, std::int64_t offset, std::int64_t length) {
    Bytes bytes;
    EXPECT_EQ(read(edge, offset, length, bytes), 0);
    return bytes;
  }
  int write(Consumer& edge, std::int64_t offset, const Bytes& bytes) {
    const Status done = run(biotope::write(edge, offset, bytes));
    return done ? 0 : done.error().code;
  }
  int flush(Consumer& edge) {
    const Status done = run(biotope::flush(edge));
    return done ? 0 : done.error().code;
  }

  std::deque<std::unique_ptr<RamDriver>> drivers;  // outlive the mesh
  TestMesh t;
};

}  // namespace biotope::testing
