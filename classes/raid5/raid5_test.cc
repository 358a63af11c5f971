#include "classes/raid5/raid5.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "classes/parity/testing.h"

namespace biotope {
namespace {

using raid5::Recovery;
using testing::ParityArray;
using testing::pattern;

constexpr std::int64_t kStripe = 4096;
constexpr std::int64_t kSlots = 8;

Values small() {
  Values given;
  given.set("stripe_size", kStripe);
  given.set("log", kSlots);
  return given;
}

struct Five : ParityArray {
  explicit Five(std::size_t disks = 5)
      : ParityArray("raid5", std::vector<std::int64_t>(disks, 256 << 10), small()),
        edge(m.open("home")),
        data(pattern(provider().media_size_bytes(), 7)) {}
  bool reads() {
    Bytes back(data.size());
    return m.read(edge, 0, back) == 0 && back == data;
  }
  int write(std::int64_t offset, std::int64_t length, unsigned salt) {
    const Bytes bytes = pattern(length, salt);
    std::ranges::copy(bytes, data.begin() + offset);
    return m.write(edge, offset, bytes);
  }
  struct Traffic {
    int reads = 0;
    int writes = 0;
  };
  // What the disks were asked during one write.
  Traffic traffic_of(std::int64_t offset, std::int64_t length) {
    Traffic t;
    for (const std::string& name : names) {
      m.drive(name).on_request = [&](Bio& bio) {
        t.reads += bio.command == Command::read ? 1 : 0;
        t.writes += bio.command == Command::write ? 1 : 0;
      };
    }
    EXPECT_EQ(write(offset, length, 99), 0);
    for (const std::string& name : names) m.drive(name).on_request = nullptr;
    return t;
  }
  bool fits() {
    for (std::int64_t at = 0; at < group().self().member_bytes(); ++at) {
      std::byte sum{0};
      for (const auto& medium : media) sum ^= medium.bytes[static_cast<std::size_t>(at)];
      if (sum != std::byte{0}) return false;
    }
    return true;
  }
  Consumer& edge;
  Bytes data;
};

// Left-symmetric, by its definition: the parity of row r is on disk N-1 - r mod N, data begin on
// the next disk and go round.
TEST(Raid5, Inv_A7_every_byte_is_where_the_layout_says) {
  for (const std::size_t disks : {3U, 4U, 5U, 7U}) {
    Five a(disks);
    ASSERT_EQ(a.m.write(a.edge, 0, a.data), 0);
    const std::size_t chunks = a.data.size() / kStripe;
    for (std::size_t c = 0; c < chunks; ++c) {
      const std::size_t row = c / (disks - 1);
      const std::size_t disk = (disks - 1 - row % disks + 1 + c % (disks - 1)) % disks;
      ASSERT_TRUE(
          std::equal(a.data.begin() + static_cast<std::ptrdiff_t>(c * kStripe),
                     a.data.begin() + static_cast<std::ptrdiff_t>((c + 1) * kStripe),
                     a.media[disk].bytes.begin() + static_cast<std::ptrdiff_t>(row * kStripe)))
          << disks << " disks, chunk " << c;
    }
    EXPECT_TRUE(a.fits());
  }
}

TEST(Raid5, size_is_that_of_whole_rows_without_log_and_metadata) {
  Five a;
  const std::int64_t rows = ((256 << 10) - 512 - kSlots * (512 + kStripe)) / kStripe;
  EXPECT_EQ(a.provider().media_size_bytes(), rows * kStripe * 4);
  EXPECT_EQ(a.provider().properties().stripe_size_bytes, kStripe);
}

// A log and the place itself for each disk that changes.
TEST(Raid5, a_full_row_is_written_without_reading) {
  Five a;
  const auto t = a.traffic_of(0, 4 * kStripe);
  EXPECT_EQ(t.reads, 0);
  EXPECT_EQ(t.writes, 2 * 5);
}

TEST(Raid5, a_small_write_reads_whichever_is_less) {
  Five a;
  EXPECT_EQ(a.traffic_of(512, 512).reads, 2) << "what changes, and the parity";
  EXPECT_EQ(a.traffic_of(0, 3 * kStripe).reads, 1) << "what does not change";
  Five three(3);
  EXPECT_EQ(three.traffic_of(512, 512).reads, 1) << "what does not change";
  EXPECT_TRUE(a.fits());
  EXPECT_TRUE(three.fits());
}

TEST(Raid5, data_come_back_whole_and_without_any_one_disk) {
  for (std::size_t lost = 0; lost < 5; ++lost) {
    Five a;
    ASSERT_EQ(a.m.write(a.edge, 0, a.data), 0);
    ASSERT_TRUE(a.reads());
    a.m.unplug(a.names[lost]);
    EXPECT_TRUE(a.reads()) << lost;
    std::int64_t at = 0;
    for (const std::int64_t length : {512, 4096, 8192, 12288, 16384, 20480, 40960}) {
      ASSERT_EQ(a.write(at, length, 40 + static_cast<unsigned>(length)), 0) << lost;
      at += length + 1536;
    }
    EXPECT_TRUE(a.reads()) << lost;
  }
}

TEST(Raid5, a_new_disk_gets_what_the_lost_one_had) {
  Five a;
  ASSERT_EQ(a.m.write(a.edge, 0, a.data), 0);
  const Bytes before = a.member(2);
  ASSERT_EQ(a.remove("da2"), 0) << a.m.said;
  a.zero(2);
  ASSERT_EQ(a.insert("da2"), 0) << a.m.said;
  EXPECT_EQ(a.member(2), before);
  a.m.unplug("da0");
  EXPECT_TRUE(a.reads());
}

// Data in several pieces of memory, at odd addresses.
TEST(Raid5, scattered_data_are_as_good) {
  Five a;
  Bytes memory = pattern(64 << 10, 5);
  const Segment list[] = {{memory.data() + 1, 700},
                          {memory.data() + 3001, 20},
                          {memory.data() + 5, 0},
                          {memory.data() + 9000, 16384 - 720}};
  Bytes expected;
  for (const Segment& s : list) expected.insert(expected.end(), s.base, s.base + s.length_bytes);
  testing::Issuer issuer(a.m.t.mesh);
  issuer.issue(a.edge, Command::write, 0, 16384, Data(list));
  issuer.issue(a.edge, Command::write, 16384 + 512, 16384 - 1024, Data(list));
  a.m.run_for(1'000'000);
  ASSERT_EQ(issuer.errors, (std::vector<int>{0, 0}));
  Bytes back(16384);
  ASSERT_EQ(a.m.read(a.edge, 0, back), 0);
  EXPECT_EQ(back, expected);
  EXPECT_TRUE(a.fits());
  a.m.unplug("da1");
  ASSERT_EQ(a.m.read(a.edge, 0, back), 0);
  EXPECT_EQ(back, expected);
}

TEST(Raid5, writes_wait_for_room_in_the_log_and_for_each_other) {
  Five a;
  testing::Issuer issuer(a.m.t.mesh);
  for (const std::string& name : a.names) {
    a.m.drive(name).latency_ns = [](const Bio& bio) { return 1000 + bio.position_bytes % 977; };
  }
  std::deque<Bytes> memory;
  for (int i = 0; i < 60; ++i) {
    const std::int64_t at = static_cast<std::int64_t>(i * 7 % 20) * 5 * 512;
    memory.push_back(pattern(3072, static_cast<unsigned>(i)));
    std::ranges::copy(memory.back(), a.data.begin() + at);
    issuer.issue(a.edge, Command::write, at, 3072, Data(memory.back().data()));
  }
  a.m.run_for(1'000'000'000);
  EXPECT_EQ(issuer.errors, std::vector<int>(60, 0));
  EXPECT_TRUE(a.fits());
}

TEST(Raid5, running_out_of_memory_only_takes_longer) {
  Five a;
  testing::Issuer issuer(a.m.t.mesh);
  Bytes bytes = pattern(20480, 4);
  a.m.t.mesh.path().limit_bios(a.m.t.mesh.path().bios_out() + 3);
  issuer.issue(a.edge, Command::write, 512, 20480, Data(bytes.data()));
  a.m.run_for(5'000'000);
  EXPECT_TRUE(issuer.errors.empty());
  a.m.t.mesh.path().limit_bios(1 << 20);
  a.m.run_for(50'000'000);
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
  Bytes back(bytes.size());
  ASSERT_EQ(a.m.read(a.edge, 512, back), 0);
  EXPECT_EQ(back, bytes);
}

// The log ----------------------------------------------------------------------------------------

struct LogBook {
  static constexpr Recovery::Geometry kGeometry{7, 8, 512, 1024, 16 * 1024};
  // A write that `members` take part in, as it stands in the log of one of them.
  static void put(Bytes& log, std::size_t member, std::uint64_t number, std::uint64_t row,
                  std::uint64_t members) {
    const Bytes data = pattern(512, static_cast<unsigned>(number * 16 + member));
    const std::size_t slot = number % 8 * 1536;
    const raid5::LogHeader header{.array_id = 7,
                                  .member = static_cast<std::uint16_t>(member),
                                  .number = number,
                                  .row = row,
                                  .members = members,
                                  .at_bytes = 512,
                                  .length_bytes = 512,
                                  .checksum = raid5::checksum_of(data)};
    raid5::encode(header, std::span(log).subspan(slot, 512));
    std::ranges::copy(data, log.begin() + static_cast<std::ptrdiff_t>(slot + 512));
  }
  std::vector<Bytes> logs = std::vector<Bytes>(3, Bytes(8 * 1536));
  // Numbers of what is to be done again: by row, as put() is told below.
  std::vector<std::int64_t> replayed(const std::vector<std::size_t>& there,
                                     std::uint64_t floor = 1) {
    Recovery recovery(kGeometry);
    for (const std::size_t i : there) recovery.add(i, logs[i]);
    std::vector<std::int64_t> rows;
    for (const auto& piece : recovery.pieces(floor)) {
      const std::int64_t row = piece.offset_bytes / 1024;
      if (rows.empty() || rows.back() != row) rows.push_back(row);
    }
    return rows;
  }
};

using Rows = std::vector<std::int64_t>;

TEST(Raid5Log, what_is_whole_on_all_who_are_there_is_done_again) {
  LogBook book;
  for (const std::size_t i : {0U, 2U}) LogBook::put(book.logs[i], i, 5, 3, 0b101);
  LogBook::put(book.logs[1], 1, 6, 4, 0b110);
  EXPECT_EQ(book.replayed({0, 1, 2}), Rows{3}) << "da2 lacks the second";
  EXPECT_EQ(book.replayed({0, 1}), (Rows{3, 4})) << "nobody knows what da2 had";
  EXPECT_EQ(book.replayed({0, 1, 2}, 6), Rows{}) << "older than the floor";
}

TEST(Raid5Log, what_is_half_a_round_old_is_done) {
  LogBook book;
  for (const std::size_t i : {0U, 1U}) {
    LogBook::put(book.logs[i], i, 9, 1, 0b011);
    LogBook::put(book.logs[i], i, 12, 2, 0b011);
    LogBook::put(book.logs[i], i, 13, 3, 0b011);
  }
  EXPECT_EQ(book.replayed({0, 1, 2}), (Rows{2, 3}));
}

TEST(Raid5Log, a_torn_slot_is_none) {
  LogBook book;
  for (const std::size_t i : {0U, 1U}) LogBook::put(book.logs[i], i, 1, 1, 0b011);
  book.logs[0][1536 + 600] ^= std::byte{1};
  EXPECT_EQ(book.replayed({0, 1, 2}), Rows{});
}

RC_GTEST_PROP(Raid5Log, Inv_E37_any_log_is_played_back_within_bounds,
              (std::vector<std::pair<std::uint16_t, std::uint8_t>> changes)) {
  LogBook book;
  for (std::uint64_t n = 1; n < 8; ++n) {
    for (const std::size_t i : {0U, 1U}) LogBook::put(book.logs[i], i, n, n, 0b011);
  }
  for (const auto& [at, value] : changes) {
    book.logs[at % 2][at / 2 % book.logs[0].size()] = static_cast<std::byte>(value);
  }
  Recovery recovery(LogBook::kGeometry);
  for (const std::size_t i : {0U, 1U}) recovery.add(i, book.logs[i]);
  for (const auto& piece : recovery.pieces(1)) {
    RC_ASSERT(piece.offset_bytes >= 0);
    RC_ASSERT(piece.offset_bytes + static_cast<std::int64_t>(piece.bytes.size()) <=
              LogBook::kGeometry.member_bytes);
  }
}

// Half of the slots at most are in doubt, whatever order writes end in.
RC_GTEST_PROP(Raid5Log, the_window_never_holds_more_than_half_a_round,
              (std::vector<std::uint8_t> steps)) {
  raid5::Window window;
  window.begin(1, 8);
  std::vector<std::uint64_t> open;
  std::uint64_t taken = 0;
  for (const std::uint8_t step : steps) {
    if (step % 2 == 0 && !window.full()) {
      open.push_back(window.take());
      RC_ASSERT(open.back() == ++taken);
    } else if (!open.empty()) {
      const auto at = open.begin() + step / 2 % static_cast<int>(open.size());
      window.done(*at);
      open.erase(at);
    }
    const std::uint64_t lowest =
        open.empty() ? taken + 1 : *std::min_element(open.begin(), open.end());
    RC_ASSERT(window.lowest() == lowest);
    RC_ASSERT(taken + 1 - lowest <= 4U);
  }
}

}  // namespace
}  // namespace biotope
