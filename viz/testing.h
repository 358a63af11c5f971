#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/mesh.h"
#include "model/virtual_executor.h"

// A mesh of three made-up classes, for tests that look at meshes and know no real class.
namespace biotope::viz {

// At the bottom: answers every request after as many ns as it has bytes, or with ENXIO once lost.
class BottomGeom final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    mesh().executor().after(bio.length_bytes, [this, &bio] { mesh().deliver(bio, error); });
    return Verdict::held();
  }
  int error = 0;
};

// In the middle: each provider is a part of what is below the first consumer.
class MiddleGeom final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider& provider) override {
    bio.shift(static_cast<std::int64_t>(provider.index));
    return Verdict::remapped(consumers().front());
  }
};

// In the middle as well: sends each request on as two halves.
class HalvesGeom final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    const std::int64_t half_bytes = bio.length_bytes / 2;
    Children parts(mesh().path(), bio);
    Consumer& below = consumers().front();
    const bool made = parts.add(below, bio.position_bytes, 0, half_bytes) &&
                      parts.add(below, bio.position_bytes + half_bytes, half_bytes, half_bytes);
    return made ? parts.issue() : Verdict::done(ENOMEM);
  }
};

// At the top: only opens and asks.
class TopGeom final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
};

// Builds and drives such a mesh; every step is checked and settled.
class TestMesh {
 public:
  TestMesh() {
    mesh_.set_tasting(false);
    for (const char* name : {"bottom", "middle", "top"}) {
      EXPECT_TRUE(mesh_.load(std::make_unique<Class>(name)));
    }
    mesh_.settle();
  }

  Mesh& mesh() { return mesh_; }
  VirtualExecutor& executor() { return executor_; }

  Provider& disk(const std::string& name, std::int64_t size_bytes = 64 << 20) {
    return provider(add<BottomGeom>("bottom", name), name, size_bytes, 0);
  }

  // A geom over `below` with parts of equal size named da0s1, da0s2, ...
  std::vector<Provider*> parts(Provider& below, int count, const std::string& letter = "s") {
    Geom& geom = add<MiddleGeom>("middle", below.name());
    stand_on(geom, below);
    std::vector<Provider*> made;
    const std::int64_t size_bytes = below.media_size_bytes() / count / 512 * 512;
    for (int i = 0; i < count; ++i) {
      made.push_back(&provider(geom, below.name() + letter + std::to_string(i + 1), size_bytes,
                               static_cast<std::uint64_t>(i * size_bytes)));
    }
    return made;
  }

  // A disk over `below` whose requests go down as two halves.
  Provider& halves(Provider& below, const std::string& name) {
    Geom& geom = add<HalvesGeom>("middle", name);
    stand_on(geom, below);
    return provider(geom, name, below.media_size_bytes(), 0);
  }

  Geom& middle(const std::string& name, const std::vector<Provider*>& below) {
    Geom& geom = add<MiddleGeom>("middle", name);
    for (Provider* provider : below) stand_on(geom, *provider);
    return geom;
  }

  Provider& provider(Geom& geom, const std::string& name, std::int64_t size_bytes,
                     std::uint64_t start_bytes) {
    Properties properties;
    properties.media_size_bytes = size_bytes;
    Provider& made = **mesh_.new_provider(geom, name, properties);
    made.index = start_bytes;
    mesh_.publish(made);
    mesh_.settle();
    return made;
  }

  // A user of the disk that has it open so; open as nothing only attaches.
  Consumer& user(const std::string& name, Provider& below, Access access) {
    Consumer& consumer = stand_on(add<TopGeom>("top", name), below);
    if (!access.closed()) {
      EXPECT_TRUE(mesh_.access(consumer, access));
    }
    mesh_.settle();
    return consumer;
  }

  // Asks for `count` requests one after the other and runs until all have come back.
  void ask(Consumer& edge, Command command, std::int64_t length_bytes, int count = 1) {
    for (int i = 0; i < count; ++i) {
      Bio& bio = *mesh_.path().new_bio();
      bio.command = command;
      bio.offset_bytes = i * length_bytes;
      bio.length_bytes = length_bytes;
      bio.data = Data(memory_.data());
      bio.caller1 = this;
      bio.done = [](Bio& done) { static_cast<TestMesh*>(done.caller1)->came_back(done); };
      mesh_.submit(bio, edge);
    }
    executor_.run();
  }

  void lose(Provider& provider) {
    static_cast<BottomGeom&>(provider.geom()).error = ENXIO;
    mesh_.orphan(provider);
    executor_.run();
  }

  int failed_requests() const { return failed_; }

 private:
  template <class G>
  Geom& add(const char* cls, const std::string& name) {
    return mesh_.add(std::make_unique<G>(mesh_, *mesh_.find_class(cls), name));
  }

  Consumer& stand_on(Geom& geom, Provider& below) {
    auto consumer = mesh_.new_consumer(geom, below);
    EXPECT_TRUE(consumer);
    return **consumer;
  }

  void came_back(Bio& bio) {
    failed_ += bio.error != 0;
    mesh_.path().free_bio(&bio);
  }

  VirtualExecutor executor_;
  Mesh mesh_{executor_};
  std::vector<std::byte> memory_ = std::vector<std::byte>(1 << 20);
  int failed_ = 0;
};

}  // namespace biotope::viz
