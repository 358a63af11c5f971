#include "sim/rack/drive.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk/profiles.h"
#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

using Bytes = std::vector<std::byte>;
constexpr std::int64_t kSector = 512;
const std::shared_ptr<const DiskModel>& zip100() {
  static const auto model = *find_profile("zip100");
  return model;
}
constexpr std::int64_t kOverheadNs = 500'000;  // what its commands cost

// Never zero, and different from sector to sector and from `salt` to `salt`.
Bytes pattern(std::int64_t length_bytes, int salt) {
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = std::byte((i * 7 + i / 512 * 3 + static_cast<std::size_t>(salt) * 41) % 255 + 1);
  }
  return bytes;
}

std::vector<Segment> one_piece(Bytes& bytes) { return {{bytes.data(), bytes.size()}}; }

// A rack with one bay, a blank medium in it and a host on it.
struct OneBay {
  explicit OneBay(std::uint64_t tie_seed = 0) : rack(std::move(*Rack::create(tie_seed))) {
    EXPECT_TRUE(rack->add_controller("scsi0", 1, "zip100"));
    host = std::make_unique<TestHost>(*rack, 0);
    medium = *Medium::blank("disk", *rack->medium_shape(0));
    EXPECT_TRUE(rack->insert(0, medium));
  }

  Bytes on_medium(std::int64_t offset_bytes, std::int64_t length_bytes) const {
    Bytes bytes(static_cast<std::size_t>(length_bytes));
    EXPECT_TRUE(medium->read(offset_bytes, bytes));
    return bytes;
  }
  std::vector<int> errors() const {
    std::vector<int> errors;
    for (const auto& answer : host->answers) errors.push_back(answer.error);
    return errors;
  }

  std::unique_ptr<Rack> rack;
  std::unique_ptr<TestHost> host;
  std::shared_ptr<Medium> medium;
};

// When each sector of a request has passed: movement, wait and sectors, track after track.
std::vector<std::int64_t> passing_times(std::int64_t begin_ns, std::int64_t first,
                                        std::int64_t sectors) {
  const Movement& movement = zip100()->profile.movement;
  const SeekCurve curve(movement.seek);
  const Spindle spindle(movement.rpm);
  std::vector<std::int64_t> times;
  std::int64_t now_ns = begin_ns + kOverheadNs;
  Place before;
  for (std::int64_t at = first; at < first + sectors;) {
    const Place place = zip100()->layout.place(at);
    const std::int64_t switch_ns = place.head != before.head ? movement.head_switch_ns : 0;
    now_ns += std::max(curve.seek_ns(std::abs(place.cylinder - before.cylinder)), switch_ns);
    now_ns += spindle.wait_ns(now_ns, place.angle);
    const double sector_ns = spindle.revolution_ns() / 56;
    const std::int64_t on_track = std::min(place.last + 1, first + sectors) - at;
    for (std::int64_t i = 1; i <= on_track; ++i) {
      times.push_back(now_ns + std::llround(static_cast<double>(i) * sector_ns));
    }
    now_ns = times.back();
    at += on_track;
    before = place;
  }
  return times;
}

TEST(Drive, writes_and_reads_through_scattered_memory) {
  OneBay bay;
  const Bytes data = pattern(8 * kSector, 1);
  Bytes a(data.begin(), data.begin() + 700);
  Bytes b(data.begin() + 700, data.begin() + 701);
  Bytes c(data.begin() + 701, data.end());
  const std::vector<Segment> from{{a.data(), a.size()}, {b.data(), b.size()}, {c.data(), c.size()}};
  bay.host->send(DriveCommand::write, 100 * kSector, 8 * kSector, from);
  Bytes x(3000);
  Bytes y(8 * kSector - 3000);
  const std::vector<Segment> to{{x.data(), x.size()}, {y.data(), y.size()}};
  bay.host->send(DriveCommand::read, 100 * kSector, 8 * kSector, to);
  bay.rack->run_until_idle();
  EXPECT_EQ(bay.errors(), (std::vector<int>{0, 0}));
  EXPECT_EQ(bay.on_medium(100 * kSector, 8 * kSector), data);
  x.insert(x.end(), y.begin(), y.end());
  EXPECT_EQ(x, data);
}

TEST(Drive, a_request_takes_overhead_seek_rotation_and_transfer) {
  OneBay bay;
  Bytes data(200 * kSector);
  const auto list = one_piece(data);
  bay.rack->run_until(1'000'000'007);
  bay.host->send(DriveCommand::read, 5000 * kSector, 200 * kSector, list);
  bay.rack->run_until_idle();
  ASSERT_EQ(bay.host->answers.size(), 1U);
  EXPECT_EQ(bay.host->answers[0].time_ns, passing_times(1'000'000'007, 5000, 200).back());
  EXPECT_EQ(bay.host->answers[0].transferred_bytes, 200 * kSector);

  const DriveStatistics did = *bay.rack->statistics(0);
  EXPECT_EQ(did.busy_ns, bay.host->answers[0].time_ns - 1'000'000'007);
  EXPECT_EQ(did.busy_ns, kOverheadNs + did.seek_ns + did.rotation_ns + did.transfer_ns);
  const double sector_ns = 60e9 / 2941 / 56;
  EXPECT_NEAR(static_cast<double>(did.transfer_ns), 200 * sector_ns, 4);
  EXPECT_EQ(did.read_bytes, 200 * kSector);
  EXPECT_EQ(did.requests, 1U);
}

TEST(Drive, many_requests_are_served_first_in_first_out_without_losing_a_revolution) {
  OneBay bay;
  Bytes data(55 * kSector);
  const auto list = one_piece(data);
  for (int i = 0; i < 55; ++i) bay.host->send(DriveCommand::read, i * kSector, kSector, list);
  bay.rack->run_until_idle();
  const std::vector<std::int64_t> times = passing_times(0, 0, 55);
  ASSERT_EQ(bay.host->answers.size(), 55U);
  for (std::size_t i = 0; i < 55; ++i) {
    EXPECT_EQ(bay.host->answers[i].request, static_cast<int>(i));
    // Each sector is a pass of its own, rounded to a nanosecond.
    EXPECT_NEAR(static_cast<double>(bay.host->answers[i].time_ns), static_cast<double>(times[i]),
                1);
  }
}

TEST(Drive, a_flush_waits_for_everything_before_it_and_an_erasure_leaves_zeros) {
  OneBay bay;
  Bytes data = pattern(4 * kSector, 1);
  const auto list = one_piece(data);
  bay.host->send(DriveCommand::write, 0, 4 * kSector, list);
  bay.host->send(DriveCommand::flush, 0, 0);
  bay.host->send(DriveCommand::erase, kSector, 2 * kSector);
  bay.rack->run_until_idle();
  ASSERT_EQ(bay.errors(), (std::vector<int>{0, 0, 0}));
  EXPECT_GE(bay.host->answers[1].time_ns, bay.host->answers[0].time_ns);
  std::fill_n(data.begin() + kSector, 2 * kSector, std::byte{0});
  EXPECT_EQ(bay.on_medium(0, 4 * kSector), data);
}

TEST(Drive, bad_requests_are_answered_with_an_error_and_change_nothing) {
  OneBay bay;
  Bytes data = pattern(2 * kSector, 1);
  const auto list = one_piece(data);
  const std::int64_t end = bay.medium->size_bytes();
  bay.host->send(DriveCommand::write, 1, kSector, list);
  bay.host->send(DriveCommand::write, 0, 100, list);
  bay.host->send(DriveCommand::write, 0, 0, list);
  bay.host->send(DriveCommand::write, end, kSector, list);
  bay.host->send(DriveCommand::write, end - kSector, 2 * kSector, list);
  bay.host->send(DriveCommand::write, -kSector, kSector, list);
  bay.host->send(DriveCommand::read, 0, -kSector, list);
  bay.rack->run_until_idle();
  EXPECT_EQ(bay.errors(), std::vector<int>(7, EINVAL));
  EXPECT_EQ(bay.medium->overlay_bytes(), 0);

  bay.medium->set_write_protected(true);
  bay.host->send(DriveCommand::write, 0, kSector, list);
  bay.host->send(DriveCommand::erase, 0, kSector);
  bay.host->send(DriveCommand::read, 0, kSector, list);
  bay.host->answers.clear();
  bay.rack->run_until_idle();
  EXPECT_EQ(bay.errors(), (std::vector<int>{EROFS, EROFS, 0}));
}

TEST(Drive, an_empty_bay_answers_ENXIO) {
  OneBay bay;
  ASSERT_TRUE(bay.rack->eject(0));
  Bytes data(kSector);
  const auto list = one_piece(data);
  bay.host->send(DriveCommand::read, 0, kSector, list);
  bay.host->send(DriveCommand::flush, 0, 0);
  EXPECT_TRUE(bay.host->answers.empty()) << "no answer before the question has been put";
  bay.rack->run_until_idle();
  EXPECT_EQ(bay.errors(), (std::vector<int>{ENXIO, ENXIO}));
}

// One write over three tracks with two more requests behind it, and the medium torn out at
// `torn_at_ns`. Gives the answers after checking them and the medium against `times`.
void tear_out_of_a_write(std::int64_t torn_at_ns, const std::vector<std::int64_t>& times) {
  SCOPED_TRACE(testing::Message() << "torn out at " << torn_at_ns << " ns");
  constexpr std::int64_t kFirst = 500;
  const auto sectors = static_cast<std::int64_t>(times.size());
  OneBay bay;
  ASSERT_TRUE(bay.medium->write(kFirst * kSector, pattern(sectors * kSector, 1)));
  Bytes fresh = pattern(sectors * kSector, 2);
  const auto list = one_piece(fresh);
  bay.host->send(DriveCommand::write, kFirst * kSector, sectors * kSector, list);
  bay.host->send(DriveCommand::write, 0, kSector, list);
  bay.host->send(DriveCommand::flush, 0, 0);
  bay.rack->run_until(torn_at_ns);
  ASSERT_TRUE(bay.rack->tear_out(0));
  bay.rack->run_until_idle();

  const std::int64_t passed =
      std::count_if(times.begin(), times.end(), [&](std::int64_t t) { return t <= torn_at_ns; });
  Bytes wanted = pattern(sectors * kSector, 1);
  std::copy_n(fresh.begin(), passed * kSector, wanted.begin());
  EXPECT_EQ(bay.on_medium(kFirst * kSector, sectors * kSector), wanted) << passed << " passed";
  EXPECT_EQ(bay.on_medium(0, kSector), Bytes(kSector));

  ASSERT_EQ(bay.host->answers.size(), 3U);
  const bool done = passed == sectors;
  EXPECT_EQ(bay.errors(), (std::vector<int>{done ? 0 : ENXIO, ENXIO, ENXIO}));
  EXPECT_EQ(bay.host->answers[0].transferred_bytes, passed * kSector);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bay.host->answers[static_cast<std::size_t>(i)].request, i);
  }
  EXPECT_EQ(bay.host->answers[1].time_ns, torn_at_ns);
}

TEST(Drive, torn_out_at_any_instant_of_a_write_the_sectors_passed_are_on_the_medium_and_no_others) {
  const std::vector<std::int64_t> times = passing_times(0, 500, 120);
  // Around the passing of every sector, and a fine raster over everything.
  std::vector<std::int64_t> instants{0, 1, kOverheadNs};
  for (const std::int64_t time : times) {
    instants.insert(instants.end(), {time - 1, time, time + 1});
  }
  for (int i = 1; i <= 200; ++i) instants.push_back(times.back() * i / 200);
  for (const std::int64_t instant : instants) tear_out_of_a_write(instant, times);
}

TEST(Drive, torn_out_of_a_read_the_memory_holds_what_has_passed) {
  const std::vector<std::int64_t> times = passing_times(0, 500, 120);
  for (const std::size_t sector : {std::size_t{0}, std::size_t{59}, std::size_t{118}}) {
    OneBay bay;
    const Bytes data = pattern(120 * kSector, 1);
    ASSERT_TRUE(bay.medium->write(500 * kSector, data));
    Bytes memory(120 * kSector);
    const auto list = one_piece(memory);
    bay.host->send(DriveCommand::read, 500 * kSector, 120 * kSector, list);
    bay.rack->run_until(times[sector] + 5);
    ASSERT_TRUE(bay.rack->tear_out(0));
    bay.rack->run_until_idle();
    Bytes wanted(120 * kSector);
    std::copy_n(data.begin(), (sector + 1) * kSector, wanted.begin());
    EXPECT_EQ(memory, wanted);
    EXPECT_EQ(bay.errors(), std::vector<int>{ENXIO});
  }
}

// What was to happen to a request that is torn out must not happen to the next one, wherever the
// first had come to.
TEST(Drive, a_medium_put_back_at_once_does_not_go_on_with_old_requests) {
  const std::vector<std::int64_t> passing = passing_times(0, 0, 10);
  for (const std::int64_t torn_at_ns : {kOverheadNs / 2, kOverheadNs, passing[4] + 1}) {
    SCOPED_TRACE(testing::Message() << "torn out at " << torn_at_ns << " ns");
    OneBay bay;
    Bytes data = pattern(10 * kSector, 1);
    const auto list = one_piece(data);
    bay.host->send(DriveCommand::write, 0, 10 * kSector, list);
    bay.rack->run_until(torn_at_ns);
    ASSERT_TRUE(bay.rack->tear_out(0));
    ASSERT_TRUE(bay.rack->insert(0, bay.medium));
    const DriveStatistics before = *bay.rack->statistics(0);
    Bytes read(kSector);
    const auto into = one_piece(read);
    bay.host->send(DriveCommand::read, 50 * kSector, kSector, into);
    bay.rack->run_until_idle();
    EXPECT_EQ(bay.errors(), (std::vector<int>{ENXIO, 0}));
    EXPECT_EQ(bay.host->answers[1].time_ns, passing_times(torn_at_ns, 50, 1).back());
    const DriveStatistics after = *bay.rack->statistics(0);
    EXPECT_EQ(after.busy_ns - before.busy_ns, kOverheadNs + after.rotation_ns - before.rotation_ns +
                                                  after.transfer_ns - before.transfer_ns);
    EXPECT_EQ(bay.host->events, (std::vector<std::string>{"inserted", "busy", "torn out", "idle",
                                                          "inserted", "busy", "idle"}));
  }
}

TEST(Drive, torn_out_before_the_arm_moves_nothing_is_transferred) {
  OneBay bay;
  Bytes data = pattern(10 * kSector, 1);
  const auto list = one_piece(data);
  bay.host->send(DriveCommand::write, 0, 10 * kSector, list);
  bay.rack->run_until(passing_times(0, 0, 10)[4]);
  ASSERT_TRUE(bay.rack->tear_out(0));
  ASSERT_TRUE(bay.rack->insert(0, bay.medium));
  bay.host->send(DriveCommand::write, 100 * kSector, 10 * kSector, list);
  bay.rack->run_until(bay.rack->executor().now_ns() + kOverheadNs - 1);
  ASSERT_TRUE(bay.rack->tear_out(0));
  EXPECT_EQ(bay.on_medium(100 * kSector, 10 * kSector), Bytes(10 * kSector));
  EXPECT_NE(bay.on_medium(0, 10 * kSector), Bytes(10 * kSector));
}

TEST(Drive, an_image_written_in_mid_transfer_has_the_sectors_passed_so_far) {
  OneBay bay;
  const std::vector<std::int64_t> times = passing_times(0, 0, 20);
  Bytes data = pattern(20 * kSector, 1);
  const auto list = one_piece(data);
  bay.host->send(DriveCommand::write, 0, 20 * kSector, list);
  bay.rack->run_until(times[6]);
  const std::string path = testing::TempDir() + "drive_test." + std::to_string(getpid()) + ".img";
  ASSERT_TRUE(bay.rack->write_image(0, path));
  std::ifstream file(path, std::ios::binary);
  Bytes read(20 * kSector);
  file.read(reinterpret_cast<char*>(read.data()), static_cast<std::streamsize>(read.size()));
  std::remove(path.c_str());
  Bytes wanted(20 * kSector);
  std::copy_n(data.begin(), 7 * kSector, wanted.begin());
  EXPECT_EQ(read, wanted);
  bay.rack->run_until_idle();
  EXPECT_EQ(bay.on_medium(0, 20 * kSector), data);
  EXPECT_EQ(bay.rack->statistics(0)->written_bytes, 20 * kSector);
}

TEST(Drive, an_image_that_can_not_be_read_gives_EIO) {
  const std::string path = testing::TempDir() + "drive_test." + std::to_string(getpid()) + ".eio";
  std::ofstream(path, std::ios::binary) << std::string(100 * kSector, 'x');
  OneBay bay;
  ASSERT_TRUE(bay.rack->eject(0));
  const auto medium = Medium::load(path, *bay.rack->medium_shape(0));
  ASSERT_TRUE(medium);
  ASSERT_TRUE(bay.rack->insert(0, *medium));
  ASSERT_EQ(truncate(path.c_str(), 0), 0);
  Bytes data(10 * kSector);
  const auto list = one_piece(data);
  bay.host->send(DriveCommand::read, 0, 10 * kSector, list);
  bay.rack->run_until_idle();
  std::remove(path.c_str());
  EXPECT_EQ(bay.errors(), std::vector<int>{EIO});
}

// A random load with tear-outs and insertions on two bays; gives all answers in order.
std::vector<TestHost::Answer> random_load(std::uint32_t seed, std::uint64_t tie_seed) {
  auto rack = std::move(*Rack::create(tie_seed));
  EXPECT_TRUE(rack->add_controller("scsi0", 2, "zip100"));
  TestHost hosts[2] = {TestHost(*rack, 0), TestHost(*rack, 1)};
  const std::shared_ptr<Medium> media[2] = {*Medium::blank("a", *rack->medium_shape(0)),
                                            *Medium::blank("b", *rack->medium_shape(0))};
  Bytes memory(64 * kSector);
  const auto list = one_piece(memory);
  for (std::uint32_t i = 0; i < 400; ++i) {
    const auto drawn = r123::Philox4x32()({{i, 0, 0, 0}}, {{seed, 0}});
    const int bay = static_cast<int>(drawn[0] % 2);
    const std::int64_t sector = drawn[1] % (zip100()->layout.sectors() - 64);
    const std::int64_t length_bytes = (drawn[2] % 64 + 1) * kSector;
    if (drawn[3] % 40 == 0) {
      static_cast<void>(rack->tear_out(bay));
    } else if (rack->medium(bay).value() == nullptr) {
      EXPECT_TRUE(rack->insert(bay, media[bay]));
    } else {
      hosts[bay].send(drawn[3] % 2 == 0 ? DriveCommand::read : DriveCommand::write,
                      sector * kSector, length_bytes, list);
    }
    rack->run_until(rack->executor().now_ns() + drawn[3] % 80'000'000);
  }
  rack->run_until_idle();
  auto answers = hosts[0].answers;
  answers.insert(answers.end(), hosts[1].answers.begin(), hosts[1].answers.end());
  return answers;
}

TEST(Drive, the_same_seed_gives_the_same_answers_at_the_same_times) {
  const auto answers = random_load(7, 0);
  EXPECT_GT(answers.size(), 300U);
  EXPECT_EQ(answers, random_load(7, 0));
  EXPECT_NE(answers, random_load(8, 0));
}

TEST(Drive, bays_do_not_depend_on_who_is_first_at_equal_times) {
  const auto answers = random_load(7, 0);
  for (std::uint64_t tie_seed = 1; tie_seed <= 5; ++tie_seed) {
    EXPECT_EQ(answers, random_load(7, tie_seed));
  }
}

TEST(Drive, payloads_are_used_again_and_all_come_back) {
  OneBay bay;
  Bytes data(kSector);
  const auto list = one_piece(data);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 4; ++i) bay.host->send(DriveCommand::read, i * kSector, kSector, list);
    bay.rack->run_until_idle();
  }
  const PayloadPool& pool = bay.rack->place(0).controller->pool();
  EXPECT_EQ(bay.host->answers.size(), 200U);
  EXPECT_EQ(pool.made(), 4U);
  EXPECT_EQ(pool.outstanding(), 0U);
}

TEST(Drive, a_rack_may_be_left_with_requests_in_it) {
  OneBay bay;
  Bytes data(kSector);
  const auto list = one_piece(data);
  for (int i = 0; i < 3; ++i) bay.host->send(DriveCommand::read, i * kSector, kSector, list);
  bay.rack->run_until(kOverheadNs);
  EXPECT_TRUE(bay.host->answers.empty());
}

// Somebody who speaks generic payloads only.
struct Stranger : sc_core::sc_module {
  explicit Stranger(const sc_core::sc_module_name& name) : sc_module(name) {}
  tlm_utils::simple_initiator_socket<Stranger> socket{"socket"};
};

TEST(Drive, a_payload_without_the_extension_is_not_taken) {
  FreshContext context;
  SystemcExecutor executor;
  Drive drive("drive", executor, disk_kind(zip100()));
  Stranger stranger("stranger");
  stranger.socket.bind(drive.socket);
  executor.start();
  tlm::tlm_generic_payload payload;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(stranger.socket->nb_transport_fw(payload, phase, delay), tlm::TLM_COMPLETED);
  EXPECT_EQ(payload.get_response_status(), tlm::TLM_COMMAND_ERROR_RESPONSE);
  EXPECT_EQ(context.first_error(), "");
}

TEST(DriveExtension, is_cloned_and_copied_whole) {
  Bytes memory(10);
  DriveExtension original;
  original.command = DriveCommand::erase;
  original.length_bytes = 1234;
  original.data = Data(memory.data());
  original.error = EIO;
  original.refusal = "why";
  tlm::tlm_extension_base* copy = original.clone();
  DriveExtension other;
  other.copy_from(*copy);
  copy->free();
  EXPECT_EQ(other.command, DriveCommand::erase);
  EXPECT_EQ(other.length_bytes, 1234);
  EXPECT_TRUE(other.data.contiguous(10));
  EXPECT_FALSE(other.data.empty());
  EXPECT_EQ(other.error, EIO);
  EXPECT_EQ(other.refusal, "why");
}

}  // namespace
}  // namespace biotope::sim
