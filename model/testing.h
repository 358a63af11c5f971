#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/mesh.h"
#include "model/virtual_executor.h"

// What tests of the core build meshes from: the smallest geoms there can be, each with everything a
// test wants to see or to decide in the open.
namespace biotope::testing {

inline Properties properties_of_size(std::int64_t media_size_bytes,
                                     std::int64_t sector_size_bytes = 512) {
  Properties p;
  p.media_size_bytes = media_size_bytes;
  p.sector_size_bytes = sector_size_bytes;
  return p;
}

// A bottom: remembers what it was asked and answers as it is told to.
class Source final : public Geom {
 public:
  using Geom::Geom;

  Verdict start(Bio& bio, Provider&) override {
    seen.push_back(bio);
    if (hold) {
      held.push_back(&bio);
      return Verdict::held();
    }
    return Verdict::done(answer);
  }
  void access_changed(Provider&, Access before, Access after) override {
    access_changes.emplace_back(before, after);
  }

  // Completes the oldest request held.
  void finish_one(int error = 0) {
    Bio* bio = held.front();
    held.pop_front();
    mesh().deliver(*bio, error);
  }
  void finish_all(int error = 0) {
    while (!held.empty()) finish_one(error);
  }

  bool hold = false;
  int answer = 0;
  std::vector<Bio> seen;
  std::deque<Bio*> held;
  std::vector<std::pair<Access, Access>> access_changes;
};

// A middle: passes everything through, `shift_bytes` further down.
class Pass final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    bio.shift(shift_bytes);
    return Verdict::remapped(consumers().front());
  }
  Result<Consumer*> bypass() override { return &consumers().front(); }
  std::int64_t shift_bytes = 0;
};

// A top: a user of one provider, who remembers what happened to him.
class User final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  void orphaned(Consumer& consumer) override {
    ++orphanings;
    Geom::orphaned(consumer);
  }
  void spoiled(Consumer&) override { ++spoilings; }

  Consumer& edge() { return consumers().front(); }
  int orphanings = 0;
  int spoilings = 0;
};

// A mesh with a clock of its own and one class for all of the above.
class TestMesh {
 public:
  explicit TestMesh(VirtualExecutor::Chooser chooser = nullptr)
      : executor(std::move(chooser)), mesh(executor) {}

  template <class G>
  G& add(const std::string& name) {
    return static_cast<G&>(mesh.add(std::make_unique<G>(mesh, cls, name)));
  }
  // A source with one published provider of the same name.
  Source& source(const std::string& name, Properties properties = properties_of_size(1 << 20)) {
    auto& geom = add<Source>(name);
    mesh.publish(**mesh.new_provider(geom, name, std::move(properties)));
    return geom;
  }
  // A pass-through over `below`, with one published provider of the same name and size.
  Pass& pass(const std::string& name, Provider& below) {
    auto& geom = add<Pass>(name);
    mesh.new_consumer(geom, below).value();
    mesh.publish(**mesh.new_provider(geom, name, below.properties()));
    return geom;
  }
  // A user attached to `below`, closed.
  User& user(const std::string& name, Provider& below) {
    auto& geom = add<User>(name);
    mesh.new_consumer(geom, below).value();
    return geom;
  }
  Provider& provider(const std::string& name) { return *mesh.provider(name); }

  VirtualExecutor executor;
  Class cls{"test"};
  Mesh mesh;
};

// Counts what comes back. Issue with `issue`, look at `errors`.
class Issuer {
 public:
  explicit Issuer(Mesh& mesh) : mesh_(mesh) {}

  Bio& issue(Consumer& edge, Command command, std::int64_t offset_bytes, std::int64_t length_bytes,
             Data data = {}) {
    Bio& bio = bios_.emplace_back();
    bio.command = command;
    bio.offset_bytes = offset_bytes;
    bio.length_bytes = length_bytes;
    bio.data = data;
    bio.caller1 = this;
    bio.done = [](Bio& done) {
      auto& self = *static_cast<Issuer*>(done.caller1);
      ++self.times_done[&done];
      self.errors.push_back(done.error);
    };
    mesh_.submit(bio, edge);
    return bio;
  }
  // The error of a request that is answered at once.
  int ask(Consumer& edge, Command command, std::int64_t offset_bytes, std::int64_t length_bytes,
          Data data = {}) {
    const std::size_t before = errors.size();
    issue(edge, command, offset_bytes, length_bytes, data);
    return errors.size() == before ? -1 : errors.back();
  }

  std::vector<int> errors;  // in the order of completion
  std::map<const Bio*, int> times_done;

 private:
  Mesh& mesh_;
  std::deque<Bio> bios_;
};

// Keeps what it sees of the stream of facts.
class Recorder final : public Observer {
 public:
  struct Line {
    FactKind kind;
    std::string geom;
    std::string provider;
    Access after;
    int error;
    std::string text;
    std::uint64_t bio;
  };

  explicit Recorder(Mesh& mesh) : mesh_(mesh) { mesh.facts().add(*this); }
  ~Recorder() override { mesh_.facts().remove(*this); }
  void on_fact(const Fact& f) override {
    lines.push_back({f.kind, f.geom == nullptr ? "" : f.geom->name(),
                     f.provider == nullptr ? "" : f.provider->name(), f.after, f.error,
                     std::string(f.text), f.bio == nullptr ? 0 : f.bio->id});
  }
  // The names of the geoms of all facts of one kind, in order.
  std::vector<std::string> geoms(FactKind kind) const {
    std::vector<std::string> names;
    for (const Line& line : lines) {
      if (line.kind == kind) names.push_back(line.geom);
    }
    return names;
  }

  std::vector<Line> lines;

 private:
  Mesh& mesh_;
};

}  // namespace biotope::testing
