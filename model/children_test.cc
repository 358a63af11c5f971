#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;
using testing::User;

// Cuts requests at every `cut_bytes` and deals the pieces out over its consumers.
class Cutter final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    std::int64_t done = 0;
    while (done < bio.length_bytes) {
      const std::int64_t at = bio.position_bytes + done;
      const std::int64_t length = std::min(bio.length_bytes - done, cut_bytes - at % cut_bytes);
      const std::int64_t row = at / cut_bytes;
      const auto legs = static_cast<std::int64_t>(consumers().size());
      auto leg = std::next(consumers().begin(), row % legs);
      if (!parts.add(*leg, row / legs * cut_bytes + at % cut_bytes, done, length)) {
        return Verdict::done(ENOMEM);
      }
      done += length;
    }
    return parts.issue();
  }
  std::int64_t cut_bytes = 2 * 512;
};

// A user over a fork, or a cutter, over some sources.
struct Wide {
  explicit Wide(int legs) {
    for (int i = 0; i < legs; ++i) {
      disks.push_back(&t.source(sentence("da", i)));
      below.push_back(&t.provider(sentence("da", i)));
    }
  }
  Fork& fork() {
    Fork& geom = t.fork("top", below);
    stand();
    return geom;
  }
  Cutter& cutter() {
    auto& geom = t.add<Cutter>("top");
    for (Provider* leg : below) t.mesh.new_consumer(geom, *leg).value();
    t.mesh.publish(**t.mesh.new_provider(geom, "top", properties_of_size(1 << 20)));
    stand();
    return geom;
  }
  void stand() {
    user = &t.user("u", t.provider("top"));
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user->edge(), {1, 1, 0}));
  }
  void hold(bool on) {
    for (Source* disk : disks) disk->hold = on;
  }
  TestMesh t;
  std::vector<Source*> disks;
  std::vector<Provider*> below;
  User* user = nullptr;
  Issuer issuer{t.mesh};
};

TEST(Children, Inv_E05_the_parent_waits_for_the_last_part) {
  Wide w(3);
  w.fork();
  w.hold(true);
  std::array<std::byte, 512> room{};
  w.issuer.issue(w.user->edge(), Command::write, 0, 512, Data(room.data()));
  for (Source* disk : w.disks) ASSERT_EQ(disk->held.size(), 1U);
  w.disks[1]->finish_one();
  w.disks[0]->finish_one();
  EXPECT_TRUE(w.issuer.errors.empty());
  w.disks[2]->finish_one();
  EXPECT_EQ(w.issuer.errors, std::vector<int>{0});
  EXPECT_TRUE(w.issuer.all_back_once(1));
  EXPECT_EQ(w.t.mesh.census().bios, 0U);
}

TEST(Children, Inv_A4_parts_answered_at_once_do_not_finish_the_parent_early) {
  Wide w(3);
  w.fork();
  w.disks[2]->hold = true;
  Bio& bio = w.issuer.issue(w.user->edge(), Command::write, 0, 512);
  EXPECT_TRUE(w.issuer.errors.empty()) << "two are back, the third is not";
  w.disks[2]->finish_one(EIO);
  EXPECT_EQ(bio.error, EIO);
  EXPECT_TRUE(w.issuer.all_back_once(1));
}

TEST(Children, Inv_E06_the_first_error_that_comes_back_is_kept) {
  for (const bool forwards : {true, false}) {
    Wide w(3);
    w.fork();
    w.hold(true);
    Bio& bio = w.issuer.issue(w.user->edge(), Command::write, 0, 512);
    const std::array<int, 3> codes{EIO, ENXIO, 0};
    for (int i = 0; i < 3; ++i) {
      const int n = forwards ? i : 2 - i;
      w.disks[static_cast<std::size_t>(n)]->finish_one(codes[static_cast<std::size_t>(n)]);
    }
    EXPECT_EQ(bio.error, forwards ? EIO : ENXIO);
  }
}

TEST(Children, Inv_A6_what_was_done_is_the_sum_of_what_the_parts_did) {
  Wide w(2);
  w.cutter();
  w.hold(true);
  Bio& bio = w.issuer.issue(w.user->edge(), Command::write, 0, 4 * 512);
  w.disks[0]->finish_one();
  w.disks[1]->held.front()->completed_bytes = 512;
  w.disks[1]->finish_one(EIO);
  EXPECT_EQ(bio.error, EIO);
  EXPECT_EQ(bio.completed_bytes, 3 * 512);
  EXPECT_EQ(bio.resid_bytes(), 512);
}

// Every sector of the parent is asked of exactly one disk, at the place a stripe has for it.
TEST(Children, Inv_A7_the_parts_are_the_parent_no_more_and_no_less) {
  for (const std::int64_t sector : {std::int64_t{512}, std::int64_t{2352}}) {
    TestMesh t;
    std::vector<Source*> disks;
    auto& cutter = t.add<Cutter>("top");
    cutter.cut_bytes = 3 * sector;
    for (int i = 0; i < 3; ++i) {
      disks.push_back(&t.source(sentence("da", i), properties_of_size(40 * sector, sector)));
      t.mesh.new_consumer(cutter, t.provider(sentence("da", i))).value();
    }
    t.mesh.publish(**t.mesh.new_provider(cutter, "top", properties_of_size(100 * sector, sector)));
    User& user = t.user("u", t.provider("top"));
    ASSERT_TRUE(t.mesh.settle());
    ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
    Issuer issuer(t.mesh);
    std::vector<std::byte> room(static_cast<std::size_t>(100 * sector));
    for (const auto& [first, count] : {std::pair{0, 100}, {1, 1}, {2, 9}, {5, 31}, {99, 1}}) {
      for (Source* disk : disks) disk->seen.clear();
      ASSERT_EQ(
          issuer.ask(user.edge(), Command::read, first * sector, count * sector, Data(room.data())),
          0);
      std::vector<int> asked(100, 0);
      for (std::size_t leg = 0; leg < disks.size(); ++leg) {
        for (const Bio& part : disks[leg]->seen) {
          for (std::int64_t at = part.position_bytes; at < part.position_bytes + part.length_bytes;
               at += sector) {
            const std::int64_t row = at / (3 * sector) * 3 + static_cast<std::int64_t>(leg);
            const std::int64_t number = row * 3 + at % (3 * sector) / sector;
            ++asked[static_cast<std::size_t>(number)];
            // The memory goes with the sector.
            Data memory = part.data.shifted(at - part.position_bytes);
            memory.for_each_piece(1, [&](std::span<std::byte> piece) {
              EXPECT_EQ(piece.data(), room.data() + (number - first) * sector);
            });
          }
        }
      }
      for (int n = 0; n < 100; ++n) {
        EXPECT_EQ(asked[static_cast<std::size_t>(n)], n >= first && n < first + count ? 1 : 0) << n;
      }
    }
  }
}

TEST(Children, Inv_A9_parts_inherit_command_and_order_and_nothing_else) {
  Wide w(2);
  w.fork();
  w.hold(true);
  Bio bio;
  bio.command = Command::write;
  bio.length_bytes = 512;
  bio.flags = kBioOrdered | kBioForceUnitAccess;
  bio.done = [](Bio&) {};
  bio.caller1 = &w;
  bio.driver1 = &w;
  w.t.mesh.submit(bio, w.user->edge());
  for (Source* disk : w.disks) {
    const Bio& part = disk->seen.back();
    EXPECT_EQ(part.command, Command::write);
    EXPECT_EQ(part.flags, kBioOrdered | kBioForceUnitAccess);
    EXPECT_EQ(part.caller1, nullptr);
    EXPECT_EQ(part.driver1, nullptr);
    EXPECT_EQ(part.parent, &bio);
    disk->finish_one();
  }
}

TEST(Children, Inv_E43_a_request_without_length_reaches_every_leg_and_comes_back) {
  Wide w(3);
  w.fork();
  EXPECT_EQ(w.issuer.ask(w.user->edge(), Command::flush, 0, 0), 0);
  for (Source* disk : w.disks) EXPECT_EQ(disk->seen.size(), 1U);
}

TEST(Children, a_parent_with_no_part_is_done) {
  Wide w(2);
  w.cutter();
  EXPECT_EQ(w.issuer.ask(w.user->edge(), Command::flush, 0, 0), 0);
  EXPECT_TRUE(w.disks[0]->seen.empty());
}

TEST(Children, the_same_request_may_be_issued_again_from_its_own_done) {
  Wide w(3);
  w.fork();
  struct Again {
    Mesh* mesh;
    Consumer* edge;
    int left;
  } again{&w.t.mesh, &w.user->edge(), 1000};
  Bio bio;
  bio.command = Command::write;
  bio.length_bytes = 512;
  bio.caller1 = &again;
  bio.done = [](Bio& done) {
    auto& a = *static_cast<Again*>(done.caller1);
    EXPECT_EQ(done.error, 0);
    EXPECT_EQ(done.completed_bytes, 512);
    if (--a.left > 0) a.mesh->submit(done, *a.edge);
  };
  w.t.mesh.submit(bio, w.user->edge());
  EXPECT_EQ(again.left, 0);
  for (Source* disk : w.disks) EXPECT_EQ(disk->seen.size(), 1000U);
  EXPECT_EQ(w.t.mesh.census().bios, 0U);
}

// Sees what came back before it counts, as a class that retries does.
class Watcher final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    for (Consumer& leg : consumers()) {
      if (!parts.add_copy(leg, bio.position_bytes)) return Verdict::done(ENOMEM);
    }
    return parts.issue([](Bio& part) {
      auto& self = static_cast<Watcher&>(part.edge->geom());
      self.errors.push_back(part.error);
      part.error = 0;
      Children::part_done(part);
    });
  }
  std::vector<int> errors;
};

TEST(Children, a_class_may_look_at_each_part_before_it_counts) {
  Wide w(2);
  auto& watcher = w.t.add<Watcher>("top");
  for (Provider* leg : w.below) w.t.mesh.new_consumer(watcher, *leg).value();
  w.t.mesh.publish(**w.t.mesh.new_provider(watcher, "top", properties_of_size(1 << 20)));
  w.stand();
  w.disks[1]->answer = EIO;
  EXPECT_EQ(w.issuer.ask(w.user->edge(), Command::read, 0, 512), 0);
  EXPECT_EQ(watcher.errors, (std::vector<int>{0, EIO}));
}

// A geom at the bottom that hands parts to hardware of its own.
class Hardware final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    for (std::int64_t done = 0; done < bio.length_bytes; done += 512) {
      if (!parts.add(*bio.edge, bio.position_bytes + done, done, 512)) return Verdict::done(ENOMEM);
    }
    return parts.hand_to([this](Bio& part) { held.push_back(&part); });
  }
  std::vector<Bio*> held;
};

TEST(Children, parts_handed_to_hardware_come_back_like_others) {
  TestMesh t;
  auto& hardware = t.add<Hardware>("da0");
  t.mesh.publish(**t.mesh.new_provider(hardware, "da0", properties_of_size(1 << 20)));
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  Bio& bio = issuer.issue(user.edge(), Command::write, 1024, 3 * 512);
  ASSERT_EQ(hardware.held.size(), 3U);
  EXPECT_EQ(hardware.held[2]->position_bytes, 2048);
  EXPECT_EQ(user.edge().in_flight(), 1U) << "the parts pass no edge";
  t.mesh.deliver(*hardware.held[1], 0);
  t.mesh.deliver(*hardware.held[0], EIO);
  EXPECT_TRUE(issuer.errors.empty());
  t.mesh.deliver(*hardware.held[2], 0);
  EXPECT_EQ(bio.error, EIO);
  EXPECT_EQ(bio.completed_bytes, 2 * 512);
  EXPECT_EQ(t.mesh.census().bios, 0U);
}

// Answers a write with what it makes of it: a read before, into memory of its own.
class Looker final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    Bio* look = parts.add_own(consumers().front(), Command::read, 1024, 512, Data(memory.data()));
    if (look == nullptr) return Verdict::done(ENOMEM);
    look->caller1 = this;
    return parts.issue();
  }
  std::array<std::byte, 512> memory{};
};

TEST(Children, a_part_may_have_another_command_and_data_of_the_geoms_own) {
  TestMesh t;
  auto& disk = t.source("da0");
  auto& looker = t.add<Looker>("top");
  t.mesh.new_consumer(looker, t.provider("da0")).value();
  t.mesh.publish(**t.mesh.new_provider(looker, "top", properties_of_size(1 << 20)));
  User& user = t.user("u", t.provider("top"));
  t.mesh.settle();
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  std::array<std::byte, 512> data{};
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 0, 512, Data(data.data())), 0);
  ASSERT_EQ(disk.seen.size(), 1U);
  EXPECT_EQ(disk.seen[0].command, Command::read);
  EXPECT_EQ(disk.seen[0].position_bytes, 1024);
  EXPECT_EQ(disk.seen[0].caller1, &looker);
  disk.seen[0].data.for_each_piece(
      512, [&](std::span<std::byte> piece) { EXPECT_EQ(piece.data(), looker.memory.data()); });
  t.mesh.path().limit_bios(t.mesh.path().bios_out());
  issuer.issue(user.edge(), Command::write, 0, 512, Data(data.data()));
  EXPECT_EQ(issuer.errors.size(), 1U) << "out of memory is only later";
}

}  // namespace
}  // namespace biotope
