// Requests worked out in the reference's documentation: the drive must take exactly what is said
// there, 0.001 ms being what the reference's fixed-point angles are worth.
#include <gtest/gtest.h>

#include "sim/disk/testing.h"

namespace biotope::sim {
namespace {

struct Worked {
  char direction;
  std::int64_t first, count;
  double issue_ms, service_ms;
  double background_end_ms = -1;  // after the issue; the arm is free then
};

void expect_services(const std::string& name, const std::vector<Worked>& requests) {
  const auto model = shared_model(name);
  BIOTOPE_NEEDS_SHARED_DISK(model);
  HardDisk disk(model);
  for (const Worked& w : requests) {
    const std::int64_t issue_ns = std::llround(w.issue_ms * 1e6);
    const std::int64_t took_ns = serve(disk, w.direction == 'W', w.first, w.count, issue_ns);
    EXPECT_NEAR(static_cast<double>(took_ns) / 1e6, w.service_ms, 0.001) << w.first;
    if (w.background_end_ms < 0) continue;
    const std::int64_t end_ns = issue_ns + std::llround(w.background_end_ms * 1e6);
    EXPECT_FALSE(disk.finished(end_ns - 1000));
    EXPECT_TRUE(disk.mechanism().running()) << w.first;
    EXPECT_FALSE(disk.finished(end_ns + 1000));
    EXPECT_FALSE(disk.mechanism().running()) << w.first;
  }
}

TEST(WorkedRequests, hp_c2247a) {
  expect_services("hp_c2247a", {{'R', 564'347, 2, 0, 21.649335},
                                {'R', 564'349, 2, 35.525605, 1.375470, 2.320964},
                                {'R', 564'351, 2, 55.647845, 1.375470, 6.273527},
                                {'W', 1'194'877, 15, 66.655835, 17.155068},
                                {'W', 1'205'090, 13, 105.705283, 10.214831},
                                {'R', 1'719'860, 6, 135.632823, 20.493329},
                                {'W', 197'410, 31, 176.507442, 27.987869},
                                {'W', 197'441, 31, 235.715881, 16.811186},
                                {'W', 197'472, 31, 255.277277, 13.570002},
                                {'W', 212'298, 10, 275.988749, 14.237075},
                                {'W', 432'568, 1, 295.314583, 13.777055}});
}

TEST(WorkedRequests, cheetah_9lp) {
  expect_services("cheetah9LP", {{'R', 1'975'456, 4, 0, 8.086286, 10.746723},
                                 {'R', 1'975'280, 4, 64.160286, 3.210448, 4.036732},
                                 {'R', 8'702'844, 4, 95.266735, 11.327526, 14.749038},
                                 {'R', 8'702'840, 4, 151.786261, 2.487770, 6.014529},
                                 {'R', 8'702'816, 4, 227.984031, 3.309108, 7.467348},
                                 {'R', 9'233'408, 4, 289.869139, 8.216208, 12.200218},
                                 {'R', 9'233'412, 4, 324.596347, 0.486000},
                                 {'W', 14'455'500, 12, 351.386347, 2.008000, 10.572431},
                                 {'R', 14'455'448, 4, 384.429347, 3.042867, 4.266259},
                                 {'W', 14'455'364, 4, 415.557214, 1.168000, 4.773837},
                                 {'R', 14'631'804, 4, 462.553214, 8.384695},
                                 {'R', 14'631'808, 4, 471.0, 0.486000}});
}

// Where the arm goes, and what the drive does on the bus, in the first request.
TEST(WorkedRequests, what_the_first_hp_c2247a_request_leaves) {
  const auto model = shared_model("hp_c2247a");
  BIOTOPE_NEEDS_SHARED_DISK(model);
  HardDisk disk(model);
  serve(disk, false, 564'347, 2, 0);
  EXPECT_FALSE(disk.finished(35'525'605));
  disk.submit(0, false, 564'349, 2, 35'525'605);
  EXPECT_EQ(disk.counts().whole_hits, 1);
  const CacheSegment& segment = *disk.mechanism().segment();
  EXPECT_EQ(segment.begin, 564'347);
  EXPECT_EQ(segment.end, 564'458);
  EXPECT_EQ(segment.most, 564'479);
}

}  // namespace
}  // namespace biotope::sim
