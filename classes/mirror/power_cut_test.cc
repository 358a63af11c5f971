// The power is cut at every step of a copy while the mirror is being written to.
#include <gtest/gtest.h>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::same;

constexpr std::int64_t kSize = 512 << 10;
constexpr std::int64_t kUsable = kSize - 512;
constexpr std::int64_t kBlock = 4096;

// A user who always has a write under way somewhere in the last region, and knows which of the
// values he wrote there last are acknowledged.
class Writer {
 public:
  Writer(Mesh& mesh, Consumer& edge) : mesh_(mesh), edge_(edge) {
    bio_.caller1 = this;
    bio_.done = [](Bio& bio) {
      auto& self = *static_cast<Writer*>(bio.caller1);
      if (bio.error == 0) self.acknowledged[bio.offset_bytes] = self.turn_;
      self.next();
    };
    next();
  }

  std::map<std::int64_t, unsigned> acknowledged;  // offset, the number of the write

 private:
  void next() {
    ++turn_;
    data_ = pattern(kBlock, turn_);
    bio_.command = Command::write;
    bio_.offset_bytes = kSize - (1 + turn_ % 3) * 2 * kBlock;
    bio_.length_bytes = kBlock;
    bio_.data = Data(data_.data());
    mesh_.submit(bio_, edge_);
  }

  Mesh& mesh_;
  Consumer& edge_;
  Bio bio_;
  Bytes data_;
  unsigned turn_ = 0;
};

struct Cut {
  bool whole = false;  // the copy had ended before
  std::map<std::int64_t, unsigned> acknowledged;
};

// `steps` into the copy from da0 to da1 the power goes; what is under way reaches `lucky` alone.
// The user's writes take `write_ns`, all else a millisecond.
Cut cut_after(Medium (&media)[2], int steps, const char* lucky, std::int64_t write_ns) {
  Tuning tuning;
  tuning.sync_block_bytes = 64 << 10;
  MirrorMesh m(nullptr, tuning);
  for (int i = 0; i < 2; ++i) {
    biotope::testing::Drive& drive = m.plug(sentence("da", i), media[i]);
    drive.write_through = true;
    drive.latency_ns = [=](const Bio& bio) {
      return bio.length_bytes == kBlock ? write_ns + i * 300'000 : 1'000'000;
    };
  }
  EXPECT_EQ(m.label("home", {"da0"}), 0) << m.said;
  m.settle();
  Consumer& edge = m.open("home");
  EXPECT_EQ(m.write(edge, 0, pattern(kUsable, 99)), 0);
  Writer writer(m.t.mesh, edge);
  Mirror& mirror = *m.find("home");
  mirror.insert("da1", {}, [](const Status& status) { EXPECT_TRUE(status); });
  for (int i = 0; i < steps; ++i) EXPECT_TRUE(m.t.executor.step());
  for (const auto& [name, drive] : m.drives) {
    drive->cut_power([&](const Bio&) { return name == lucky; });
  }
  return {mirror.self().disks == 2 && mirror.complete(), writer.acknowledged};
}

void expect_whole(Medium (&media)[2], const Cut& cut) {
  MirrorMesh again;
  again.plug("da0", media[0]);
  again.plug("da1", media[1]);
  again.settle();
  ASSERT_NE(again.find("home"), nullptr);
  EXPECT_TRUE(again.find("home")->complete());
  // Before its metadata were written da1 is a stranger.
  if (again.find("home")->self().disks == 2) {
    EXPECT_TRUE(same(media[0], media[1], kUsable)) << "a read depends on the disk it is sent to";
  }
  Consumer& edge = again.open("home", kReadOnly);
  for (const auto& [offset, turn] : cut.acknowledged) {
    Bytes back(kBlock);
    ASSERT_EQ(again.read(edge, offset, back), 0);
    // The write after the last acknowledged one there may have reached a disk as well.
    EXPECT_TRUE(back == pattern(kBlock, turn) || back == pattern(kBlock, turn + 3))
        << "write " << turn << " at " << offset << " is lost";
  }
}

void cut_at_every_step(const char* lucky, std::int64_t write_ns) {
  int after_the_copy = 0;
  for (int steps = 0; after_the_copy < 12; ++steps) {
    ASSERT_LT(steps, 2000) << "the copy ends";
    SCOPED_TRACE(::testing::Message() << steps << " steps, what is under way reaches " << lucky);
    Medium media[]{Medium(kSize), Medium(kSize)};
    const Cut cut = cut_after(media, steps, lucky, write_ns);
    if (cut.whole) ++after_the_copy;
    expect_whole(media, cut);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(MirrorPower, Inv_M1_cut_at_any_step_of_a_copy_under_writes_all_disks_come_back_equal) {
  for (const char* lucky : {"da0", "da1"}) {
    cut_at_every_step(lucky, 900'000);
    cut_at_every_step(lucky, 7'900'000);
  }
}

}  // namespace
}  // namespace biotope::mirror
