#include "model/buf.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Pass;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;
using testing::User;

constexpr std::int64_t kTera = std::int64_t{1} << 40;

// A bottom of 2^62 bytes, a layer in between, and somebody who sends Bufs from above.
class BufTest : public ::testing::Test {
 protected:
  explicit BufTest(std::int64_t size_bytes = std::int64_t{1} << 62, std::int64_t sector_bytes = 512)
      : bottom(t.source("da0", properties_of_size(size_bytes, sector_bytes))),
        layer(t.pass("da0s1", t.provider("da0"))),
        edge(t.user("fs", t.provider("da0s1")).edge()) {
    EXPECT_TRUE(t.mesh.access(edge, kReadWriteExclusive));
    EXPECT_TRUE(t.mesh.settle());
  }

  void SetUp() override {
    buf.b_iocmd() = Command::read;
    buf.b_bcount() = 512;
    buf.b_data() = Data(memory.data());
    buf.b_iodone() = [](Bio& bio) { ++*static_cast<int*>(bio.caller1); };
    buf.b_caller1() = &times_done;
  }

  void send(BufForm form = BufForm::embedded) { dev_strategy(buf, edge, form); }
  // Sends a buf for block `blkno` and tells for which byte the bottom was asked.
  std::int64_t byte_of_block(std::int64_t blkno) {
    buf.b_blkno = blkno;
    send();
    EXPECT_EQ(buf.b_error(), 0);
    return bottom.seen.back().position_bytes;
  }

  TestMesh t;
  Source& bottom;
  Pass& layer;
  Consumer& edge;
  std::vector<std::byte> memory{std::size_t{1} << 16};
  int times_done = 0;
  Buf buf;
};

TEST_F(BufTest, Paper_06_status_of_the_buf_stays_out_of_the_bio) {
  for (const BufForm form : {BufForm::embedded, BufForm::allocated}) {
    buf.b_flags = kBufCache | kBufDelwri | kBufBusy | kBufInval;
    send(form);
    EXPECT_EQ(bottom.seen.back().flags, 0);
    EXPECT_EQ(buf.b_flags, kBufCache | kBufDelwri | kBufBusy | kBufInval);
    EXPECT_EQ(buf.b_ioflags(), kBioDone);
  }
}

TEST_F(BufTest, Paper_11_a_bio_is_the_first_of_its_buf_and_casts_both_ways) {
  buf.b_blkno = 77;
  EXPECT_EQ(static_cast<void*>(&buf), static_cast<void*>(&buf.b_io));
  EXPECT_EQ(reinterpret_cast<Bio*>(&buf)->length_bytes, 512);
  // Far below, where only a bio is known, the cast leads back to the whole buf.
  bottom.hold = true;
  send();
  ASSERT_EQ(bottom.held.size(), 1U);
  EXPECT_EQ(&Buf::of(*bottom.held.front()), &buf);
  EXPECT_EQ(Buf::of(*bottom.held.front()).b_blkno, 77);
  bottom.finish_all();
}

TEST_F(BufTest, Paper_12_the_names_of_old_are_the_fields_of_the_bio) {
  Bio& bio = buf.b_io;
  EXPECT_EQ(&buf.b_iocmd(), &bio.command);
  EXPECT_EQ(&buf.b_ioflags(), &bio.flags);
  EXPECT_EQ(&buf.b_dev(), &bio.edge);
  EXPECT_EQ(&buf.b_offset(), &bio.offset_bytes);
  EXPECT_EQ(&buf.b_bcount(), &bio.length_bytes);
  EXPECT_EQ(&buf.b_pblkno(), &bio.position_bytes);
  EXPECT_EQ(&buf.b_error(), &bio.error);
  EXPECT_EQ(&buf.b_data(), &bio.data);
  EXPECT_EQ(&buf.b_iodone(), &bio.done);
  EXPECT_EQ(&buf.b_caller1(), &bio.caller1);
  EXPECT_EQ(&buf.b_caller2(), &bio.caller2);
  EXPECT_EQ(&buf.b_driver1(), &bio.driver1);
  EXPECT_EQ(&buf.b_driver2(), &bio.driver2);
  bio.completed_bytes = 100;
  EXPECT_EQ(buf.b_resid(), 412);
}

// What a layer can tell about a request, apart from its address.
void expect_equal(const Bio& a, const Bio& b) {
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.offset_bytes, b.offset_bytes);
  EXPECT_EQ(a.length_bytes, b.length_bytes);
  EXPECT_EQ(a.position_bytes, b.position_bytes);
  EXPECT_EQ(a.attribute, b.attribute);
  EXPECT_EQ(a.edge, b.edge);
  EXPECT_EQ(a.children, b.children);
  EXPECT_EQ(a.parent, b.parent);
  std::vector<std::byte*> pieces[2];
  int side = 0;
  for (const Bio* bio : {&a, &b}) {
    if (!bio->data.empty()) {
      bio->data.for_each_piece(bio->length_bytes, [&](std::span<std::byte> piece) {
        pieces[side].push_back(piece.data());
      });
    }
    ++side;
  }
  EXPECT_EQ(pieces[0], pieces[1]);
}

TEST_F(BufTest, Paper_13_both_forms_give_equal_requests_and_answers) {
  layer.shift_bytes = 4096;
  const std::array<Segment, 2> scattered{
      {{memory.data() + 512, 512}, {memory.data() + 4096, 1024}}};
  struct Ask {
    Command command;
    std::int64_t blkno;
    std::int64_t length_bytes;
    std::uint16_t ioflags;
    std::uint32_t flags;
    int answer;
  };
  const Ask asks[] = {
      {Command::read, 3, 1024, 0, 0, 0},
      {Command::write, 3, 1536, kBioOrdered, 0, EIO},
      {Command::write, 1, 512, kBioForceUnitAccess, kBufPhys, 0},
      {Command::remove, std::int64_t{1} << 33, 4096, 0, 0, EOPNOTSUPP},
      {Command::format, 0, 512, 0, 0, 0},
      {Command::flush, 0, 0, kBioOrdered, 0, EIO},
      {Command::getattr, 0, 8, 0, 0, ENOTTY},
  };
  for (const Ask& ask : asks) {
    SCOPED_TRACE(command_name(ask.command));
    bottom.answer = ask.answer;
    std::array<Buf, 2> sent;
    for (const BufForm form : {BufForm::embedded, BufForm::allocated}) {
      buf.b_iocmd() = ask.command;
      buf.b_blkno = ask.blkno;
      buf.b_offset() = 512 * 9;
      buf.b_bcount() = ask.length_bytes;
      buf.b_ioflags() = ask.ioflags;
      buf.b_flags = ask.flags;
      buf.b_io.attribute = ask.command == Command::getattr ? "GEOM::candelete" : nullptr;
      const bool moves_data = ask.command != Command::flush && ask.command != Command::remove;
      buf.b_data() = moves_data ? Data(scattered.data()) : Data();
      send(form);
      Buf& after = sent[form == BufForm::embedded ? 0 : 1];
      after.b_io = buf.b_io;
    }
    ASSERT_GE(bottom.seen.size(), 2U);
    expect_equal(bottom.seen[bottom.seen.size() - 2], bottom.seen.back());
    // And those above can not tell either.
    EXPECT_EQ(sent[0].b_error(), ask.answer);
    EXPECT_EQ(sent[1].b_error(), ask.answer);
    EXPECT_EQ(sent[0].b_resid(), sent[1].b_resid());
    EXPECT_EQ(sent[0].b_ioflags(), sent[1].b_ioflags());
    EXPECT_EQ(sent[0].b_offset(), sent[1].b_offset());
    EXPECT_EQ(sent[0].b_dev(), sent[1].b_dev());
  }
  EXPECT_EQ(times_done, 2 * static_cast<int>(std::size(asks)));
  EXPECT_EQ(t.mesh.census().bios, 0U);
}

TEST_F(BufTest, Paper_13_a_part_that_was_done_is_told_in_both_forms) {
  std::int64_t done_bytes = 1024;
  for (const BufForm form : {BufForm::embedded, BufForm::allocated}) {
    bottom.hold = true;
    buf.b_bcount() = 4096;
    send(form);
    bottom.held.front()->completed_bytes = done_bytes;
    bottom.finish_one(EIO);
    EXPECT_EQ(buf.b_error(), EIO);
    EXPECT_EQ(buf.b_resid(), 4096 - done_bytes);
    EXPECT_EQ(buf.b_ioflags(), kBioDone | kBioError);
    done_bytes *= 2;
  }
}

TEST_F(BufTest, Paper_13_out_of_memory_the_allocated_form_waits_and_is_replayed) {
  t.mesh.path().limit_bios(0);
  send(BufForm::allocated);
  EXPECT_EQ(times_done, 0);
  EXPECT_TRUE(bottom.seen.empty());
  EXPECT_FALSE(edge.idle());
  EXPECT_FALSE(t.mesh.close(edge));
  EXPECT_TRUE(t.executor.step());
  EXPECT_EQ(t.executor.now_ns(), RequestPath::kReplayDelay_ns);
  EXPECT_EQ(times_done, 0);
  t.mesh.path().limit_bios(1);
  t.executor.run();
  EXPECT_EQ(times_done, 1);
  EXPECT_EQ(bottom.seen.size(), 1U);
  EXPECT_EQ(buf.b_error(), 0);
  EXPECT_TRUE(edge.idle());
}

TEST_F(BufTest, Paper_13_what_waits_for_memory_gets_enxio_when_the_disk_goes) {
  t.mesh.path().limit_bios(0);
  send(BufForm::allocated);
  t.mesh.orphan(t.provider("da0"));
  t.mesh.path().limit_bios(1);
  t.executor.run();
  EXPECT_EQ(times_done, 1);
  EXPECT_EQ(buf.b_error(), ENXIO);
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
}

// Counts the places of the tree that see the bio inside a buf.
std::vector<std::string> files_naming(const std::string& word) {
  std::vector<std::string> files;
  const std::string command = "grep -rlw --include=*.h --include=*.cc -e '" + word +
                              "' model classes props viz sim scenarios app | sort";
  std::FILE* grep = popen(command.c_str(), "r");
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), grep) != nullptr) {
    std::string name(line.data());
    name.pop_back();
    if (name.find("_test.cc") == std::string::npos) files.push_back(name);
  }
  EXPECT_EQ(pclose(grep), 0);
  return files;
}

TEST(BufSource, Paper_14_a_buf_becomes_a_bio_in_one_place_only) {
  // done_chain hands a buf back up; nobody else reaches past the accessors.
  EXPECT_EQ(files_naming("b_io"),
            (std::vector<std::string>{"model/buf.cc", "model/buf.h", "model/done_chain.cc"}));
  const Buf buf;
  Buf refused = buf;
  refused.b_blkno = 1;
  EXPECT_EQ(refused.b_offset(), 0) << "setting the block number alone translates nothing";
}

TEST_F(BufTest, Paper_15_the_offset_is_filled_in_only_where_it_is_not_valid) {
  for (const BufForm form : {BufForm::embedded, BufForm::allocated}) {
    for (const bool valid : {false, true}) {
      for (const std::int64_t offset : {0, 512 * 5}) {
        buf.b_flags = valid ? std::uint32_t{kBufPhys} : 0;
        buf.b_blkno = 3;
        buf.b_offset() = offset;
        send(form);
        const std::int64_t expected = valid ? offset : 3 * 512;
        EXPECT_EQ(bottom.seen.back().offset_bytes, expected);
        EXPECT_EQ(buf.b_offset(), expected);
        EXPECT_EQ(buf.b_blkno, 3) << "the cache's own number is not touched";
      }
    }
  }
}

TEST_F(BufTest, Paper_16_only_physical_bufs_bring_a_valid_offset) {
  // The same buf again: what was filled in last time is not taken for valid.
  buf.b_blkno = 3;
  send();
  buf.b_blkno = 4;
  send();
  EXPECT_EQ(bottom.seen.back().offset_bytes, 4 * 512);
  // No flag but B_PHYS makes it so.
  buf.b_flags = ~std::uint32_t{kBufPhys};
  buf.b_blkno = 5;
  send();
  EXPECT_EQ(bottom.seen.back().offset_bytes, 5 * 512);
}

TEST_F(BufTest, Paper_17_two_terabytes_are_no_limit_any_more) {
  const auto with_32_bits = [](std::int64_t blkno) {
    return std::int64_t{static_cast<std::uint32_t>(blkno)} * kDevBlockBytes;
  };
  const auto with_a_sign = [](std::int64_t blkno) {
    return std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(blkno))} *
           kDevBlockBytes;
  };
  constexpr std::int64_t kSign = std::int64_t{1} << 31;
  constexpr std::int64_t kWrap = std::int64_t{1} << 32;
  for (const std::int64_t blkno : {kSign - 1, kSign, kSign + 1, kWrap - 1, kWrap, kWrap + 1,
                                   kWrap + kSign, std::int64_t{1} << 52}) {
    EXPECT_EQ(byte_of_block(blkno), blkno * 512) << blkno;
  }
  // The limits of old: one terabyte where block numbers had a sign, two where they had none.
  EXPECT_EQ(byte_of_block(kSign), kTera);
  EXPECT_EQ(with_a_sign(kSign), -kTera);
  EXPECT_EQ(byte_of_block(kWrap - 1), 2 * kTera - 512);
  EXPECT_EQ(with_32_bits(kWrap - 1), 2 * kTera - 512);
  EXPECT_EQ(byte_of_block(kWrap), 2 * kTera);
  EXPECT_EQ(with_32_bits(kWrap), 0);
}

TEST_F(BufTest, Paper_17_block_numbers_off_the_disk_are_refused_and_never_wrap) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kWrapsToZero = std::int64_t{1} << 55;  // times 512: 2^64
  for (const std::int64_t blkno :
       {std::int64_t{-1}, kMost / 512, kMost / 512 + 1, kWrapsToZero, kMost, -kMost - 1}) {
    buf.b_blkno = blkno;
    send();
    EXPECT_EQ(buf.b_error(), EIO) << blkno;
  }
  EXPECT_TRUE(bottom.seen.empty());
}

class AudioBufTest : public BufTest {
 protected:
  AudioBufTest() : BufTest(2352 * std::int64_t{1000}, 2352) { buf.b_bcount() = 2352; }
};

TEST_F(AudioBufTest, Paper_18_sectors_of_2352_bytes_are_reached_by_offset_not_by_block) {
  buf.b_bcount() = 2352;
  buf.b_flags = kBufPhys;
  buf.b_offset() = 2352 * 7;
  send();
  EXPECT_EQ(buf.b_error(), 0);
  EXPECT_EQ(bottom.seen.back().position_bytes, 2352 * 7);
  // A block number can not name that sector: 2352 * 7 is no multiple of 512.
  buf.b_flags = 0;
  buf.b_blkno = 2352 * 7 / 512;
  send();
  EXPECT_EQ(buf.b_error(), EINVAL);
}

template <class T>
concept has_block_number = requires(T t) {
  t.blkno;
}
|| requires(T t) { t.bio_blkno; }
|| requires(T t) { t.b_blkno; };

TEST(BufType, Paper_20_the_block_number_went_back_to_the_buf) {
  EXPECT_TRUE(has_block_number<Buf>);
  EXPECT_FALSE(has_block_number<Bio>);
}

}  // namespace
}  // namespace biotope
