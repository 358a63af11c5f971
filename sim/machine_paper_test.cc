// Items of the paper, through the machine: bays, controllers, drives and media under a mesh.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "classes/bsd/bsd.h"
#include "classes/mbr/mbr.h"
#include "classes/random_stream.h"
#include "classes/slicer/testing.h"
#include "model/testing.h"
#include "sim/bridge.h"
#include "sim/disk/profiles.h"

namespace biotope::sim {
namespace {

using biotope::testing::Issuer;
using biotope::testing::Names;
using biotope::testing::Recorder;
using biotope::testing::User;
using Bytes = std::vector<std::byte>;

// A user who closes when it is asked to, and writes nothing back.
class Closer final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  Status may_let_go(Consumer&) override { return {}; }
  Task<Status> let_go(Consumer& consumer) override { co_return mesh().close(consumer); }
};

// Bays with one kind of drive under a mesh.
struct Machine {
  explicit Machine(std::shared_ptr<const DriveKind> kind, int bays = 1)
      : rack(std::move(*Rack::create())),
        declared(rack->add_controller("c0", bays, std::move(kind)).has_value()),
        bridge(*rack),
        mesh(rack->executor()) {
    EXPECT_TRUE(declared);
    EXPECT_TRUE(bridge.connect(mesh));
  }
  explicit Machine(std::string_view profile) : Machine(*find_drive_kind(profile)) {}

  std::shared_ptr<Medium> insert(const std::string& name = "medium", const Bytes& begins = {}) {
    const auto medium = *Medium::blank(name, *rack->medium_shape(0));
    EXPECT_TRUE(medium->write(0, begins));
    EXPECT_TRUE(rack->insert(0, medium));
    rack->run_until_idle();
    return medium;
  }
  // What stands in bay 0, after a look.
  Provider* disk() {
    const auto found = bridge.disk(0);
    rack->run_until_idle();
    return found ? *found : nullptr;
  }
  template <class G = User>
  Consumer& open(const std::string& provider, Access how) {
    auto& user = static_cast<G&>(mesh.add(std::make_unique<G>(mesh, cls, "user of " + provider)));
    Consumer& edge = **mesh.new_consumer(user, *mesh.provider(provider));
    EXPECT_TRUE(mesh.access(edge, how));
    return edge;
  }
  int ask(Consumer& edge, Command command, std::int64_t offset_bytes, Bytes& bytes) {
    Issuer issuer(mesh);
    issuer.issue(edge, command, offset_bytes, static_cast<std::int64_t>(bytes.size()),
                 Data(bytes.data()));
    rack->run_until_idle();
    return issuer.errors.size() == 1 ? issuer.errors[0] : -1;
  }

  std::unique_ptr<Rack> rack;
  bool declared;
  Bridge bridge;
  Class cls{"test"};
  Mesh mesh;
};

Bytes filled(std::size_t size, int with) { return Bytes(size, static_cast<std::byte>(with)); }

TEST(Machine, Paper_17_sectors_beyond_two_terabytes_are_reached_and_no_others) {
  DiskProfile profile = (*find_profile("sata-ncq"))->profile;
  profile.geometry.surfaces = 10;
  profile.geometry.cylinders = 300'000;
  Zone zone;
  zone.last_cylinder = profile.geometry.cylinders - 1;
  zone.sectors_per_track = 3000;
  profile.geometry.zones = {zone};
  ASSERT_TRUE(check(profile));
  Machine machine(disk_kind(std::make_shared<const DiskModel>(profile)));
  const auto medium = machine.insert();
  constexpr std::int64_t kWrap = std::int64_t{512} << 32;
  ASSERT_GT(medium->size_bytes(), 2 * kWrap);
  Consumer& edge = machine.open("da0", kReadWriteExclusive);
  for (const std::int64_t at : {kWrap / 2 - 512, kWrap / 2, kWrap - 512, kWrap, 2 * kWrap}) {
    Bytes bytes = filled(1024, 9);
    ASSERT_EQ(machine.ask(edge, Command::write, at, bytes), 0);
    Issuer issuer(machine.mesh);
    issuer.issue(edge, Command::flush, 0, 0);
    machine.rack->run_until_idle();
    Bytes there(1024);
    ASSERT_TRUE(medium->read(at, there));
    EXPECT_EQ(there, bytes) << at;
    Bytes back(1024);
    EXPECT_EQ(machine.ask(edge, Command::read, at, back), 0);
    EXPECT_EQ(back, bytes) << at;
  }
  Bytes start(1024);
  ASSERT_TRUE(medium->read(0, start));
  EXPECT_EQ(start, filled(1024, 0)) << "nothing has wrapped";
}

TEST(Machine, Paper_18_an_audio_cd_of_2352_byte_sectors_is_a_disk) {
  Machine machine("cdrom");
  Bytes begins;
  for (int sector = 0; sector < 8; ++sector) {
    const Bytes one = filled(2352, sector + 1);
    begins.insert(begins.end(), one.begin(), one.end());
  }
  machine.insert("album", begins);
  const Provider* disk = machine.mesh.provider("da0");
  ASSERT_NE(disk, nullptr);
  EXPECT_EQ(disk->properties().sector_size_bytes, 2352);
  EXPECT_FALSE(disk->properties().writable);
  Consumer& edge = machine.open("da0", kReadOnly);
  Bytes three(3 * 2352);
  EXPECT_EQ(machine.ask(edge, Command::read, 5 * 2352, three), 0);
  EXPECT_TRUE(std::equal(three.begin(), three.end(), begins.begin() + 5 * 2352));
  EXPECT_EQ(machine.ask(edge, Command::read, 2048, three), EINVAL);
}

TEST(Machine, Paper_34_a_drive_says_whether_sectors_can_be_freed_and_does_it) {
  {
    Machine flash("tiny-flash");
    const auto medium = flash.insert("medium", filled(4096, 7));
    ASSERT_TRUE(flash.mesh.provider("da0")->properties().deletable);
    Consumer& edge = flash.open("da0", kReadWriteExclusive);
    Issuer issuer(flash.mesh);
    issuer.issue(edge, Command::remove, 512, 1024);
    flash.rack->run_until_idle();
    EXPECT_EQ(issuer.errors, std::vector<int>{0});
    Bytes back(2048);
    EXPECT_EQ(flash.ask(edge, Command::read, 0, back), 0);
    EXPECT_TRUE(std::all_of(back.begin() + 512, back.begin() + 1536,
                            [](std::byte b) { return b == std::byte{0}; }));
    EXPECT_EQ(back[511], std::byte{7});
    EXPECT_EQ(back[1536], std::byte{7});
  }
  Machine zip("zip100");
  zip.insert();
  EXPECT_FALSE(zip.mesh.provider("da0")->properties().deletable);
}

TEST(Machine, Paper_36_the_drive_has_a_native_geometry_for_those_who_count_in_cylinders) {
  for (const std::string_view profile : {"zip100", "floppy", "pccard"}) {
    Machine machine(profile);
    machine.insert();
    const Provider* disk = machine.disk();
    ASSERT_NE(disk, nullptr) << profile;
    const NativeGeometry& native = disk->properties().native;
    const std::int64_t counted =
        std::int64_t{native.cylinders} * native.heads * native.sectors_per_track;
    const std::int64_t left = disk->properties().sector_count() - counted;
    EXPECT_GE(left, 0) << profile;
    EXPECT_LT(left, native.heads * native.sectors_per_track) << profile;
  }
}

// Floppies change at any time, noticed or not: no request gets another medium than the one its disk
// was made of, and what a disk says is true of its medium.
TEST(Machine, Paper_37_media_change_at_any_time_and_no_disk_outlives_its_medium) {
  Machine machine("floppy");
  RandomStream random(37, "hands");
  const auto first = *Medium::blank("a", *machine.rack->medium_shape(0));
  const auto second = *Medium::blank("b", *machine.rack->medium_shape(0));
  ASSERT_TRUE(first->write(0, filled(512, 'a')));
  ASSERT_TRUE(second->write(0, filled(512, 'b')));
  second->set_write_protected(true);
  int served = 0;
  int refused = 0;
  for (int i = 0; i < 150; ++i) {
    if (random.between(0, 2) == 0) static_cast<void>(machine.rack->press_button(0));
    if (random.between(0, 1) == 0) {
      static_cast<void>(machine.rack->insert(0, random.between(0, 1) == 0 ? first : second));
    }
    Provider* disk = random.between(0, 3) == 0 ? machine.disk() : machine.mesh.provider("da0");
    if (disk == nullptr || disk->orphaned()) continue;
    const bool of_second = !disk->properties().writable;
    if (disk->consumers().empty()) machine.open("da0", kReadOnly);
    Bytes bytes(512);
    const int error = machine.ask(disk->consumers().front(), Command::read, 0, bytes);
    if (error != 0) {
      EXPECT_EQ(error, ENXIO);
      ++refused;
      continue;
    }
    ++served;
    EXPECT_EQ(bytes, filled(512, of_second ? 'b' : 'a'));
    EXPECT_EQ(machine.rack->medium(0).value(), of_second ? second : first);
  }
  EXPECT_GT(served, 15);
  EXPECT_GT(refused, 15);
}

TEST(Machine, Paper_38_a_cd_is_locked_while_it_is_open_and_a_floppy_can_not_be) {
  {
    Machine machine("cdrom");
    machine.insert();
    Consumer& edge = machine.open("da0", kReadOnly);
    EXPECT_EQ(machine.rack->press_button(0).error().code, EBUSY);
    ASSERT_TRUE(machine.mesh.close(edge));
    EXPECT_TRUE(machine.rack->press_button(0));
  }
  Machine machine("floppy");
  machine.insert();
  ASSERT_NE(machine.disk(), nullptr);
  Consumer& edge = machine.open("da0", kReadWriteExclusive);
  EXPECT_TRUE(machine.rack->press_button(0));
  Bytes bytes = filled(512, 1);
  EXPECT_EQ(machine.ask(edge, Command::write, 0, bytes), ENXIO);
  machine.rack->run_until_idle();
  EXPECT_EQ(machine.mesh.provider("da0"), nullptr);
}

TEST(Machine, Paper_44_the_driver_notices_a_new_medium_and_makes_a_new_disk_that_is_tasted) {
  Machine machine("zip100");
  ASSERT_TRUE(machine.mesh.load(std::make_unique<MbrClass>()));
  ASSERT_TRUE(machine.mesh.load(std::make_unique<BsdClass>()));
  std::set<std::uint64_t> seen;
  for (int round = 0; round < 3; ++round) {
    machine.insert("zip", biotope::testing::zip_disk());
    ASSERT_NE(machine.mesh.provider("da0"), nullptr);
    EXPECT_TRUE(seen.insert(machine.mesh.provider("da0")->id()).second) << "a new one each time";
    EXPECT_NE(machine.mesh.provider("da0s1a"), nullptr);
    EXPECT_NE(machine.mesh.provider("da0s2"), nullptr);
    ASSERT_TRUE(machine.rack->tear_out(0));
    machine.rack->run_until_idle();
    EXPECT_EQ(machine.mesh.census().providers, 0U);
  }
}

// The drive answers writes from its buffer, and the user closes without a flush.
TEST(Machine, Paper_58_with_notice_all_is_on_the_medium_before_it_leaves) {
  Machine machine("cheetah-9lp");
  const auto medium = machine.insert();
  Consumer& edge = machine.open<Closer>("da0", kReadWriteExclusive);
  Issuer issuer(machine.mesh);
  Bytes bytes = filled(512 * 64, 5);
  issuer.issue(edge, Command::write, 512 * 1000, 512 * 64, Data(bytes.data()));
  while (issuer.errors.empty()) ASSERT_TRUE(machine.rack->executor().step());
  Bytes there(512 * 64);
  ASSERT_TRUE(medium->read(512 * 1000, there));
  ASSERT_NE(there, bytes) << "answered, and not yet written";
  Status outcome = fail(ECANCELED, "not called");
  ASSERT_TRUE(machine.bridge.eject(0, {}, [&](const Status& status) { outcome = status; }));
  machine.rack->run_until_idle();
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(machine.rack->medium(0).value(), nullptr);
  ASSERT_TRUE(medium->read(512 * 1000, there));
  EXPECT_EQ(there, bytes);
}

TEST(Machine, Paper_59_surprise_loss_climbs_from_the_drive_through_the_tables_to_the_users) {
  const auto lose = [](std::string_view profile, const std::function<void(Machine&)>& how) {
    SCOPED_TRACE(std::string(profile));
    Machine machine(profile);
    ASSERT_TRUE(machine.mesh.load(std::make_unique<MbrClass>()));
    ASSERT_TRUE(machine.mesh.load(std::make_unique<BsdClass>()));
    const Census before = machine.mesh.census();
    machine.insert("zip", biotope::testing::zip_disk());
    ASSERT_NE(machine.disk(), nullptr);
    Consumer& usr = machine.open("da0s1a", kReadWriteExclusive);
    Consumer& dos = machine.open("da0s2", kReadWriteExclusive);
    Recorder seen(machine.mesh);
    Issuer issuer(machine.mesh);
    Bytes memory(512);
    issuer.issue(usr, Command::read, 0, 512, Data(memory.data()));
    issuer.issue(dos, Command::read, 512, 512, Data(memory.data()));
    how(machine);
    machine.rack->run_until_idle();
    EXPECT_EQ(issuer.errors, (std::vector<int>{ENXIO, ENXIO}));
    EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned),
              (Names{"da0", "da0s1", "user of da0s2", "user of da0s1a"}));
    EXPECT_EQ(machine.mesh.census(), before) << "all traces are gone";
  };
  lose("zip100", [](Machine& m) { EXPECT_TRUE(m.rack->tear_out(0)); });
  lose("floppy", [](Machine& m) { EXPECT_TRUE(m.rack->press_button(0)); });
  lose("pccard", [](Machine& m) { EXPECT_TRUE(m.rack->tear_out(0)); });
  lose("zip100", [](Machine& m) { EXPECT_TRUE(m.rack->kill_controller(0)); });
  lose("zip100", [](Machine& m) { EXPECT_TRUE(m.rack->cut_power(m.rack->all_bays(), {})); });
}

// --- power through the mesh ---------------------------------------------------------------------

TEST(Machine, Inv_C1_what_a_user_has_flushed_or_forced_is_there_after_a_cut) {
  for (const bool forced : {true, false}) {
    Machine machine("cheetah-9lp");
    const auto medium = machine.insert();
    Consumer& edge = machine.open("da0", kReadWriteExclusive);
    Issuer issuer(machine.mesh);
    Bytes bytes = filled(4096, 3);
    issuer.issue(edge, Command::write, 8192, 4096, Data(bytes.data()),
                 forced ? kBioForceUnitAccess : 0);
    if (!forced) issuer.issue(edge, Command::flush, 0, 0);
    while (issuer.errors.size() < (forced ? 1 : 2)) ASSERT_TRUE(machine.rack->executor().step());
    ASSERT_TRUE(machine.rack->cut_power(machine.rack->all_bays(), {}));
    Bytes there(4096);
    ASSERT_TRUE(medium->read(8192, there));
    EXPECT_EQ(there, bytes);
  }
}

TEST(Machine, Inv_G5_with_the_power_the_disk_goes_and_another_comes_back) {
  Machine machine("cheetah-9lp");
  const auto medium = machine.insert();
  const std::uint64_t first = machine.mesh.provider("da0")->id();
  Consumer& edge = machine.open("da0", kReadWriteExclusive);
  Recorder recorder(machine.mesh);
  ASSERT_TRUE(machine.rack->cut_power(machine.rack->all_bays(), {}));
  Bytes bytes(512);
  EXPECT_EQ(machine.ask(edge, Command::read, 0, bytes), ENXIO);
  EXPECT_EQ(machine.bridge.disk(0).error().code, ENXIO);
  ASSERT_TRUE(machine.rack->restore_power(machine.rack->all_bays()));
  machine.rack->run_until_idle();
  ASSERT_NE(machine.mesh.provider("da0"), nullptr);
  EXPECT_NE(machine.mesh.provider("da0")->id(), first);
  std::vector<std::string> told;
  for (const auto& line : recorder.lines) {
    if (line.kind == FactKind::machine && line.text.starts_with("power "))
      told.push_back(line.text);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"power off", "power on"}));
}

// --- many ---------------------------------------------------------------------------------------

TEST(Machine, holds_a_thousand_drives_that_all_answer) {
  auto rack = std::move(*Rack::create());
  for (const char* name : {"c0", "c1", "c2", "c3"}) {
    ASSERT_TRUE(rack->add_controller(name, 250, "scsi"));
  }
  Bridge bridge(*rack);
  Mesh mesh(rack->executor());
  ASSERT_TRUE(bridge.connect(mesh));
  for (int bay = 0; bay < 1000; ++bay) {
    ASSERT_TRUE(rack->insert(bay, *Medium::blank("m", *rack->medium_shape(bay))));
  }
  rack->run_until_idle();
  Class cls("test");
  Issuer issuer(mesh);
  Bytes memory(512);
  for (int bay = 0; bay < 1000; ++bay) {
    Provider* disk = mesh.provider(sentence("da", bay));
    ASSERT_NE(disk, nullptr) << bay;
    auto& user = static_cast<User&>(mesh.add(std::make_unique<User>(mesh, cls, "user")));
    Consumer& edge = **mesh.new_consumer(user, *disk);
    ASSERT_TRUE(mesh.access(edge, kReadOnly));
    issuer.issue(edge, Command::read, 512 * std::int64_t{1000} * bay, 512, Data(memory.data()));
  }
  rack->run_until_idle();
  EXPECT_TRUE(issuer.all_back_once(1000));
  EXPECT_EQ(std::count(issuer.errors.begin(), issuer.errors.end(), 0), 1000);
}

}  // namespace
}  // namespace biotope::sim
