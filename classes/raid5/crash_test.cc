// The write hole, looked into at every point: what each disk has done of a write when the power
// fails, and which disk is lost with it.
#include <gtest/gtest.h>

#include <algorithm>

#include "classes/log_writes/log_writes.h"
#include "classes/parity/testing.h"

namespace biotope {
namespace {

using testing::Medium;
using testing::ParityMesh;
using testing::pattern;

constexpr std::int64_t kStripe = 2048;
constexpr std::int64_t kDiskBytes = 6 * kStripe + 4 * (kStripe + 512) + 512;

struct Write {
  std::int64_t offset_bytes;
  std::int64_t length_bytes;
};

// An array over disks that remember what was written to them, and one more write.
class Recorded {
 public:
  Recorded(std::size_t disks, Write write) : media_(disks, Medium(kDiskBytes)) {
    EXPECT_TRUE(m_.t.mesh.load(std::make_unique<LogWritesClass>()));
    for (std::size_t i = 0; i < disks; ++i) {
      Provider* below = &plug(i);
      const auto geom = m_.t.mesh.create("log-writes", sentence("disk", i), {below});
      logs_.push_back(static_cast<LogWrites*>(*geom));
      names_.push_back(sentence("disk", i));
    }
    m_.run_for(1'000'000);
    Values given;
    given.set("stripe_size", kStripe);
    given.set("log", std::int64_t{4});
    given.set("hardcode", true);
    EXPECT_EQ(m_.label("home", names_, given), 0) << m_.said;
    m_.run_for(10'000'000'000);
    Consumer& edge = m_.open("home");
    old_data = pattern(m_.t.provider("raid5/home").media_size_bytes(), 1);
    EXPECT_EQ(m_.write(edge, 0, old_data), 0);
    for (const LogWrites* log : logs_) before_.push_back(log->log().size());
    new_data = old_data;
    const Bytes bytes = pattern(write.length_bytes, 2);
    std::ranges::copy(bytes, new_data.begin() + write.offset_bytes);
    EXPECT_EQ(m_.write(edge, write.offset_bytes, bytes), 0);
  }

  // How many things disk `i` did for the last write.
  std::size_t steps(std::size_t i) const { return logs_[i]->log().size() - before_[i]; }
  std::size_t disks() const { return logs_.size(); }
  // Disk `i` as it was after so many of them.
  Medium after(std::size_t i, std::size_t steps) const {
    Medium medium(kDiskBytes);
    EXPECT_TRUE(logs_[i]->replay(medium.bytes, before_[i] + steps));
    medium.stable = medium.bytes;
    return medium;
  }

  Bytes old_data;
  Bytes new_data;

 private:
  Provider& plug(std::size_t i) {
    const std::string name = sentence("da", i);
    m_.plug(name, media_[i]);
    return m_.t.provider(name);
  }

  std::deque<Medium> media_;  // outlive the mesh
  ParityMesh m_{"raid5"};
  std::vector<std::string> names_;
  std::vector<LogWrites*> logs_;
  std::vector<std::size_t> before_;
};

// What the array holds when it is started again on disks as they were; empty when it does not
// start.
Bytes started_again(const Recorded& recorded, const std::vector<std::size_t>& steps,
                    std::size_t lost) {
  std::deque<Medium> media;
  ParityMesh m("raid5");
  for (std::size_t i = 0; i < recorded.disks(); ++i) {
    media.push_back(recorded.after(i, steps[i]));
    if (i != lost) m.plug(sentence("disk", i), media.back());
  }
  m.run_for(5'000'000'000);
  if (m.t.mesh.provider("raid5/home") == nullptr) return {};
  Bytes back(recorded.old_data.size());
  EXPECT_EQ(m.read(m.open("home"), 0, back), 0);
  m.t.mesh.wither(m.t.mesh.provider("raid5/home")->consumers().front().geom());
  m.run_for(1'000'000);
  return back;
}

// A disk does what it does for a write in order: its log, then the place itself, and that only when
// all have their log.
bool possible(const Recorded& recorded, const std::vector<std::size_t>& steps) {
  bool all_logged = true;
  bool any_applied = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (recorded.steps(i) == 0) continue;
    all_logged = all_logged && steps[i] >= 1;
    any_applied = any_applied || steps[i] >= 2;
  }
  return all_logged || !any_applied;
}

class WriteHole : public ::testing::TestWithParam<std::tuple<std::size_t, Write>> {};

TEST_P(WriteHole, Inv_C2_at_every_point_and_with_any_disk_lost_a_write_is_done_or_not_done) {
  const auto [disks, write] = GetParam();
  const Recorded recorded(disks, write);
  std::vector<std::size_t> steps(disks);
  int tried = 0;
  int done = 0;
  for (bool more = true; more;) {
    for (std::size_t lost = 0; possible(recorded, steps) && lost <= disks; ++lost) {
      const Bytes back = started_again(recorded, steps, lost);
      ASSERT_TRUE(back == recorded.old_data || back == recorded.new_data)
          << "lost " << lost << ", steps " << steps[0] << steps[1] << steps[2];
      ++tried;
      done += back == recorded.new_data ? 1 : 0;
    }
    more = false;
    for (std::size_t i = 0; i < disks && !more; ++i) {
      more = steps[i] < recorded.steps(i);
      steps[i] = more ? steps[i] + 1 : 0;
    }
  }
  EXPECT_GT(done, 0);
  EXPECT_LT(done, tried);
}

// One sector, part of a chunk; parts of two chunks; a whole row; the same in a row whose parity
// lies elsewhere.
INSTANTIATE_TEST_SUITE_P(Writes, WriteHole,
                         ::testing::Combine(::testing::Values(3U, 4U),
                                            ::testing::Values(Write{512, 512}, Write{1536, 1024},
                                                              Write{0, 2 * kStripe},
                                                              Write{6 * kStripe, 2 * kStripe},
                                                              Write{11 * kStripe + 512, 1024})),
                         [](const auto& info) {
                           return sentence("of_", std::get<0>(info.param), "_disks_at_",
                                           std::get<1>(info.param).offset_bytes);
                         });

}  // namespace
}  // namespace biotope
