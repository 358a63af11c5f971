#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/check.h"
#include "model/mesh.h"
#include "model/taster.h"
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

// A middle with any number of pieces of what is below, which may overlap: two of those never have
// one a writer and the other exclusive use.
class Slices final : public Geom {
 public:
  using Geom::Geom;
  struct Piece {
    std::int64_t start_bytes;
    std::int64_t length_bytes;
    bool overlaps(const Piece& other) const {
      return start_bytes < other.start_bytes + other.length_bytes &&
             other.start_bytes < start_bytes + length_bytes;
    }
  };

  Verdict start(Bio& bio, Provider& provider) override {
    bio.shift(pieces[provider.index].start_bytes);
    return Verdict::remapped(consumers().front());
  }
  Status demand(AccessPlan& plan) override {
    for (const Provider& one : providers()) {
      if (!plan.opens(one)) continue;
      const Access a = plan.would_be(one);
      for (const Provider& other : providers()) {
        if (&one == &other || !pieces[one.index].overlaps(pieces[other.index])) continue;
        const Access b = plan.would_be(other);
        if ((a.w > 0 && b.e > 0) || (a.e > 0 && b.w > 0)) {
          return fail(EPERM, title(), " refuses ", one.name(), ": it overlaps ", other.name(),
                      ", which is open (", b.text(), ")");
        }
      }
    }
    require_union(plan);
    return {};
  }
  // One more published piece.
  Provider& add_piece(const std::string& name, std::int64_t start_bytes,
                      std::int64_t length_bytes) {
    const Properties& below = consumers().front().provider()->properties();
    Provider& provider =
        **mesh().new_provider(*this, name, part_of(below, start_bytes, length_bytes));
    provider.index = pieces.size();
    pieces.push_back({start_bytes, length_bytes});
    mesh().publish(provider);
    return provider;
  }

  std::vector<Piece> pieces;  // by the providers' index
};

// A middle that serves the same bytes from several places: writes go to all of them, reads to the
// first that is left, and it lives as long as one of them does.
class Fork final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    for (Consumer& leg : consumers()) {
      if (leg.orphaned()) continue;
      if (!parts.add_copy(leg, bio.position_bytes)) return Verdict::done(ENOMEM);
      if (!needs_write(bio.command)) break;
    }
    return parts.issue();
  }
  void orphaned(Consumer& consumer) override {
    ++orphanings;
    std::size_t left = 0;
    for (const Consumer& leg : consumers()) left += &leg == &consumer || leg.orphaned() ? 0 : 1;
    if (left == 0) return Geom::orphaned(consumer);
    mesh().drop(consumer);
  }
  // With one leg it is the same as that.
  Result<Consumer*> bypass() override {
    if (consumers().size() != 1) return Geom::bypass();
    return &consumers().front();
  }
  int orphanings = 0;
};

// A top: a user of one provider, who remembers what happened to him.
class User final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  void orphaned(Consumer& consumer) override {
    ++orphanings;
    if (on_orphaned) return on_orphaned(consumer);
    Geom::orphaned(consumer);
  }
  void spoiled(Consumer&) override { ++spoilings; }
  Status may_let_go(Consumer&) override { return may_let_go_answer; }
  Task<Status> let_go(Consumer& consumer) override {
    ++let_gos;
    if (on_let_go) return on_let_go(consumer);
    return close_it(consumer);
  }

  Consumer& edge() { return consumers().front(); }
  int orphanings = 0;
  int spoilings = 0;
  int let_gos = 0;
  Status may_let_go_answer;
  std::function<void(Consumer&)> on_orphaned;
  std::function<Task<Status>(Consumer&)> on_let_go;

 private:
  static Task<Status> close_it(Consumer& consumer) {
    co_return consumer.geom().mesh().close(consumer);
  }
};

// A class that tastes as a test says.
class TastingClass final : public Class {
 public:
  using Taste = std::function<Task<Geom*>(Taster&, TastingClass&)>;
  TastingClass(std::string name, Taste how) : Class(std::move(name)), how_(std::move(how)) {}

  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override {
    asked.push_back(taster.provider().name());
    return how_(taster, *this);
  }

  std::vector<std::string> asked;  // in order

 private:
  Taste how_;
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
  Slices& slices(const std::string& name, Provider& below) {
    auto& geom = add<Slices>(name);
    mesh.new_consumer(geom, below).value();
    return geom;
  }
  // A fork over all of `below`, with one published provider of the same name.
  Fork& fork(const std::string& name, const std::vector<Provider*>& below) {
    auto& geom = add<Fork>(name);
    for (Provider* leg : below) mesh.new_consumer(geom, *leg).value();
    mesh.publish(**mesh.new_provider(geom, name, below.front()->properties()));
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

using Names = std::vector<std::string>;

// Loads a class that tastes as `how` says.
inline TastingClass& load_tasting(TestMesh& t, const std::string& name, TastingClass::Taste how) {
  auto owned = std::make_unique<TastingClass>(name, std::move(how));
  TastingClass& cls = *owned;
  const Status loaded = t.mesh.load(std::move(owned));
  BIOTOPE_CHECK(loaded.has_value(), "a test loads a class of one name once");
  return cls;
}

inline Task<Geom*> taste_nothing(Taster&, TastingClass&) { co_return nullptr; }

// A geom of `cls` with one piece for each name in `suffixes`, each half as long as what is below.
inline Geom* make_pieces(Taster& taster, const Class& cls, const Names& suffixes) {
  Mesh& mesh = taster.mesh();
  Provider& below = taster.provider();
  auto& geom = static_cast<Slices&>(mesh.add(std::make_unique<Slices>(mesh, cls, below.name())));
  mesh.new_consumer(geom, below).value();
  const std::int64_t half = below.media_size_bytes() / 2 / 512 * 512;
  for (const std::string& suffix : suffixes) geom.add_piece(below.name() + suffix, 0, half);
  return &geom;
}

// Counts what comes back. Issue with `issue`, look at `errors`.
class Issuer {
 public:
  explicit Issuer(Mesh& mesh) : mesh_(mesh) {}

  Bio& issue(Consumer& edge, Command command, std::int64_t offset_bytes, std::int64_t length_bytes,
             Data data = {}, std::uint16_t flags = 0) {
    Bio& bio = bios_.emplace_back();
    bio.command = command;
    bio.flags = flags;
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

  // True when each of the `count` requests has come back exactly once.
  bool all_back_once(std::size_t count) const {
    for (const auto& [bio, times] : times_done) {
      if (times != 1) return false;
    }
    return times_done.size() == count;
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

  // How many facts there were of one kind.
  std::size_t count(FactKind kind) const { return geoms(kind).size(); }

  std::vector<Line> lines;

 private:
  Mesh& mesh_;
};

// Empty when every provider is open as the sum of its consumers, none below zero, and every rank is
// one more than the highest below; else what is wrong.
inline std::string what_is_wrong(const Mesh& mesh) {
  for (const Geom& geom : mesh.geoms()) {
    int rank = 1;
    for (const Consumer& consumer : geom.consumers()) {
      if (consumer.access().negative()) return sentence(consumer.name(), " is below zero");
      if (consumer.provider() == nullptr) continue;
      rank = std::max(rank, 1 + consumer.provider()->geom().rank());
    }
    if (geom.rank() != rank) return sentence(geom.title(), " has rank ", geom.rank());
    for (const Provider& provider : geom.providers()) {
      Access sum;
      for (const Consumer& consumer : provider.consumers()) sum = sum + consumer.access();
      if (sum != provider.access()) {
        return sentence(provider.name(), " is ", provider.access().text(), ", its consumers ",
                        sum.text());
      }
    }
  }
  return {};
}

// Who stands on what and how it is open, geoms by name.
inline std::string layout(const Mesh& mesh) {
  std::set<std::string> lines;
  for (const Geom& geom : mesh.geoms()) {
    for (const Consumer& consumer : geom.consumers()) {
      lines.insert(
          sentence(consumer.name(), ' ', consumer.access().text(), ' ', geom.rank(), '\n'));
    }
    for (const Provider& provider : geom.providers()) {
      lines.insert(sentence(provider.name(), ' ', provider.access().text(), '\n'));
    }
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

// Looks whether the mesh is ever seen half changed.
class Watcher final : public Observer {
 public:
  explicit Watcher(Mesh& mesh) : mesh_(mesh) { mesh_.facts().add(*this); }
  ~Watcher() override { mesh_.facts().remove(*this); }
  void on_fact(const Fact& fact) override {
    seen.insert(layout(mesh_));
    if (wrong.empty()) {
      wrong = what_is_wrong(mesh_);
      if (!wrong.empty()) wrong += sentence(" at ", fact_name(fact.kind));
    }
  }
  std::set<std::string> seen;
  std::string wrong;

 private:
  Mesh& mesh_;
};

}  // namespace biotope::testing
