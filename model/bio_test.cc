// The request itself and the two kinds of mapping, item by item of the paper's sections 1 to 3.
#include "model/bio.h"

namespace biotope {
struct Buf;
}

// Before anything else could have brought in the rest: what bio.h alone knows of a buf.
template <class T, std::size_t = sizeof(T)>
constexpr bool knows(int) {
  return true;
}
template <class T>
constexpr bool knows(...) {
  return false;
}
constexpr bool kBioHeaderKnowsBuf = knows<biotope::Buf>(0);

#include <gtest/gtest.h>

#include <set>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;

std::byte memory[1 << 16];

// A 1:N layer of a dozen lines: sectors go to its consumers in turn.
class Interleave final : public Geom {
 public:
  using Geom::Geom;
  static constexpr std::int64_t kUnit = 512;

  Verdict start(Bio& bio, Provider&) override {
    Children parts(mesh().path(), bio);
    for (std::int64_t done = 0; done < bio.length_bytes; done += kUnit) {
      const std::int64_t unit = (bio.position_bytes + done) / kUnit;
      Consumer& to = *std::next(consumers().begin(), unit % 2);
      if (!parts.add(to, unit / 2 * kUnit, done, kUnit)) return Verdict::done(ENOMEM);
    }
    return parts.issue();
  }
};

// interleave "st" on da0 and da1, and a window 512 bytes into it, opened by a user.
class Stack : public ::testing::Test {
 protected:
  Stack() {
    t.mesh.new_consumer(interleave, t.provider("da0")).value();
    t.mesh.new_consumer(interleave, t.provider("da1")).value();
    t.mesh.publish(**t.mesh.new_provider(interleave, "st", properties_of_size(1 << 20)));
    window = &t.pass("window", t.provider("st"));
    edge = &t.user("raw", t.provider("window")).edge();
    EXPECT_TRUE(t.mesh.access(*edge, kReadWriteExclusive));
  }

  TestMesh t;
  Source& da0 = t.source("da0");
  Source& da1 = t.source("da1");
  Interleave& interleave = t.add<Interleave>("st");
  Pass* window = nullptr;
  Consumer* edge = nullptr;
  Issuer issuer{t.mesh};
};

TEST(BioType, Paper_01_a_request_type_of_its_own_apart_from_the_buffer) {
  EXPECT_FALSE(kBioHeaderKnowsBuf);
}

TEST_F(Stack, Paper_02_memory_place_and_request_are_three_concerns) {
  window->shift_bytes = 1024;
  // The place moves: memory and request stay.
  Bio& bio = issuer.issue(*edge, Command::write, 512, 512, Data(memory));
  const Bio& there = da1.seen.back();
  EXPECT_EQ(there.position_bytes, 512);
  EXPECT_EQ(there.command, Command::write);
  EXPECT_TRUE(there.data.contiguous(512));
  there.data.for_each_piece(512, [](auto piece) { EXPECT_EQ(piece.data(), memory); });
  EXPECT_EQ(bio.offset_bytes, 512);
  // The memory moves: the place stays.
  const Segment list[] = {{memory + 4096, 256}, {memory, 256}};
  issuer.issue(*edge, Command::write, 512, 512, Data(list));
  EXPECT_EQ(da1.seen.back().position_bytes, 512);
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0}));
}

TEST_F(Stack, Paper_04_zero_is_no_command) {
  EXPECT_EQ(issuer.ask(*edge, Command{}, 0, 512, Data(memory)), EPERM);
  EXPECT_EQ(issuer.ask(*edge, static_cast<Command>(kCommandCount), 0, 512, Data(memory)), EPERM);
  EXPECT_TRUE(da0.seen.empty() && da1.seen.empty());
  std::set<int> codes;
  for (const Command c : {Command::read, Command::write, Command::remove, Command::format,
                          Command::flush, Command::getattr}) {
    codes.insert(static_cast<int>(c));
  }
  EXPECT_EQ(codes.size(), 6U);
  EXPECT_EQ(codes.count(0), 0U);
}

TEST_F(Stack, Paper_05_ordering_and_error_have_a_word_of_their_own) {
  da0.answer = EIO;
  Bio bio;
  bio.command = Command::write;
  bio.flags = kBioOrdered;
  bio.length_bytes = 512;
  bio.data = Data(memory);
  bio.done = [](Bio&) {};
  t.mesh.submit(bio, *edge);
  EXPECT_EQ(bio.command, Command::write);
  EXPECT_EQ(bio.flags, kBioOrdered | kBioError | kBioDone);
  EXPECT_EQ(da0.seen.back().flags, kBioOrdered);
  // The status of last time is gone when it is sent again, the ordering is not.
  da0.answer = 0;
  t.mesh.submit(bio, *edge);
  EXPECT_EQ(bio.flags, kBioOrdered | kBioDone);
}

// Fills every field that belongs to the issuer with something recognisable.
Bio marked_request() {
  static int marks[2];
  Bio bio;
  bio.command = Command::read;
  bio.flags = kBioOrdered;
  bio.offset_bytes = 512;
  bio.length_bytes = 2048;
  bio.data = Data(memory + 128);
  bio.attribute = "mark";
  bio.caller1 = &marks[0];
  bio.caller2 = &marks[1];
  bio.done = [](Bio&) {};
  return bio;
}

// The issuer's fields that differ. Children of `before` have a place and a caller of their own.
std::set<std::string> borrowed(const Bio& before, const Bio& after) {
  std::set<std::string> fields;
  if (before.command != after.command) fields.insert("command");
  if ((before.flags ^ after.flags) & kBioInheritedFlags) fields.insert("flags");
  if (before.offset_bytes != after.offset_bytes) fields.insert("offset");
  if (before.length_bytes != after.length_bytes) fields.insert("length");
  if (before.attribute != after.attribute) fields.insert("attribute");
  if (before.caller1 != after.caller1) fields.insert("caller1");
  if (before.caller2 != after.caller2) fields.insert("caller2");
  if (before.done != after.done) fields.insert("done");
  std::byte* data[2] = {};
  before.data.for_each_piece(1, [&](auto piece) { data[0] = piece.data(); });
  after.data.for_each_piece(1, [&](auto piece) { data[1] = piece.data(); });
  if (data[0] != data[1]) fields.insert("data");
  return fields;
}

TEST_F(Stack, Paper_07_every_field_of_the_papers_struct_is_there_and_has_an_owner) {
  window->shift_bytes = 512;
  const Bio before = marked_request();
  Bio bio = before;
  da0.hold = da1.hold = true;
  t.mesh.submit(bio, *edge);
  // Below: the infrastructure's fields lead back to the parent and the place is the layer's own.
  const Bio& part = *da0.held.front();
  EXPECT_EQ(part.parent, &bio);
  EXPECT_EQ(part.edge, &interleave.consumers().front());
  EXPECT_EQ(part.position_bytes, 512);
  EXPECT_EQ(bio.edge, edge);
  EXPECT_EQ(bio.children, 4U);
  EXPECT_EQ(bio.inbed, 0U);
  EXPECT_EQ(bio.position_bytes, 1024);
  da0.finish_all();
  da1.finish_one();
  da1.finish_one(EIO);
  // At the end: error and residue are the callee's, everything of the issuer's is as it was.
  EXPECT_EQ(bio.error, EIO);
  EXPECT_EQ(bio.resid_bytes(), 512);
  EXPECT_EQ(bio.inbed, 4U);
  EXPECT_EQ(borrowed(before, bio), std::set<std::string>{});
}

TEST_F(Stack, Paper_08_driver_fields_are_the_callees_and_caller_fields_the_callers) {
  da0.hold = da1.hold = true;
  const Bio before = marked_request();
  Bio bio = before;
  t.mesh.submit(bio, *edge);
  for (Source* source : {&da0, &da1}) {
    for (Bio* part : source->held) {
      EXPECT_EQ(part->caller1, nullptr) << "a part has an issuer of its own";
      EXPECT_EQ(part->caller2, nullptr);
      part->driver1 = part->driver2 = source;
    }
  }
  EXPECT_EQ(bio.driver1, nullptr) << "what a callee below keeps in a part stays in the part";
  da0.finish_all();
  da1.finish_all();
  EXPECT_EQ(bio.caller1, before.caller1);
  EXPECT_EQ(bio.caller2, before.caller2);
}

// A layer that borrows a field, to see that it is caught.
class Borrower final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    bio.caller2 = this;
    bio.offset_bytes += 512;
    return Verdict::done();
  }
};

TEST_F(Stack, Paper_09_nobody_borrows_a_field_of_the_issuer) {
  const Bio before = marked_request();
  for (Consumer* through : {edge, &window->consumers().front()}) {
    Bio bio = before;
    t.mesh.submit(bio, *through);
    EXPECT_EQ(bio.error, 0);
    EXPECT_EQ(borrowed(before, bio), std::set<std::string>{});
  }
  auto& borrower = t.add<Borrower>("borrower");
  t.mesh.publish(**t.mesh.new_provider(borrower, "borrower", properties_of_size(1 << 20)));
  Consumer& careless = t.user("careless", t.provider("borrower")).edge();
  ASSERT_TRUE(t.mesh.access(careless, kReadOnly));
  Bio bio = before;
  t.mesh.submit(bio, careless);
  EXPECT_EQ(borrowed(before, bio), (std::set<std::string>{"caller2", "offset"}));
}

TEST(BioType, Paper_10_a_request_fits_three_cache_lines) {
  EXPECT_LE(sizeof(Bio), 192U);
  EXPECT_TRUE(std::is_trivially_destructible_v<Bio>);
}

TEST(BioPath, Paper_18_sectors_of_any_size_are_checked_by_division) {
  for (const std::int64_t sector : {1, 520, 2352, 4160}) {
    TestMesh t;
    Source& cd = t.source("cd0", properties_of_size(sector * 1000, sector));
    Consumer& edge = t.user("raw", t.pass("track", t.provider("cd0")).providers().front()).edge();
    ASSERT_TRUE(t.mesh.access(edge, kReadOnly));
    Issuer issuer(t.mesh);
    EXPECT_EQ(issuer.ask(edge, Command::read, 999 * sector, sector, Data(memory)), 0);
    EXPECT_EQ(cd.seen.back().position_bytes, 999 * sector);
    EXPECT_EQ(issuer.ask(edge, Command::read, 999 * sector, 2 * sector, Data(memory)), EIO);
    if (sector == 1) continue;
    EXPECT_EQ(issuer.ask(edge, Command::read, 999 * sector + 1, sector, Data(memory)), EINVAL);
    EXPECT_EQ(issuer.ask(edge, Command::read, 0, sector + 512, Data(memory)), EINVAL);
    EXPECT_EQ(cd.seen.size(), 1U);
  }
}

TEST(BioPath, Paper_19_layers_move_requests_by_bytes) {
  constexpr std::int64_t kSector = 2352;
  constexpr std::int64_t kSectors = (std::int64_t{1} << 42) / kSector;
  TestMesh t;
  Source& bottom = t.source("da0", properties_of_size(kSector * kSectors, kSector));
  std::string below = "da0";
  for (const char* name : {"a", "b", "c"}) {
    t.pass(name, t.provider(below)).shift_bytes = kSector * 1'000'000'001;
    below = name;
  }
  Consumer& edge = t.user("raw", t.provider("c")).edge();
  ASSERT_TRUE(t.mesh.access(edge, kReadOnly));
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(edge, Command::read, kSector * 5, kSector, Data(memory)), EIO)
      << "three times two terabytes is beyond the end";
  static_cast<Pass*>(t.mesh.geom("test", "a"))->shift_bytes = 0;
  static_cast<Pass*>(t.mesh.geom("test", "b"))->shift_bytes = -kSector;
  EXPECT_EQ(issuer.ask(edge, Command::read, kSector * 5, kSector, Data(memory)), 0);
  EXPECT_EQ(bottom.seen.back().position_bytes, kSector * (1'000'000'001 + 4));
  EXPECT_GT(bottom.seen.back().position_bytes, std::int64_t{1} << 41);
}

TEST(BioPath, Paper_21_a_one_to_one_layer_moves_the_physical_place_only) {
  TestMesh t;
  Source& bottom = t.source("da0");
  t.pass("s1", t.provider("da0")).shift_bytes = 4096;
  t.pass("s1a", t.provider("s1")).shift_bytes = 1024;
  Consumer& edge = t.user("raw", t.provider("s1a")).edge();
  ASSERT_TRUE(t.mesh.access(edge, kReadOnly));
  bottom.hold = true;
  Issuer issuer(t.mesh);
  const Bio& bio = issuer.issue(edge, Command::read, 512, 512, Data(memory));
  ASSERT_EQ(bottom.held.front(), &bio) << "it is the same request all the way down";
  EXPECT_EQ(bio.position_bytes, 512 + 1024 + 4096);
  EXPECT_EQ(bio.offset_bytes, 512);
  bottom.finish_all();
  EXPECT_EQ(bio.offset_bytes, 512);
}

TEST_F(Stack, Paper_25_requests_of_nobodys_file_are_fully_valid) {
  for (const Command c : {Command::read, Command::write, Command::remove, Command::format}) {
    EXPECT_EQ(issuer.ask(*edge, c, 1024, 1024, Data(memory)), 0) << command_name(c);
    EXPECT_EQ(da0.seen.back().command, c);
    EXPECT_EQ(da1.seen.back().command, c);
  }
  EXPECT_EQ(edge->statistics()[Command::remove].completed_bytes, 1024);
}

TEST_F(Stack, Paper_26_completions_stack_without_a_chain) {
  // An interleave on the interleave: parts of parts.
  auto& upper = t.add<Interleave>("upper");
  t.mesh.new_consumer(upper, t.provider("window")).value();
  Source& da2 = t.source("da2");
  t.mesh.new_consumer(upper, t.provider("da2")).value();
  t.mesh.publish(**t.mesh.new_provider(upper, "upper", properties_of_size(1 << 20)));
  ASSERT_TRUE(t.mesh.close(*edge));
  Consumer& top = t.user("top", t.provider("upper")).edge();
  ASSERT_TRUE(t.mesh.access(top, kReadWriteExclusive));
  da0.hold = da1.hold = da2.hold = true;
  issuer.issue(top, Command::write, 0, 512 * 8, Data(memory));
  EXPECT_EQ(da0.held.size() + da1.held.size(), 4U);
  EXPECT_EQ(da2.held.size(), 4U);
  da2.finish_all();
  da1.finish_one(EIO);
  da0.finish_one(ENOSPC);
  da0.finish_all();
  EXPECT_TRUE(issuer.errors.empty()) << "it completes after the last part, not before";
  da1.finish_all();
  EXPECT_EQ(issuer.errors, std::vector<int>{EIO}) << "once, with the first error";
  EXPECT_EQ(t.mesh.census().bios, 0U);
}

TEST_F(Stack, Paper_28_both_mappings_reach_every_sector_below_exactly_once) {
  constexpr std::int64_t kSectors = 64;
  window->shift_bytes = 512;
  std::set<std::pair<const Source*, std::int64_t>> reached;
  for (std::int64_t sector = 0; sector < kSectors; ++sector) {
    for (Source* source : {&da0, &da1}) source->seen.clear();
    ASSERT_EQ(issuer.ask(*edge, Command::read, sector * 512, 512, Data(memory)), 0);
    ASSERT_EQ(da0.seen.size() + da1.seen.size(), 1U);
    const Source* source = da0.seen.empty() ? &da1 : &da0;
    EXPECT_TRUE(reached.emplace(source, source->seen.back().position_bytes).second)
        << "two sectors above share one below";
  }
  // Onto: all of both disks' first half, less the sector that the window leaves out.
  for (std::int64_t i = 0; i < kSectors / 2; ++i) {
    EXPECT_EQ(reached.count({&da1, i * 512}), 1U);
    EXPECT_EQ(reached.count({&da0, (i + 1) * 512}), 1U);
  }
}

TEST_F(Stack, Paper_29_a_one_to_n_layer_costs_one_bio_a_part_and_nothing_else) {
  da0.hold = da1.hold = true;
  issuer.issue(*edge, Command::read, 0, 512 * 6, Data(memory));
  EXPECT_EQ(t.mesh.census().bios, 6U) << "parts are bios of the pool, no bufs";
  EXPECT_EQ(da0.held.front()->data.contiguous(512), true);
  da0.held.front()->data.for_each_piece(
      1, [](auto piece) { EXPECT_EQ(piece.data(), memory) << "no part has memory of its own"; });
  da0.finish_all();
  da1.finish_all();
  EXPECT_EQ(t.mesh.census().bios, 0U);
}

}  // namespace
}  // namespace biotope
