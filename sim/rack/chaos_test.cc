// Everything that can happen to a machine, at any time, in any order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "classes/random_stream.h"
#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

constexpr int kBays = 3;
constexpr std::int64_t kSector = 512;

struct Story {
  std::vector<TestHost::Answer> answers;
  std::vector<std::string> events;
  friend bool operator==(const Story&, const Story&) = default;
};

class Chaos {
 public:
  Chaos(LinkKind kind, std::string_view profile, std::uint64_t seed, std::uint64_t tie_seed)
      : random_(seed, "chaos"), rack_(std::move(*Rack::create(tie_seed))) {
    LinkTraits link = LinkTraits::of(kind);
    link.timeout_ns = 200'000'000;
    EXPECT_TRUE(rack_->add_controller("c0", kBays, profile, link));
    for (int bay = 0; bay < kBays; ++bay) {
      hosts_.emplace_back(*rack_, bay);
      media_.push_back(*Medium::blank("m" + std::to_string(bay), *rack_->medium_shape(bay)));
      EXPECT_TRUE(rack_->insert(bay, media_.back()));
    }
  }

  Story play(int steps) {
    for (int i = 0; i < steps; ++i) {
      const int bay = static_cast<int>(random_.between(0, kBays - 1));
      if (random_.between(0, 4) == 0) {
        happens_to(bay);
      } else {
        ask(bay);
      }
      rack_->run_until(rack_->executor().now_ns() + random_.between(0, 20'000'000));
    }
    make_good();
    EXPECT_TRUE(rack_->run_until_idle(1'000'000));
    return check();
  }

 private:
  void ask(int bay) {
    const std::int64_t sectors = random_.between(1, 40);
    const auto command = static_cast<DriveCommand>(random_.between(0, 3));
    memory_.emplace_back(static_cast<std::size_t>(sectors * kSector));
    const bool data = command == DriveCommand::read || command == DriveCommand::write;
    lists_.emplace_back();
    if (data) lists_.back().push_back({memory_.back().data(), memory_.back().size()});
    const auto order = static_cast<TestHost::Order>(random_.between(0, 2));
    host(bay).send(command, random_.between(0, 2000) * kSector, sectors * kSector, lists_.back(),
                   order);
    ++asked_[bay];
  }

  // Whether it can happen now does not matter: then it is refused.
  void happens_to(int bay) {
    const int bays[] = {bay};
    switch (random_.between(0, 12)) {
      case 0:
        return ignore(rack_->tear_out(bay));
      case 1:
        return ignore(rack_->press_button(bay));
      case 2:
      case 3:
        return ignore(rack_->insert(bay, media_[static_cast<std::size_t>(bay)]));
      case 4:
        return ignore(rack_->cut_power(bays, {.rule = {.keep = CrashRule::Keep::per_sector}}));
      case 5:
        return ignore(rack_->restore_power(bays));
      case 6:
        return ignore(rack_->hang(bay, static_cast<Rung>(random_.between(0, 4))));
      case 7:
        return reset_bus(bay);
      case 8:
        return ignore(random_.between(0, 3) == 0 ? rack_->kill_controller(bay) : Status());
      case 9:
        return ignore(rack_->revive_controller(bay));
      case 10:
        return ignore(rack_->look(bay));
      case 11:
        return ignore(rack_->eject(bay));
      default:
        return ignore(rack_->lock(bay));
    }
  }
  static void ignore(const Status&) {}
  // Of what is in flight, all comes back or only some.
  void reset_bus(int bay) {
    if (random_.between(0, 1) == 0) return ignore(rack_->reset_bus(bay));
    const Rack::Place& place = rack_->place(bay);
    place.controller->reset_bus(place.bay, [this] { return random_.between(0, 1) == 0; });
  }

  void make_good() {
    for (int bay = 0; bay < kBays; ++bay) ignore(rack_->hang(bay, Rung::none));
    ignore(rack_->restore_power(rack_->all_bays()));
    ignore(rack_->revive_controller(0));
  }

  // Each request has come back once, and the machine works.
  Story check() {
    Story story;
    for (int bay = 0; bay < kBays; ++bay) {
      std::map<int, int> times;
      for (const auto& answer : host(bay).answers) ++times[answer.request];
      EXPECT_EQ(times.size(), static_cast<std::size_t>(asked_[bay])) << "bay " << bay;
      for (const auto& [request, n] : times) EXPECT_EQ(n, 1) << "bay " << bay << ": " << request;
      EXPECT_EQ(drive(bay).in_drive(), 0U);
      story.answers.insert(story.answers.end(), host(bay).answers.begin(), host(bay).answers.end());
      story.events.insert(story.events.end(), host(bay).events.begin(), host(bay).events.end());
    }
    const PayloadPool& pool = rack_->place(0).controller->pool();
    EXPECT_EQ(pool.outstanding(), 0U);
    for (int bay = 0; bay < kBays; ++bay) works_again(bay);
    return story;
  }
  void works_again(int bay) {
    ignore(rack_->insert(bay, media_[static_cast<std::size_t>(bay)]));
    rack_->run_until_idle();
    ignore(rack_->look(bay));
    EXPECT_TRUE(drive(bay).ready()) << "bay " << bay;
    host(bay).send(DriveCommand::read, 0, kSector);
    rack_->run_until_idle();
    EXPECT_EQ(host(bay).answers.back().error, 0) << "bay " << bay;
  }

  TestHost& host(int bay) { return hosts_[static_cast<std::size_t>(bay)]; }
  Drive& drive(int bay) { return rack_->place(bay).controller->drive(bay); }

  RandomStream random_;
  std::unique_ptr<Rack> rack_;
  std::deque<TestHost> hosts_;
  std::vector<std::shared_ptr<Medium>> media_;
  std::deque<std::vector<std::byte>> memory_;
  std::deque<std::vector<Segment>> lists_;
  std::map<int, int> asked_;
};

const std::pair<LinkKind, std::string_view> kMachines[] = {
    {LinkKind::direct, "cheetah-9lp"}, {LinkKind::scsi, "cheetah-9lp"},
    {LinkKind::sata, "sata-ncq"},      {LinkKind::scsi, "zip100"},
    {LinkKind::floppy, "floppy"},      {LinkKind::usb, "tiny-flash"},
    {LinkKind::direct, "pccard"}};

TEST(Chaos, Inv_A1_whatever_happens_each_request_comes_back_once_and_the_machine_works_again) {
  for (const auto& [kind, profile] : kMachines) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      SCOPED_TRACE(testing::Message() << kLinkNames[static_cast<std::size_t>(kind)] << ", "
                                      << profile << ", seed " << seed);
      Chaos(kind, profile, seed, 0).play(120);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Chaos, Inv_D1_the_same_seed_is_the_same_story) {
  for (const auto& [kind, profile] : kMachines) {
    const Story story = Chaos(kind, profile, 7, 0).play(120);
    EXPECT_GT(story.answers.size(), 50U);
    EXPECT_EQ(story, Chaos(kind, profile, 7, 0).play(120)) << profile;
    EXPECT_NE(story, Chaos(kind, profile, 8, 0).play(120)) << profile;
  }
}

TEST(Chaos, Inv_D2_the_story_does_not_depend_on_who_is_first_at_equal_times) {
  for (const auto& [kind, profile] : kMachines) {
    const Story story = Chaos(kind, profile, 7, 0).play(120);
    for (std::uint64_t tie_seed = 1; tie_seed <= 3; ++tie_seed) {
      EXPECT_EQ(story, Chaos(kind, profile, 7, tie_seed).play(120)) << profile;
    }
  }
}

// Drives of one kind that are asked for the same at the same instants, so that nearly all that
// happens happens to all of them at once. `first` gets who was answered before whom.
std::vector<TestHost::Answer> play_twins(LinkKind kind, std::string_view profile,
                                         std::uint64_t tie_seed, std::vector<int>& first) {
  constexpr int kTwins = 4;
  std::unique_ptr<Rack> rack = std::move(*Rack::create(tie_seed));
  const LinkTraits link = LinkTraits::of(kind);
  EXPECT_TRUE(rack->add_controller("c0", std::min(kTwins, link.most_bays), profile, link));
  std::deque<TestHost> hosts;
  for (int bay = 0; bay < rack->bays(); ++bay) {
    hosts.emplace_back(*rack, bay);
    EXPECT_TRUE(rack->insert(bay, *Medium::blank("m", *rack->medium_shape(bay))));
  }
  RandomStream random(1, "twins");
  for (int i = 0; i < 60; ++i) {
    const auto command = static_cast<DriveCommand>(random.between(0, 3));
    const std::int64_t at_bytes = random.between(0, 2000) * kSector;
    const std::int64_t length_bytes = random.between(1, 40) * kSector;
    for (TestHost& host : hosts) host.send(command, at_bytes, length_bytes);
    const std::int64_t until_ns = rack->executor().now_ns() + random.between(1, 20'000'000);
    while (rack->executor().next_due_ns() >= 0 && rack->executor().next_due_ns() <= until_ns) {
      rack->executor().step();
      for (int bay = 0; bay < rack->bays(); ++bay) {
        const auto answered = std::count(first.begin(), first.end(), bay);
        const auto& answers = hosts[static_cast<std::size_t>(bay)].answers;
        if (answered < std::ssize(answers)) first.push_back(bay);
      }
    }
    rack->run_until(until_ns);
  }
  rack->run_until_idle();
  std::vector<TestHost::Answer> all;
  for (const TestHost& host : hosts) {
    EXPECT_EQ(host.answers.size(), 60U);
    all.insert(all.end(), host.answers.begin(), host.answers.end());
  }
  return all;
}

// All work of a machine at one instant is one process of SystemC, so who is first there is what can
// be permuted, and is: else this would show nothing.
TEST(Chaos, Inv_D2_twins_at_work_at_the_same_instants_do_not_depend_on_who_is_first) {
  for (const auto& [kind, profile] : kMachines) {
    SCOPED_TRACE(testing::Message()
                 << kLinkNames[static_cast<std::size_t>(kind)] << ", " << profile);
    std::vector<int> order;
    const auto answers = play_twins(kind, profile, 0, order);
    int permuted = 0;
    for (std::uint64_t tie_seed = 1; tie_seed <= 4; ++tie_seed) {
      std::vector<int> drawn;
      EXPECT_TRUE(answers == play_twins(kind, profile, tie_seed, drawn)) << "seed " << tie_seed;
      permuted += drawn != order ? 1 : 0;
    }
    if (profile == "cheetah-9lp" && kind == LinkKind::direct) {
      EXPECT_EQ(permuted, 4);
    }
  }
}

}  // namespace
}  // namespace biotope::sim
