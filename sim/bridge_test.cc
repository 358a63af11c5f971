#include "sim/bridge.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/control_io.h"
#include "model/testing.h"

namespace biotope::sim {
namespace {

using biotope::testing::Issuer;
using biotope::testing::Recorder;
using biotope::testing::User;
constexpr std::int64_t kSector = 512;

// A user who knows how to let go, after `takes_ns`.
class PoliteUser final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  Status may_let_go(Consumer&) override {
    if (objects) return fail(EBUSY, name(), " objects");
    return {};
  }
  Task<Status> let_go(Consumer& consumer) override {
    // Taken by surprise, this may be gone before it has finished.
    Mesh& mesh = this->mesh();
    const std::uint64_t edge = consumer.id();
    if (takes_ns != 0) co_await sleep(mesh.executor(), takes_ns);
    Consumer* still_there = mesh.consumer_by_id(edge);
    co_return still_there == nullptr ? Status() : mesh.close(*still_there);
  }

  bool objects = false;
  std::int64_t takes_ns = 0;
};

// A rack with bays, its bridge and a mesh on it.
struct Machine {
  explicit Machine(int bays = 1, std::uint64_t tie_seed = 0)
      : rack(std::move(*Rack::create(tie_seed))),
        declared(rack->add_controller("scsi0", bays, "zip100").has_value()),
        bridge(*rack),
        mesh(rack->executor()) {
    EXPECT_TRUE(declared);
    EXPECT_TRUE(bridge.connect(mesh));
  }

  std::shared_ptr<Medium> insert(int bay = 0, const std::string& name = "disk") {
    std::shared_ptr<Medium> medium = *Medium::blank(name, *rack->medium_shape(bay));
    EXPECT_TRUE(rack->insert(bay, medium));
    EXPECT_TRUE(mesh.settle());
    return medium;
  }
  // A user of da0, closed.
  template <class G>
  G& user(const std::string& name) {
    auto& geom = static_cast<G&>(mesh.add(std::make_unique<G>(mesh, cls, name)));
    EXPECT_TRUE(mesh.new_consumer(geom, *mesh.provider("da0")));
    return geom;
  }
  // An open edge to da0.
  Consumer& open(Access how = kReadWriteExclusive) {
    Consumer& edge = user<User>("user").edge();
    EXPECT_TRUE(mesh.access(edge, how));
    return edge;
  }
  // What became of an ejection, when all is quiet again; ECANCELED when `then` was not called.
  Status eject(Mesh::EjectOptions options = {}) {
    int calls = 0;
    Status outcome = fail(ECANCELED, "not called");
    const Status asked = bridge.eject(0, options, [&](Status status) {
      ++calls;
      outcome = status;
    });
    if (!asked) return asked;
    rack->run_until_idle();
    EXPECT_EQ(calls, 1);
    return outcome;
  }

  std::unique_ptr<Rack> rack;
  bool declared;
  Bridge bridge;
  Class cls{"test"};
  Mesh mesh;
};

void expect_refused(const Status& status, int code, const std::string& part) {
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, code) << status.error().text;
  EXPECT_NE(status.error().text.find(part), std::string::npos) << status.error().text;
}

Bytes pattern(std::int64_t length_bytes, int salt) {
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = std::byte((i * 7 + i / 512 * 3 + static_cast<std::size_t>(salt) * 41) % 255 + 1);
  }
  return bytes;
}

// What the machine told of itself in words, line by line.
std::vector<std::string> machine_facts(const Recorder& recorder) {
  std::vector<std::string> texts;
  for (const auto& line : recorder.lines) {
    const bool measured = line.text.find('=') != std::string::npos || line.text == "dispatched";
    if (line.kind == FactKind::machine && !measured) texts.push_back(line.text);
  }
  return texts;
}

TEST(Bridge, a_medium_is_a_disk_named_by_its_bay) {
  Machine machine(2);
  EXPECT_EQ(machine.mesh.provider("da0"), nullptr);
  machine.insert(1);
  Provider* da1 = machine.mesh.provider("da1");
  ASSERT_NE(da1, nullptr);
  EXPECT_EQ(machine.bridge.disk(1).value(), da1);
  const Properties& p = da1->properties();
  EXPECT_EQ(p.media_size_bytes, 100'663'296);
  EXPECT_EQ(p.sector_size_bytes, 512);
  EXPECT_TRUE(p.writable);
  EXPECT_FALSE(p.deletable);
  EXPECT_EQ(p.native, (NativeGeometry{96, 64, 32}));
  EXPECT_EQ(p.ident, "zip100 in scsi0.bay1");
  EXPECT_EQ(machine.mesh.provider("da0"), nullptr);
}

TEST(Bridge, media_that_are_in_already_appear_when_it_is_connected) {
  auto rack = std::move(*Rack::create());
  ASSERT_TRUE(rack->add_controller("scsi0", 1, "zip100"));
  Bridge bridge(*rack);
  ASSERT_TRUE(rack->insert(0, *Medium::blank("disk", *rack->medium_shape(0))));
  Mesh mesh(rack->executor());
  expect_refused(bridge.eject(0, {}, [](const Status&) {}), ENXIO, "not connected");
  ASSERT_TRUE(bridge.connect(mesh));
  EXPECT_NE(mesh.provider("da0"), nullptr);
  expect_refused(bridge.connect(mesh), EBUSY, "already");
}

TEST(Bridge, data_go_through_the_mesh_and_come_back) {
  Machine machine;
  const auto medium = machine.insert();
  Consumer& edge = machine.open();
  Issuer issuer(machine.mesh);
  Bytes data = pattern(300 * kSector, 1);
  Bytes first(data.begin(), data.begin() + 1000);
  Bytes second(data.begin() + 1000, data.end());
  const Segment from[] = {{first.data(), first.size()}, {second.data(), second.size()}};
  issuer.issue(edge, Command::write, 1000 * kSector, 300 * kSector, Data(from));
  machine.rack->run_until_idle();
  Bytes read(300 * kSector);
  Bio& reading =
      issuer.issue(edge, Command::read, 1000 * kSector, 300 * kSector, Data(read.data()));
  machine.rack->run_until_idle();
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0}));
  EXPECT_EQ(reading.completed_bytes, 300 * kSector);
  EXPECT_EQ(read, data);
  Bytes on_medium(300 * kSector);
  ASSERT_TRUE(medium->read(1000 * kSector, on_medium));
  EXPECT_EQ(on_medium, data);
  EXPECT_EQ(issuer.ask(edge, Command::flush, 0, 0), 0);
  EXPECT_EQ(issuer.ask(edge, Command::format, 0, kSector), EOPNOTSUPP);
  EXPECT_EQ(issuer.ask(edge, Command::remove, 0, kSector), EOPNOTSUPP);
}

TEST(Bridge, a_write_protected_medium_is_no_writable_disk) {
  Machine machine;
  std::shared_ptr<Medium> medium = *Medium::blank("tab", *machine.rack->medium_shape(0));
  medium->set_write_protected(true);
  Recorder recorder(machine.mesh);
  ASSERT_TRUE(machine.rack->insert(0, medium));
  EXPECT_FALSE(machine.mesh.provider("da0")->properties().writable);
  EXPECT_EQ(machine_facts(recorder).front(), "medium 'tab' inserted, write-protected");
}

// Three writes, the first of them longer than the controller moves at once, and the medium torn out
// at `torn_at_ns`. Gives how many were done; all is checked after the dust has settled.
std::size_t tear_out_at(std::int64_t torn_at_ns) {
  SCOPED_TRACE(::testing::Message() << "torn out at " << torn_at_ns << " ns");
  Machine machine;
  const Census before = machine.mesh.census();
  const auto medium = machine.insert();
  Consumer& edge = machine.open();
  Issuer issuer(machine.mesh);
  Bytes data = pattern(600 * kSector, 1);
  issuer.issue(edge, Command::write, 0, 600 * kSector, Data(data.data()));
  for (int i = 0; i < 8; ++i) {
    issuer.issue(edge, Command::write, (5000 + i) * kSector, kSector, Data(data.data()));
  }
  machine.rack->run_until(torn_at_ns);
  EXPECT_TRUE(machine.rack->tear_out(0));
  EXPECT_TRUE(machine.mesh.provider("da0")->orphaned());
  EXPECT_TRUE(machine.rack->run_until_idle(1'000'000));
  EXPECT_TRUE(machine.mesh.settled());

  EXPECT_EQ(issuer.errors.size(), 9U);
  EXPECT_EQ(issuer.times_done.size(), 9U);
  for (const auto& [bio, times] : issuer.times_done) EXPECT_EQ(times, 1);
  for (const int error : issuer.errors) EXPECT_TRUE(error == 0 || error == ENXIO) << error;
  // Of each 128 KiB part a prefix is on the medium, of what was done all of it.
  Bytes on_medium(600 * kSector);
  EXPECT_TRUE(medium->read(0, on_medium));
  for (std::size_t part = 0; part < on_medium.size(); part += 131'072) {
    const std::size_t end = std::min(part + 131'072, on_medium.size());
    std::size_t same = part;
    while (same < end && on_medium[same] == data[same]) ++same;
    EXPECT_EQ(same % 512, 0U);
    for (; same < end; ++same) EXPECT_EQ(on_medium[same], std::byte{0}) << "byte " << same;
  }
  EXPECT_EQ(machine.mesh.census(), before) << "a trace is left";
  return static_cast<std::size_t>(std::count(issuer.errors.begin(), issuer.errors.end(), 0));
}

TEST(Bridge, torn_out_at_any_instant_every_request_ends_once_and_no_trace_is_left) {
  // All nine take 340 ms; the last instants are after their end.
  std::size_t most = 0;
  std::size_t least = 9;
  for (int i = 0; i <= 200; ++i) {
    const std::size_t done = tear_out_at(i * 2'000'000);
    least = std::min(least, done);
    most = std::max(most, done);
  }
  EXPECT_EQ(least, 0U);
  EXPECT_EQ(most, 9U);
}

TEST(Bridge, a_medium_put_back_is_a_new_disk) {
  Machine machine;
  const auto medium = machine.insert();
  Consumer& edge = machine.open();
  Issuer issuer(machine.mesh);
  Bytes data = pattern(100 * kSector, 1);
  Bio& torn = issuer.issue(edge, Command::write, 0, 100 * kSector, Data(data.data()));
  machine.rack->run_until(machine.rack->executor().now_ns() + 30'000'000);
  const std::uint64_t first = machine.mesh.provider("da0")->id();
  ASSERT_TRUE(machine.rack->tear_out(0));
  ASSERT_TRUE(machine.rack->insert(0, medium));
  ASSERT_NE(machine.mesh.provider("da0"), nullptr);
  EXPECT_NE(machine.mesh.provider("da0")->id(), first);
  machine.rack->run_until_idle();
  EXPECT_EQ(issuer.errors, std::vector<int>{ENXIO});
  EXPECT_EQ(machine.mesh.provider_by_id(first), nullptr);
  Bytes on_medium(100 * kSector);
  ASSERT_TRUE(medium->read(0, on_medium));
  const auto written = std::find(on_medium.begin(), on_medium.end(), std::byte{0});
  EXPECT_GT(torn.completed_bytes, 0);
  EXPECT_EQ(torn.completed_bytes, written - on_medium.begin());
  EXPECT_EQ(issuer.ask(machine.open(), Command::read, 0, kSector, Data(data.data())), -1);
  machine.rack->run_until_idle();
  EXPECT_EQ(issuer.errors.back(), 0);
}

TEST(Bridge, a_name_that_is_taken_leaves_the_medium_without_a_disk) {
  Machine machine;
  auto& squatter = static_cast<User&>(
      machine.mesh.add(std::make_unique<User>(machine.mesh, machine.cls, "squatter")));
  const Provider* theirs =
      *machine.mesh.new_provider(squatter, "da0", testing::properties_of_size(512));
  machine.insert();
  EXPECT_EQ(machine.mesh.provider("da0"), theirs);
  ASSERT_FALSE(machine.bridge.disk(0));
  EXPECT_EQ(machine.bridge.disk(0).error().code, EEXIST);
  EXPECT_TRUE(machine.eject());
  EXPECT_EQ(machine.rack->medium(0).value(), nullptr);
}

TEST(Bridge, another_medium_is_not_ejected_in_place_of_one_that_left) {
  Machine machine;
  auto& squatter = static_cast<User&>(
      machine.mesh.add(std::make_unique<User>(machine.mesh, machine.cls, "squatter")));
  ASSERT_TRUE(machine.mesh.new_provider(squatter, "da0", testing::properties_of_size(512)));
  machine.insert();
  Status outcome;
  ASSERT_TRUE(machine.bridge.eject(0, {}, [&](const Status& status) { outcome = status; }));
  ASSERT_TRUE(machine.rack->tear_out(0));
  const auto other = machine.insert(0, "other");
  machine.rack->run_until_idle();
  expect_refused(outcome, ENXIO, "left scsi0.bay0 before");
  EXPECT_EQ(machine.rack->medium(0).value(), other);
}

// --- locking and ejecting -----------------------------------------------------------------------

TEST(Bridge, the_drive_is_locked_while_its_disk_is_open) {
  Machine machine;
  machine.insert();
  Consumer& edge = machine.open(kReadOnly);
  EXPECT_TRUE(machine.rack->locked(0).value());
  expect_refused(machine.rack->eject(0), EBUSY, "while its disk is open");
  ASSERT_TRUE(machine.rack->unlock(0));
  expect_refused(machine.rack->eject(0), EBUSY, "while its disk is open");
  ASSERT_TRUE(machine.mesh.close(edge));
  EXPECT_FALSE(machine.rack->locked(0).value());
  EXPECT_TRUE(machine.rack->eject(0));
  machine.rack->run_until_idle();
  EXPECT_EQ(machine.mesh.provider("da0"), nullptr);
}

TEST(Bridge, a_lock_by_hand_outlives_the_opening) {
  Machine machine;
  machine.insert();
  ASSERT_TRUE(machine.rack->lock(0));
  Consumer& edge = machine.open(kReadOnly);
  ASSERT_TRUE(machine.mesh.close(edge));
  EXPECT_TRUE(machine.rack->locked(0).value());
  expect_refused(machine.eject(), EBUSY, "is locked; unlock it");
  ASSERT_TRUE(machine.rack->unlock(0));
  EXPECT_TRUE(machine.eject());
}

TEST(Bridge, ejecting_with_notice_waits_for_the_users_to_close) {
  Machine machine;
  machine.insert();
  auto& user = machine.user<PoliteUser>("polite");
  user.takes_ns = 5'000'000;
  ASSERT_TRUE(machine.mesh.access(user.consumers().front(), kReadWriteExclusive));
  Recorder recorder(machine.mesh);
  EXPECT_TRUE(machine.eject({.deadline_ns = 10'000'000}));
  EXPECT_EQ(machine.rack->medium(0).value(), nullptr);
  EXPECT_EQ(machine.mesh.census().providers, 0U);
  EXPECT_EQ(machine_facts(recorder), (std::vector<std::string>{"unlocked", "medium ejected"}));
}

TEST(Bridge, an_objection_or_a_missed_deadline_keeps_the_medium_in) {
  Machine machine;
  machine.insert();
  auto& user = machine.user<PoliteUser>("polite");
  ASSERT_TRUE(machine.mesh.access(user.consumers().front(), kReadOnly));
  user.objects = true;
  expect_refused(machine.eject(), EBUSY, "polite objects");
  user.objects = false;
  user.takes_ns = 5'000'000;
  expect_refused(machine.eject({.deadline_ns = 1'000'000}), ETIMEDOUT, "did not let go");
  EXPECT_NE(machine.rack->medium(0).value(), nullptr);
  EXPECT_NE(machine.mesh.provider("da0"), nullptr);
}

TEST(Bridge, at_the_deadline_the_medium_is_taken_by_surprise_if_that_was_chosen) {
  Machine machine;
  const Census before = machine.mesh.census();
  machine.insert();
  auto& user = machine.user<PoliteUser>("polite");
  user.takes_ns = 500'000'000;
  Consumer& edge = user.consumers().front();
  ASSERT_TRUE(machine.mesh.access(edge, kReadWriteExclusive));
  Issuer issuer(machine.mesh);
  Bytes data = pattern(200 * kSector, 1);
  issuer.issue(edge, Command::write, 0, 200 * kSector, Data(data.data()));
  Recorder recorder(machine.mesh);
  EXPECT_TRUE(machine.eject({.deadline_ns = 40'000'000, .on_timeout = Mesh::OnTimeout::surprise}));
  EXPECT_EQ(issuer.errors, std::vector<int>{ENXIO});
  EXPECT_EQ(machine.rack->medium(0).value(), nullptr);
  EXPECT_EQ(machine.mesh.census(), before);
}

TEST(Bridge, a_second_ejection_is_refused_while_one_is_going_on) {
  Machine machine;
  machine.insert();
  int calls = 0;
  ASSERT_TRUE(machine.bridge.eject(0, {}, [&](const Status&) { ++calls; }));
  expect_refused(machine.bridge.eject(0, {}, [&](const Status&) { ++calls; }), EBUSY, "already");
  machine.rack->run_until_idle();
  EXPECT_EQ(calls, 1);
}

TEST(Bridge, a_medium_torn_out_while_it_is_being_ejected_is_reported) {
  for (const bool another_in : {false, true}) {
    Machine machine;
    machine.insert();
    auto& user = machine.user<PoliteUser>("polite");
    user.takes_ns = 5'000'000;
    ASSERT_TRUE(machine.mesh.access(user.consumers().front(), kReadOnly));
    machine.rack->executor().after(1'000'000, [&] {
      EXPECT_TRUE(machine.rack->tear_out(0));
      if (!another_in) return;
      EXPECT_TRUE(machine.rack->insert(0, *Medium::blank("2", *machine.rack->medium_shape(0))));
    });
    const Status ejected = machine.eject();
    ASSERT_FALSE(ejected);
    EXPECT_EQ(ejected.error().code, ENXIO) << ejected.error().text;
    EXPECT_EQ(machine.mesh.provider("da0") != nullptr, another_in);
  }
}

TEST(Bridge, a_medium_locked_by_hand_while_it_is_being_ejected_stays_as_a_new_disk) {
  Machine machine;
  machine.insert();
  const std::uint64_t first = machine.mesh.provider("da0")->id();
  auto& user = machine.user<PoliteUser>("polite");
  user.takes_ns = 5'000'000;
  ASSERT_TRUE(machine.mesh.access(user.consumers().front(), kReadOnly));
  machine.rack->executor().after(1'000'000, [&] { EXPECT_TRUE(machine.rack->lock(0)); });
  expect_refused(machine.eject(), EBUSY, "is locked");
  ASSERT_NE(machine.mesh.provider("da0"), nullptr);
  EXPECT_NE(machine.mesh.provider("da0")->id(), first);
}

TEST(Bridge, operations_on_bays_that_are_not_there_are_refused) {
  Machine machine;
  for (const int bay : {-1, 1}) {
    EXPECT_EQ(machine.bridge.disk(bay).error().code, ENOENT);
    expect_refused(machine.bridge.eject(bay, {}, [](const Status&) {}), ENOENT, "no bay");
  }
  EXPECT_EQ(machine.bridge.disk(0).error().code, ENXIO);
  expect_refused(machine.eject(), ENXIO, "holds no medium");
}

// --- the stream of facts, and the same thing twice ---

TEST(Bridge, what_the_machine_does_is_told) {
  Machine machine;
  machine.mesh.set_tasting(false);  // it opens the disk to look, and that locks the drive
  Recorder recorder(machine.mesh);
  machine.insert(0, "holiday");
  Consumer& edge = machine.open();
  Issuer issuer(machine.mesh);
  Bytes data(kSector);
  issuer.issue(edge, Command::read, 0, kSector, Data(data.data()));
  machine.rack->run_until_idle();
  ASSERT_TRUE(machine.rack->tear_out(0));
  EXPECT_EQ(machine_facts(recorder),
            (std::vector<std::string>{"medium 'holiday' inserted", "locked", "busy", "idle",
                                      "medium torn out"}));
}

// A random load on two bays with tear-outs; gives everything that was told, with its time.
std::vector<std::string> random_story(std::uint32_t seed) {
  class Log final : public Observer {
   public:
    void on_fact(const Fact& f) override {
      lines.push_back(sentence(f.time_ns, ' ', fact_name(f.kind), ' ', f.component, ' ', f.text,
                               ' ', f.error, ' ', f.bio == nullptr ? 0 : f.bio->id));
    }
    std::vector<std::string> lines;
  };
  Log log;
  Machine machine(2);
  machine.mesh.facts().add(log);
  Issuer issuer(machine.mesh);
  Bytes memory(512 * kSector);
  for (std::uint32_t i = 0; i < 300; ++i) {
    const auto drawn = r123::Philox4x32()({{i, 0, 0, 0}}, {{seed, 0}});
    const int bay = static_cast<int>(drawn[0] % 2);
    Provider* disk = machine.mesh.provider(sentence("da", bay));
    if (disk == nullptr) {
      machine.insert(bay);
    } else if (disk->consumers().empty()) {
      auto& user = static_cast<User&>(
          machine.mesh.add(std::make_unique<User>(machine.mesh, machine.cls, "user")));
      Consumer& edge = **machine.mesh.new_consumer(user, *disk);
      EXPECT_TRUE(machine.mesh.access(edge, kReadWriteExclusive));
    } else if (drawn[3] % 40 == 0) {
      EXPECT_TRUE(machine.rack->tear_out(bay));
    } else {
      issuer.issue(disk->consumers().front(), drawn[3] % 2 == 0 ? Command::read : Command::write,
                   drawn[1] % 190'000 * kSector, (drawn[2] % 512 + 1) * kSector,
                   Data(memory.data()));
    }
    machine.rack->run_until(machine.rack->executor().now_ns() + drawn[2] % 60'000'000);
  }
  machine.rack->run_until_idle();
  for (const auto& [bio, times] : issuer.times_done) EXPECT_EQ(times, 1);
  machine.mesh.facts().remove(log);
  return log.lines;
}

TEST(Bridge, the_same_seed_tells_the_same_story) {
  const auto story = random_story(3);
  EXPECT_GT(story.size(), 1000U);
  EXPECT_EQ(story, random_story(3));
  EXPECT_NE(story, random_story(4));
}

TEST(BridgeDeathTest, going_before_the_mesh_is_our_bug) {
  const auto wrong_order = [] {
    auto rack = std::move(*Rack::create());
    EXPECT_TRUE(rack->add_controller("scsi0", 1, "zip100"));
    auto mesh = std::make_unique<Mesh>(rack->executor());
    Bridge bridge(*rack);
    EXPECT_TRUE(bridge.connect(*mesh));
    EXPECT_TRUE(rack->insert(0, *Medium::blank("disk", *rack->medium_shape(0))));
    EXPECT_TRUE(mesh->settle());
  };
  EXPECT_EXIT(wrong_order(), ::testing::ExitedWithCode(3), "the bridge went before the mesh");
}

}  // namespace
}  // namespace biotope::sim
