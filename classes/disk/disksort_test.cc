#include "classes/disk/disksort.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <deque>
#include <map>
#include <vector>

#include "classes/disk/testing.h"

namespace biotope {
namespace {

using testing::HoldingDisk;

using Places = std::vector<std::int64_t>;

struct Waiting {
  void add(std::int64_t position, bool ordered = false) {
    Bio& bio = bios.emplace_back();
    bio.command = Command::read;
    bio.position_bytes = position;
    bio.flags = ordered ? kBioOrdered : 0;
    sort.insert(bio);
  }
  Places take_all() {
    Places places;
    while (Bio* bio = sort.take()) places.push_back(bio->position_bytes);
    return places;
  }
  std::deque<Bio> bios;
  DiskSort sort;
};

TEST(DiskSort, Paper_03_waiting_requests_hang_on_their_own_link_in_order) {
  Waiting w;
  for (const std::int64_t at : {5, 1, 3}) w.add(at);
  Places linked;
  for (const Bio* b = w.sort.front(); b != nullptr; b = b->queue_next) {
    linked.push_back(b->position_bytes);
  }
  EXPECT_EQ(linked, (Places{1, 3, 5}));
  EXPECT_EQ(w.take_all(), linked);
  for (const Bio& bio : w.bios) EXPECT_EQ(bio.queue_next, nullptr) << "a request leaves unlinked";
  EXPECT_TRUE(w.sort.empty());
}

TEST(DiskSort, Paper_03_the_arm_goes_up_and_begins_again_at_the_bottom) {
  Waiting w;
  for (const std::int64_t at : {10, 20}) w.add(at);
  EXPECT_EQ(w.sort.take()->position_bytes, 10);
  for (const std::int64_t at : {5, 30, 15, 10}) w.add(at);
  EXPECT_EQ(w.take_all(), (Places{10, 15, 20, 30, 5}));
}

TEST(DiskSort, equal_places_keep_their_order) {
  Waiting w;
  for (int i = 0; i < 4; ++i) w.add(7);
  for (Bio& bio : w.bios) EXPECT_EQ(w.sort.take(), &bio);
}

TEST(DiskSort, nothing_overtakes_an_ordered_request) {
  Waiting w;
  w.add(9);
  w.add(4);
  w.add(6, true);
  w.add(2);
  w.add(8);
  EXPECT_EQ(w.take_all(), (Places{4, 9, 6, 8, 2}))
      << "up from where the ordered one leaves the arm";
}

RC_GTEST_PROP(DiskSort, every_request_comes_out_once_and_no_barrier_is_crossed,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps)) {
  Waiting w;
  std::vector<Bio*> out;
  for (const auto& [place, kind] : steps) {
    if (kind % 4 == 0) {
      if (Bio* bio = w.sort.take()) out.push_back(bio);
    } else {
      w.add(place, kind % 4 == 1);
    }
  }
  while (Bio* bio = w.sort.take()) out.push_back(bio);
  RC_ASSERT(out.size() == w.bios.size());
  std::map<const Bio*, std::size_t> came;  // when
  for (std::size_t i = 0; i < out.size(); ++i) RC_ASSERT(came.emplace(out[i], i).second);
  for (std::size_t b = 0; b < w.bios.size(); ++b) {
    if ((w.bios[b].flags & kBioOrdered) == 0) continue;
    for (std::size_t i = 0; i < w.bios.size(); ++i) {
      if (i < b) RC_ASSERT(came[&w.bios[i]] < came[&w.bios[b]]);
      if (i > b) RC_ASSERT(came[&w.bios[i]] > came[&w.bios[b]]);
    }
  }
}

TEST(DiskQueue, Paper_03_what_a_driver_has_no_room_for_waits_sorted) {
  DiskTraits traits;
  traits.queue_depth = 1;
  HoldingDisk d(traits);
  std::byte memory[512];
  for (const std::int64_t sector : {10, 40, 20, 30, 5}) {
    d.issuer.issue(*d.edge, Command::read, sector * 512, 512, Data(memory));
  }
  EXPECT_EQ(d.driver.held.size(), 1U);
  d.driver.finish_all();
  EXPECT_EQ(d.driver.positions(), (Places{5120, 10'240, 15'360, 20'480, 2560}));
  EXPECT_EQ(d.issuer.errors, std::vector<int>(5, 0));
}

}  // namespace
}  // namespace biotope
