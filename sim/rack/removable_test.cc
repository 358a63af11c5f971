#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

using Bytes = std::vector<std::byte>;
using Events = std::vector<std::string>;

// One bay with nothing in it, and media for it.
struct Bay {
  explicit Bay(std::string_view profile) : rack(std::move(*Rack::create())) {
    EXPECT_TRUE(rack->add_controller("c", 1, profile));
    host = std::make_unique<TestHost>(*rack, 0);
    sector_bytes = rack->medium_shape(0)->sector_size;
  }

  std::shared_ptr<Medium> insert(const std::string& name) {
    const auto medium = *Medium::blank(name, *rack->medium_shape(0));
    EXPECT_TRUE(medium->write(
        0, Bytes(static_cast<std::size_t>(sector_bytes), static_cast<std::byte>(name[0]))));
    EXPECT_TRUE(rack->insert(0, medium));
    return medium;
  }
  // The first letter of the medium's name, as a request gets it; 0 when it fails.
  char ask() {
    Bytes bytes(static_cast<std::size_t>(sector_bytes));
    const std::vector<Segment> list{{bytes.data(), bytes.size()}};
    host->send(DriveCommand::read, 0, sector_bytes, list);
    rack->run_until_idle();
    return host->answers.back().error == 0 ? static_cast<char>(bytes[0]) : '\0';
  }
  Events events() { return std::exchange(host->events, {}); }
  // What a host hears of media, without the work.
  Events heard() {
    Events all = events();
    std::erase_if(all, [](const auto& e) { return e == "busy" || e == "idle"; });
    return all;
  }

  std::unique_ptr<Rack> rack;
  std::unique_ptr<TestHost> host;
  std::int64_t sector_bytes = 0;
};

void expect_refused(const Status& status, int code, const std::string& part) {
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, code) << status.error().text;
  EXPECT_NE(status.error().text.find(part), std::string::npos) << status.error().text;
}

// --- ZIP ----------------------------------------------------------------------------------------

TEST(Zip, has_a_lock_and_a_button_that_asks) {
  Bay zip("zip100");
  zip.insert("a");
  ASSERT_TRUE(zip.rack->lock(0));
  expect_refused(zip.rack->press_button(0), EBUSY, "is locked");
  ASSERT_TRUE(zip.rack->unlock(0));
  EXPECT_TRUE(zip.rack->press_button(0));
  EXPECT_EQ(zip.events(), (Events{"inserted", "locked", "unlocked", "ejected"}));
  expect_refused(zip.rack->press_button(0), ENXIO, "holds no medium");
}

// --- floppy -------------------------------------------------------------------------------------

TEST(Floppy, can_neither_be_locked_nor_ejected_by_the_host) {
  Bay floppy("floppy");
  floppy.insert("a");
  expect_refused(floppy.rack->lock(0), EOPNOTSUPP, "has no lock");
  expect_refused(floppy.rack->eject(0), EOPNOTSUPP, "by hand");
  EXPECT_TRUE(floppy.rack->press_button(0));
}

TEST(Floppy, the_host_learns_of_a_change_with_its_next_request_and_not_before) {
  Bay floppy("floppy");
  floppy.insert("a");
  EXPECT_EQ(floppy.heard(), Events{}) << "nobody has looked";
  EXPECT_EQ(floppy.ask(), '\0') << "the request that found out has failed";
  EXPECT_EQ(floppy.host->answers.back().error, ENXIO);
  EXPECT_EQ(floppy.heard(), Events{"inserted"});
  EXPECT_EQ(floppy.ask(), 'a');

  ASSERT_TRUE(floppy.rack->press_button(0));
  floppy.insert("b");
  EXPECT_EQ(floppy.heard(), Events{});
  EXPECT_EQ(floppy.ask(), '\0') << "what was meant for one medium does not reach another";
  EXPECT_EQ(floppy.heard(), (Events{"torn out", "inserted"}));
  EXPECT_EQ(floppy.ask(), 'b');

  ASSERT_TRUE(floppy.rack->press_button(0));
  EXPECT_EQ(floppy.heard(), Events{});
  EXPECT_EQ(floppy.ask(), '\0');
  EXPECT_EQ(floppy.heard(), Events{"torn out"});
}

TEST(Floppy, a_write_after_an_unnoticed_change_does_not_reach_the_other_medium) {
  Bay floppy("floppy");
  floppy.insert("a");
  floppy.ask();
  ASSERT_TRUE(floppy.rack->press_button(0));
  const auto other = floppy.insert("b");
  Bytes bytes(512, std::byte{'x'});
  const std::vector<Segment> list{{bytes.data(), bytes.size()}};
  floppy.host->send(DriveCommand::write, 0, 512, list);
  floppy.host->send(DriveCommand::write, 512, 512, list);
  floppy.rack->run_until_idle();
  EXPECT_EQ(floppy.host->answers.back().error, ENXIO);
  EXPECT_EQ(floppy.ask(), 'b');
  Bytes second(512);
  ASSERT_TRUE(other->read(512, second));
  EXPECT_EQ(second, Bytes(512));
}

TEST(Floppy, taken_out_in_the_middle_of_a_request_the_host_knows_at_once) {
  Bay floppy("floppy");
  floppy.insert("a");
  ASSERT_TRUE(floppy.rack->look(0));
  floppy.host->send(DriveCommand::read, 0, 512 * 18);
  floppy.rack->run_until(floppy.rack->executor().now_ns() + 1'000'000);
  floppy.events();
  ASSERT_TRUE(floppy.rack->press_button(0));
  EXPECT_EQ(floppy.events(), (Events{"torn out", "idle"}));
  floppy.rack->run_until_idle();
  EXPECT_EQ(floppy.host->answers.back().error, ENXIO);
}

TEST(Floppy, the_notch_protects_it) {
  Bay floppy("floppy");
  const auto medium = *Medium::blank("a", *floppy.rack->medium_shape(0));
  medium->set_write_protected(true);
  ASSERT_TRUE(floppy.rack->insert(0, medium));
  ASSERT_TRUE(floppy.rack->look(0));
  floppy.host->send(DriveCommand::write, 0, 512);
  floppy.rack->run_until_idle();
  EXPECT_EQ(floppy.host->answers.back().error, EROFS);
}

// --- CD-ROM -------------------------------------------------------------------------------------

TEST(Cdrom, the_tray_takes_its_time) {
  Bay cdrom("cdrom");
  cdrom.insert("a");
  EXPECT_EQ(cdrom.events(), Events{});
  EXPECT_FALSE(cdrom.rack->place(0).controller->drive(0).ready());
  cdrom.rack->run_until(1'999'999'999);
  EXPECT_EQ(cdrom.events(), Events{});
  cdrom.rack->run_until(2'000'000'000);
  EXPECT_EQ(cdrom.events(), Events{"inserted"});
  EXPECT_EQ(cdrom.ask(), 'a');
}

TEST(Cdrom, taken_out_while_it_loads_it_never_was_there) {
  Bay cdrom("cdrom");
  cdrom.insert("a");
  cdrom.rack->run_until(1'000'000'000);
  ASSERT_TRUE(cdrom.rack->press_button(0));
  const auto other = cdrom.insert("b");
  cdrom.rack->run_until(2'999'999'999);
  EXPECT_EQ(cdrom.events(), Events{});
  cdrom.rack->run_until(3'000'000'000);
  EXPECT_EQ(cdrom.events(), Events{"inserted"});
}

TEST(Cdrom, is_read_only_with_sectors_of_2352_bytes_and_locks) {
  Bay cdrom("cdrom");
  cdrom.insert("a");
  cdrom.rack->run_until_idle();
  EXPECT_EQ(cdrom.sector_bytes, 2352);
  cdrom.host->send(DriveCommand::write, 0, 2352);
  cdrom.host->send(DriveCommand::read, 2048, 2352);
  cdrom.rack->run_until_idle();
  EXPECT_EQ(cdrom.host->answers[0].error, EROFS);
  EXPECT_EQ(cdrom.host->answers[1].error, EINVAL);
  ASSERT_TRUE(cdrom.rack->lock(0));
  expect_refused(cdrom.rack->press_button(0), EBUSY, "locked");
  expect_refused(cdrom.rack->eject(0), EBUSY, "locked");
  EXPECT_TRUE(cdrom.rack->tear_out(0)) << "a paper clip";
}

TEST(Cdrom, a_medium_of_other_sectors_or_more_of_them_does_not_fit) {
  Bay cdrom("cdrom");
  const auto wrong = [&](std::int64_t sectors, std::int64_t sector_bytes) {
    return cdrom.rack->insert(0, *Medium::blank("x", {sectors * sector_bytes, sector_bytes}));
  };
  expect_refused(wrong(1000, 2048), EINVAL, "2048-byte sectors does not fit");
  expect_refused(wrong(333'001, 2352), EINVAL, "does not fit");
  EXPECT_TRUE(wrong(333'000, 2352));
}

// --- PC card ------------------------------------------------------------------------------------

TEST(PcCard, vanishes_and_returns_with_other_contents_in_the_same_bay) {
  Bay card("pccard");
  const auto first = card.insert("a");
  card.rack->run_until_idle();
  EXPECT_EQ(card.ask(), 'a');
  expect_refused(card.rack->lock(0), EOPNOTSUPP, "has no lock");
  expect_refused(card.rack->press_button(0), EOPNOTSUPP, "has no button");
  expect_refused(card.rack->eject(0), EOPNOTSUPP, "does not eject");
  card.heard();
  ASSERT_TRUE(card.rack->tear_out(0));
  EXPECT_EQ(card.ask(), '\0');
  card.insert("b");
  card.rack->run_until_idle();
  EXPECT_EQ(card.ask(), 'b');
  EXPECT_EQ(card.heard(), (Events{"torn out", "inserted"}));
}

}  // namespace
}  // namespace biotope::sim
