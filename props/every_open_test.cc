#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <queue>

#include "model/testing.h"
#include "props/arbitration.h"

// Open arbitration, exhaustively: in every small mesh below, every way in which its three users can
// have come to hold what they hold is followed, and from there every open and close is tried.
namespace biotope::props {
namespace {

using testing::Slices;
using testing::Source;
using testing::TestMesh;
using testing::User;

constexpr std::size_t kUsers = 3;
constexpr std::int64_t kDiskBytes = 64 * 512;
using Order = std::array<std::size_t, kUsers>;

// How the users have what they use; somebody spoiled may open no more until the disk is tasted
// again.
struct Held {
  Access access;
  bool spoiled = false;
  friend bool operator==(const Held&, const Held&) = default;
};
using State = std::array<Held, kUsers>;

// A small mesh: its layers over the disk da0, and who uses what.
struct Shape {
  const char* name;
  bool writable;
  std::function<void(TestMesh&)> build;
  std::array<const char*, kUsers> uses;
};

// "NAMEa" and "NAMEb" overlap, "NAMEc" is apart.
void add_slices(TestMesh& t, const std::string& name, const std::string& below) {
  Provider& provider = t.provider(below);
  const std::int64_t quarter = provider.media_size_bytes() / 4;
  Slices& slices = t.slices(name, provider);
  slices.add_piece(name + "a", 0, 2 * quarter);
  slices.add_piece(name + "b", quarter, 2 * quarter);
  slices.add_piece(name + "c", 3 * quarter, quarter);
}

const std::vector<Shape>& shapes() {
  const auto nothing = [](TestMesh&) {};
  const auto sliced = [](TestMesh& t) { add_slices(t, "s", "da0"); };
  const auto nested = [](TestMesh& t) {
    add_slices(t, "s", "da0");
    add_slices(t, "t", "sa");
  };
  const auto passes = [](TestMesh& t) {
    t.pass("p", t.provider("da0"));
    t.pass("q", t.provider("p"));
  };
  const auto forked = [](TestMesh& t) {
    add_slices(t, "s", "da0");
    t.fork("f", {&t.provider("sa"), &t.provider("sc")});
  };
  static const std::vector<Shape> all{
      {"one disk", true, nothing, {"da0", "da0", "da0"}},
      {"a disk that can not be written", false, nothing, {"da0", "da0", "da0"}},
      {"slices", true, sliced, {"sa", "sb", "sc"}},
      {"slices of a disk that can not be written", false, sliced, {"sa", "sb", "sc"}},
      {"slices and the disk", true, sliced, {"sa", "sc", "da0"}},
      {"two of one slice", true, sliced, {"sa", "sa", "sb"}},
      {"slices in a slice", true, nested, {"ta", "tc", "sb"}},
      {"slices in a slice, and it", true, nested, {"ta", "tb", "sa"}},
      {"layers", true, passes, {"q", "p", "da0"}},
      {"a fork over slices", true, forked, {"f", "sa", "sb"}},
  };
  return all;
}

bool overlap(const Provider& a, const Provider& b) {
  const auto* slices = dynamic_cast<const Slices*>(&a.geom());
  return slices != nullptr && slices->pieces[a.index].overlaps(slices->pieces[b.index]);
}

class Small {
 public:
  // With the users attached in this order.
  Small(const Shape& shape, const Order& order) {
    Properties disk = testing::properties_of_size(kDiskBytes);
    disk.writable = shape.writable;
    t_.source("da0", disk);
    shape.build(t_);
    for (const std::size_t i : order) {
      users_[i] = &t_.user("u" + std::to_string(i), t_.provider(shape.uses[i]));
    }
    t_.mesh.settle();
  }

  State state() const {
    State all;
    std::transform(users_.begin(), users_.end(), all.begin(), [](User* user) {
      return Held{user->edge().access(), user->edge().spoiled()};
    });
    return all;
  }
  // 0 or the errno.
  int change(std::size_t user, Access to) {
    Consumer& edge = users_[user]->edge();
    const Status done = t_.mesh.access(edge, to - edge.access());
    return done ? 0 : done.error().code;
  }
  int reference(std::size_t user, Access to) {
    Consumer& edge = users_[user]->edge();
    return Arbitration(t_.mesh, overlap).decide(edge, to - edge.access());
  }
  std::vector<Access> edges() const {
    std::vector<Access> all;
    for (const Geom& geom : t_.mesh.geoms()) {
      for (const Consumer& edge : geom.consumers()) all.push_back(edge.access());
    }
    return all;
  }
  std::string wrong() const { return testing::what_is_wrong(t_.mesh); }

 private:
  TestMesh t_;
  std::array<User*, kUsers> users_{};
};

struct Step {
  std::size_t user;
  Access to;
};

std::vector<Step> every_step() {
  std::vector<Step> all;
  for (std::size_t user = 0; user < kUsers; ++user) {
    for (int bits = 0; bits < 8; ++bits)
      all.push_back({user, {bits & 1, bits >> 1 & 1, bits >> 2}});
  }
  return all;
}

std::string text(const State& state) {
  std::string all;
  for (const Held& held : state) all += held.access.text() + (held.spoiled ? "! " : " ");
  return all;
}

struct ByText {
  bool operator()(const State& a, const State& b) const { return text(a) < text(b); }
};
// What each step from each state that can be reached is answered.
using Decisions = std::map<State, std::vector<int>, ByText>;

// Follows every path; the steps to each state are kept, since a state is reached by replaying them.
Decisions explore(const Shape& shape, const Order& order) {
  const std::vector<Step> steps = every_step();
  Decisions found;
  std::queue<std::vector<Step>> paths;
  paths.push({});
  found[State{}] = {};
  while (!paths.empty()) {
    const std::vector<Step> path = paths.front();
    paths.pop();
    const auto arrive = [&] {
      auto mesh = std::make_unique<Small>(shape, order);
      for (const Step& step : path) EXPECT_EQ(mesh->change(step.user, step.to), 0);
      return mesh;
    };
    std::unique_ptr<Small> mesh = arrive();
    const State here = mesh->state();
    std::vector<int> answers;
    for (const Step& step : steps) {
      const std::vector<Access> before = mesh->edges();
      const int expected = mesh->reference(step.user, step.to);
      answers.push_back(mesh->change(step.user, step.to));
      EXPECT_EQ(answers.back(), expected) << shape.name << ": user " << step.user << " asks for "
                                          << step.to.text() << " in " << text(here);
      EXPECT_EQ(mesh->wrong(), "") << shape.name;
      if (answers.back() != 0) {
        EXPECT_EQ(mesh->edges(), before) << shape.name << ": a refusal changed something";
        continue;
      }
      if (found.emplace(mesh->state(), std::vector<int>{}).second) {
        paths.push(path);
        paths.back().push_back(step);
      }
      mesh = arrive();
    }
    found[here] = answers;
  }
  return found;
}

TEST(EveryOpen, Inv_O2_every_open_of_every_small_mesh_is_decided_as_the_rules_say) {
  std::size_t states = 0;
  for (const Shape& shape : shapes()) states += explore(shape, {0, 1, 2}).size();
  // All eight modes of one user alone can be had on a disk that can be written: no shape is
  // trivial.
  EXPECT_GT(states, 8 * shapes().size());
}

TEST(EveryOpen, Inv_O4_the_decision_does_not_depend_on_the_order_of_siblings) {
  for (const Shape& shape : shapes()) {
    const Decisions first = explore(shape, {0, 1, 2});
    for (const Order& order : {Order{2, 1, 0}, Order{1, 2, 0}}) {
      EXPECT_EQ(explore(shape, order), first) << shape.name;
    }
  }
}

// The rules once more, as what may never be seen: apart from the core and from the reference.
TEST(EveryOpen, Inv_O3_no_reachable_state_has_a_writer_beside_an_exclusive_user_of_the_same_bytes) {
  for (const Shape& shape : shapes()) {
    if (shape.uses != std::array<const char*, kUsers>{"sa", "sb", "sc"}) continue;
    for (const auto& [state, answers] : explore(shape, {0, 1, 2})) {
      const auto [a, b, c] = state;
      EXPECT_FALSE((a.access.w > 0 && b.access.e > 0) || (a.access.e > 0 && b.access.w > 0))
          << shape.name << ": " << text(state);
      EXPECT_TRUE(shape.writable || a.access.w + b.access.w + c.access.w == 0) << shape.name;
    }
  }
}

}  // namespace
}  // namespace biotope::props
