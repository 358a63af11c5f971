#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults/injector.h"
#include "sim/rack/test_host.h"

// For tests of faults through the machine: a fault changes what it must and nothing else, and the
// medium, which is the truth, knows.
namespace biotope::sim {

using Bytes = std::vector<std::byte>;
using Stamps = std::map<std::int64_t, int>;  // by sector
inline constexpr std::int64_t kSector = 512;
inline constexpr std::int64_t kLook = 64;  // sectors that are looked at
inline constexpr std::int64_t kSecond = 1'000'000'000;

// Two drives on one controller, the first sectors written with a stamp each.
class FaultyMachine {
 public:
  explicit FaultyMachine(const char* profile = "ide", LinkKind link = LinkKind::direct)
      : rack(std::move(*Rack::create())), faults(*rack, 1) {
    EXPECT_TRUE(rack->add_controller("ata0", 2, profile, LinkTraits::of(link)));
    for (int bay = 0; bay < 2; ++bay) {
      hosts.push_back(std::make_unique<TestHost>(*rack, bay));
      media.push_back(medium(bay == 0 ? "first" : "second", bay));
      EXPECT_TRUE(rack->insert(bay, media.back()));
    }
  }

  std::shared_ptr<Medium> medium(const std::string& name, int salt) {
    auto made = *Medium::blank(name, *rack->medium_shape(0));
    for (std::int64_t i = 0; i < kLook; ++i) {
      EXPECT_TRUE(made->write(i * kSector, stamped(1, before(salt, i))));
    }
    return made;
  }
  static int before(int salt, std::int64_t sector) {
    return static_cast<int>(1 + salt * 100 + sector);
  }
  static Bytes stamped(std::int64_t sectors, int stamp) {
    return Bytes(static_cast<std::size_t>(sectors * kSector), std::byte(stamp));
  }

  std::size_t fault(const std::string& line) {
    const auto number = faults.add(line);
    EXPECT_TRUE(number) << number.error().text;
    return number ? *number : 0;
  }

  // Sends a request and waits, at most a second.
  int request(int bay, DriveCommand command, std::int64_t first, Bytes& bytes) {
    const auto& list = lists.emplace_back(1, Segment{bytes.data(), bytes.size()});
    TestHost& host = *hosts[static_cast<std::size_t>(bay)];
    const std::size_t answers = host.answers.size();
    host.send(command, first * kSector, std::ssize(bytes), list);
    run(kSecond);
    if (host.answers.size() == answers) return ETIMEDOUT;
    last = host.answers.back();
    return last.error;
  }
  int write(std::int64_t first, std::int64_t sectors, int stamp, int bay = 0) {
    kept.push_back(stamped(sectors, stamp));
    return request(bay, DriveCommand::write, first, kept.back());
  }
  int flush(int bay = 0) {
    Bytes none;
    return request(bay, DriveCommand::flush, 0, none);
  }
  void run(std::int64_t time_ns) { rack->run_until(rack->executor().now_ns() + time_ns); }

  // Stamps of sectors as the host reads them, each by itself; an error is negative, and -1000 a
  // sector that is not of one stamp.
  int seen(std::int64_t sector, int bay = 0) {
    Bytes& bytes = kept.emplace_back(kSector);  // an answer may come when nobody waits any more
    const int error = request(bay, DriveCommand::read, sector, bytes);
    return error != 0 ? -error : stamp_of(bytes);
  }
  static int stamp_of(const Bytes& bytes) {
    const bool one = std::count(bytes.begin(), bytes.end(), bytes[0]) == std::ssize(bytes);
    return one ? static_cast<int>(bytes[0]) : -1000;
  }
  int truth(std::int64_t sector, int bay = 0) const {
    Bytes bytes(kSector);
    EXPECT_TRUE(media[static_cast<std::size_t>(bay)]->read(sector * kSector, bytes));
    return stamp_of(bytes);
  }
  // Where what a drive shows is not the truth.
  std::map<std::int64_t, int> lies(int bay = 0) {
    std::map<std::int64_t, int> wrong;
    for (std::int64_t i = 0; i < kLook; ++i) {
      const int shown = seen(i, bay);
      if (shown != truth(i, bay)) wrong[i] = shown;
    }
    return wrong;
  }
  // Where the truth is not what it was at the beginning.
  std::map<std::int64_t, int> changes(int bay = 0) const {
    std::map<std::int64_t, int> changed;
    for (std::int64_t i = 0; i < kLook; ++i) {
      if (truth(i, bay) != before(bay, i)) changed[i] = truth(i, bay);
    }
    return changed;
  }
  const std::vector<std::string>& events(int bay = 0) const {
    return hosts[static_cast<std::size_t>(bay)]->events;
  }
  bool heard(const std::string& event, int bay = 0) const {
    return std::count(events(bay).begin(), events(bay).end(), event) > 0;
  }

  std::unique_ptr<Rack> rack;
  Injector faults;
  std::vector<std::unique_ptr<TestHost>> hosts;
  std::vector<std::shared_ptr<Medium>> media;
  std::deque<Bytes> kept;
  std::deque<std::vector<Segment>> lists;
  TestHost::Answer last{};
};

}  // namespace biotope::sim
