#include "classes/vinum/on_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "classes/array/drive_mesh.h"
#include "classes/vinum/vinum.h"

namespace biotope {
namespace {

using ::testing::HasSubstr;
using testing::Medium;
using testing::pattern;

constexpr std::int64_t kStart = 135680;  // of data; geom.md B3
constexpr std::int64_t kSize = kStart + (64 << 10);
constexpr std::int64_t kVolume = 16 << 10;

constexpr const char* kMirrored =
    "drive a device da0\ndrive b device da1\nvolume home\n"
    "plex org concat\nsd length 16k drive a\nplex org concat\nsd length 16k drive b\n";
constexpr const char* kTwoVolumes =
    "drive a device da0\ndrive b device da1\n"
    "volume home\nplex org concat\nsd length 16k drive a\n"
    "volume tmp\nplex org concat\nsd length 16k drive b\n";
constexpr const char* kRaid5 =
    "drive a device da0\ndrive b device da1\ndrive c device da2\nvolume home\n"
    "plex org raid5 2k\nsd length 8k drive a\nsd length 8k drive b\nsd length 8k drive c\n";

// A machine that is switched on with these disks.
struct Boot : testing::DriveMesh, Observer {
  Boot() {
    t.mesh.facts().add(*this);
    EXPECT_TRUE(t.mesh.load(std::make_unique<VinumClass>()));
  }
  ~Boot() override { t.mesh.facts().remove(*this); }
  void on_fact(const Fact& fact) override {
    if (fact.kind == FactKind::note) notes += sentence(fact.text, '\n');
  }
  void insert(const std::string& name, Medium& medium) {
    plug(name, medium).write_through = true;
    t.mesh.settle();
  }
  std::string label(const char* text, std::vector<Provider*> disks) {
    const Status done = run(VinumClass::of(t.mesh)->label(t.mesh, "v", text, std::move(disks)));
    t.mesh.settle();
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }
  std::string clear(const char* disk) {
    const Status done = run(VinumClass::of(t.mesh)->clear(t.mesh, t.provider(disk)));
    t.mesh.settle();
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }
  Vinum& vinum() { return static_cast<Vinum&>(*t.mesh.geom("vinum", "v")); }
  bool offers() { return t.mesh.provider("vinum/home") != nullptr; }
  std::string stop(bool wipe) {
    const Status done = run(vinum().stop(wipe));
    t.mesh.settle();
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }
  std::string start(const char* plex) {
    const Status done = run(vinum().start_plex(plex));
    run_for(1'000'000'000);
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }
  Consumer& open(const std::string& volume) { return open_provider("vinum/" + volume); }
  Bytes all(Consumer& user) {
    Bytes bytes(kVolume);
    EXPECT_EQ(read(user, 0, bytes), 0);
    return bytes;
  }

  std::string notes;
};

// Disks with a labelled vinum on them, switched off.
std::deque<Medium> labelled(const char* text, std::size_t disks) {
  std::deque<Medium> media;
  Boot boot;
  std::vector<Provider*> all;
  for (std::size_t i = 0; i < disks; ++i) {
    boot.insert(sentence("da", i), media.emplace_back(kSize));
    all.push_back(&boot.t.provider(sentence("da", i)));
  }
  EXPECT_EQ(boot.label(text, all), "");
  boot.run_for(10'000'000'000);
  EXPECT_TRUE(boot.offers()) << boot.notes;
  return media;
}

std::string text_at(const Medium& medium, std::int64_t at) {
  return reinterpret_cast<const char*>(medium.stable.data() + at);
}

// --- what lies where ---

void put(Bytes& bytes, std::size_t at, std::uint64_t value) {
  for (int i = 7; i >= 0; --i, value >>= 8) {
    bytes[at + static_cast<std::size_t>(i)] = static_cast<std::byte>(value & 0xff);
  }
}
Bytes header_of(const char* host, const char* drive, std::uint64_t seconds, std::uint64_t micros) {
  Bytes bytes(512);
  std::memcpy(bytes.data(), "VINUM-1", 8);
  put(bytes, 8, 65536);
  std::strncpy(reinterpret_cast<char*>(bytes.data()) + 16, host, 32);
  std::strncpy(reinterpret_cast<char*>(bytes.data()) + 48, drive, 32);
  put(bytes, 96, seconds);
  put(bytes, 104, micros);
  put(bytes, 112, static_cast<std::uint64_t>(kSize));
  return bytes;
}

constexpr const char* kAsGvinum =
    "volume home state up\n"
    "plex name home.p0 org concat vol home state up\n"
    "plex name home.p1 org concat vol home state up\n"
    "sd name home.p0.s0 drive a len 32s driveoffset 265s plex home.p0 plexoffset 0s state up\n"
    "sd name home.p1.s0 drive b len 32s driveoffset 265s plex home.p1 plexoffset 0s state up\n";

TEST(VinumOnDisk, header_and_configuration_are_gvinums_byte_for_byte) {
  const std::deque<Medium> media = labelled(kMirrored, 2);
  for (const auto& [medium, drive] : {std::pair(&media[0], "a"), std::pair(&media[1], "b")}) {
    const Bytes header(medium->bytes.begin() + 4096, medium->bytes.begin() + 4608);
    EXPECT_EQ(header, header_of("v", drive, 0, 0)) << "of simulated time 0";
    for (const std::int64_t at : {4608, 4608 + 65536}) {
      const std::string text = text_at(*medium, at);
      EXPECT_EQ(text.substr(0, 2), "# ") << "a comment for gvinum";
      EXPECT_EQ(text.substr(text.find("volume")), kAsGvinum);
    }
    EXPECT_EQ(medium->bytes[kStart], std::byte{0});
  }
}

TEST(VinumOnDisk, what_gvinum_has_written_is_found) {
  std::deque<Medium> media;
  for (const char* drive : {"a", "b"}) {
    Medium& medium = media.emplace_back(kSize);
    std::ranges::copy(header_of("host", drive, 1'300'000'000, 7), medium.bytes.begin() + 4096);
    for (const std::int64_t at : {4608, 4608 + 65536}) {
      std::memcpy(medium.bytes.data() + at, kAsGvinum, std::strlen(kAsGvinum));
    }
  }
  Boot boot;
  boot.insert("da0", media[0]);
  EXPECT_FALSE(boot.offers());
  boot.insert("da1", media[1]);
  ASSERT_TRUE(boot.offers());
  EXPECT_EQ(boot.t.mesh.geom("vinum", "host")->status(), "home up, 2 of 2 plexes: home.p0 home.p1");
}

TEST(VinumOnDisk, a_copy_that_was_not_written_to_its_end_is_none) {
  const vinum::Header header{.set = "v", .name = "a", .born = {}, .updated = {5, 6}};
  Bytes copy = vinum::encode_copy({5, 999'999}, kAsGvinum);
  const auto whole = vinum::decode_copy(copy, header);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->text, kAsGvinum);
  EXPECT_EQ(whole->stamp.next(), (vinum::Stamp{6, 0}));
  for (const std::size_t at : {3U, 12U, 20U, 40U, 200U}) {
    Bytes torn = copy;
    torn[at] ^= std::byte{1};
    const auto read = vinum::decode_copy(torn, header);
    EXPECT_TRUE(!read || read->stamp == header.updated) << at << ": gvinum's own word, or none";
    std::ranges::fill(torn.begin() + static_cast<std::ptrdiff_t>(at), torn.end(), std::byte{0});
    EXPECT_TRUE(at < 20 || !vinum::decode_copy(torn, header)) << at;
  }
  EXPECT_FALSE(vinum::decode_copy(Bytes(65536), header));
}

RC_GTEST_PROP(VinumOnDisk, any_text_on_a_drive_is_refused_or_found, ()) {
  const auto lines = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "volume v state up\n", "volume w\n", "plex name p org concat vol v state up\n",
      "plex name q org raid5 2s vol v state degraded\n", "# seen a 0 0\n", "# seen b 9 9\n",
      "# seen\n", "# prefer v p\n", "sd name s drive a len 8s driveoffset 265s plex p state up\n",
      "sd name t drive b len 8s driveoffset 265s plex q state up\n",
      "sd name u drive b len 8s driveoffset 273s plex q state stale\n",
      "sd name x drive c len 8s driveoffset 265s plex q plexoffset 4s state up\n",
      "sd name y drive a len 99999s driveoffset 300s plex q\n", "sd name s", "\n"));
  std::string text;
  for (const std::string& line : lines) text += line;
  Medium medium(kSize);
  std::ranges::copy(header_of("v", "a", 3, 7), medium.bytes.begin() + 4096);
  std::memcpy(medium.bytes.data() + 4608, text.data(), text.size());
  Boot boot;
  boot.insert("da0", medium);
  boot.run_for(10'000'000'000);
  Geom* geom = boot.t.mesh.geom("vinum", "v");
  if (geom != nullptr) RC_ASSERT(!geom->status().empty());
  boot.unplug("da0");
  RC_ASSERT(boot.t.mesh.geom("vinum", "v") == nullptr);
}

// --- coming together ---

TEST(VinumLabelled, is_found_in_any_order_with_what_was_written) {
  std::deque<Medium> media = labelled(kRaid5, 3);
  Bytes data = pattern(kVolume, 1);
  std::vector<std::size_t> order{0, 1, 2};
  unsigned salt = 1;
  do {
    Boot boot;
    for (const std::size_t i : order) {
      EXPECT_FALSE(boot.offers());
      boot.insert(sentence("da", i), media[i]);
    }
    ASSERT_TRUE(boot.offers()) << boot.notes;
    EXPECT_EQ(boot.vinum().status(), "home up, 1 of 1 plexes: home.p0");
    Consumer& user = boot.open("home");
    if (salt > 1) {
      EXPECT_EQ(boot.all(user), data);
    }
    data = pattern(kVolume, ++salt);
    EXPECT_EQ(boot.write(user, 0, data), 0);
  } while (std::ranges::next_permutation(order).found);
}

TEST(VinumLabelled, a_plex_that_missed_a_write_is_down_on_disk_before_that_is_acknowledged) {
  std::deque<Medium> media = labelled(kMirrored, 2);
  const Bytes data = pattern(kVolume, 2);
  {
    Boot boot;
    boot.insert("da0", media[0]);
    boot.insert("da1", media[1]);
    Consumer& user = boot.open("home");
    ASSERT_EQ(boot.write(user, 0, pattern(kVolume, 1)), 0);
    boot.drive("da1").write_error = EIO;
    EXPECT_EQ(boot.write(user, 0, data), 0);
    EXPECT_THAT(text_at(media[0], 4608),
                HasSubstr("plex name home.p1 org concat vol home state down"));
    EXPECT_THAT(boot.vinum().status(), HasSubstr("home.p1 (down)"));
  }
  for (const bool newest_first : {true, false}) {
    Boot boot;
    boot.insert("da0", media[newest_first ? 0 : 1]);
    boot.insert("da1", media[newest_first ? 1 : 0]);
    Consumer& user = boot.open("home");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(boot.all(user), data) << "it is never a source";
    EXPECT_THAT(boot.vinum().status(), HasSubstr("home.p1 (down)"));
  }
  Boot boot;
  boot.insert("da0", media[0]);
  boot.insert("da1", media[1]);
  EXPECT_EQ(boot.start("home.p1"), "");
  EXPECT_THAT(text_at(media[1], 4608), HasSubstr("plex name home.p1 org concat vol home state up"));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), media[1].stable.begin() + kStart));
}

TEST(VinumLabelled, starts_without_a_drive_after_a_while_and_takes_it_back) {
  std::deque<Medium> media = labelled(kRaid5, 3);
  const Bytes data = pattern(kVolume, 1);
  Boot boot;
  boot.insert("da0", media[0]);
  boot.insert("da2", media[2]);
  EXPECT_FALSE(boot.offers());
  EXPECT_EQ(boot.vinum().status(), "starting, waits for drives: b");
  boot.run_for(4'100'000'000);
  ASSERT_TRUE(boot.offers());
  EXPECT_EQ(boot.vinum().status(),
            "home up, 1 of 1 plexes: home.p0 (degraded, without home.p0.s1)");
  Consumer& user = boot.open("home");
  EXPECT_EQ(boot.write(user, 0, data), 0);
  boot.insert("da1", media[1]);
  boot.run_for(1'000'000'000);
  EXPECT_EQ(boot.vinum().status(), "home up, 1 of 1 plexes: home.p0")
      << "it has got what it lacked";
  boot.unplug("da0");
  EXPECT_EQ(boot.all(user), data);
  EXPECT_THAT(text_at(media[1], 4608), HasSubstr("state degraded"));
}

TEST(VinumLabelled, a_volume_that_has_lost_its_last_plex_is_back_with_the_drive) {
  std::deque<Medium> media = labelled(kTwoVolumes, 2);
  Boot boot;
  boot.insert("da0", media[0]);
  boot.insert("da1", media[1]);
  const Bytes data = pattern(kVolume, 3);
  ASSERT_EQ(boot.write(boot.open("home"), 0, data), 0);
  boot.unplug("da0");
  EXPECT_FALSE(boot.offers());
  EXPECT_EQ(boot.vinum().status(),
            "home down, 0 of 1 plexes: home.p0; tmp up, 1 of 1 plexes: tmp.p0");
  boot.insert("da0", media[0]);
  ASSERT_TRUE(boot.offers());
  EXPECT_EQ(boot.all(boot.open("home")), data);
}

TEST(VinumLabelled, a_new_disk_takes_the_place_of_a_lost_drive) {
  std::deque<Medium> media = labelled(kRaid5, 3);
  const Bytes data = pattern(kVolume, 4);
  Medium& fresh = media.emplace_back(kSize);
  Medium small(kStart + 4096);
  {
    Boot boot;
    for (const std::size_t i : {0U, 1U, 2U}) boot.insert(sentence("da", i), media[i]);
    boot.insert("da3", fresh);
    boot.insert("da4", small);
    ASSERT_EQ(boot.write(boot.open("home"), 0, data), 0);
    const auto insert = [&](const char* drive, const char* disk) {
      const Status done = boot.run(boot.vinum().insert(drive, disk));
      boot.run_for(1'000'000'000);
      return done ? "" : done.error().text;
    };
    EXPECT_EQ(insert("b", "da3"), "drive b of vinum v is there, on da1");
    boot.unplug("da1");
    EXPECT_EQ(insert("x", "da3"), "vinum v has no drive x");
    EXPECT_THAT(insert("b", "da4"),
                HasSubstr("da4 can not be drive b of vinum v: that needs 143872"));
    EXPECT_NE(insert("b", "da0"), "") << "it is a drive, and in use";
    EXPECT_EQ(insert("b", "da3"), "");
    EXPECT_EQ(boot.vinum().status(), "home up, 1 of 1 plexes: home.p0");
  }
  Boot boot;
  for (const std::size_t i : {3U, 0U, 2U}) boot.insert(sentence("da", i), media[i]);
  ASSERT_TRUE(boot.offers());
  boot.insert("da1", media[1]);
  EXPECT_THAT(boot.notes, HasSubstr("da1 can not join vinum v: it says it is drive b, and da3"));
  boot.unplug("da0");
  EXPECT_EQ(boot.all(boot.open("home")), data);
}

TEST(VinumLabelled, a_new_disk_brings_no_lost_volume_back) {
  std::deque<Medium> media = labelled(kTwoVolumes, 2);
  Boot boot;
  boot.insert("da0", media[0]);
  boot.insert("da1", media[1]);
  boot.insert("da2", media.emplace_back(kSize));
  boot.unplug("da0");
  EXPECT_TRUE(boot.run(boot.vinum().insert("a", "da2")));
  EXPECT_FALSE(boot.offers());
  EXPECT_THAT(boot.vinum().status(), HasSubstr("home down, 0 of 1 plexes: home.p0 (down)"));
}

TEST(VinumLabelled, halves_that_were_written_apart_are_refused_by_name) {
  for (const int more : {0, 1}) {
    std::deque<Medium> media = labelled(kMirrored, 2);
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i <= (half == 0 ? more : 0); ++i) {
        Boot boot;
        boot.insert("da0", media[static_cast<std::size_t>(half)]);
        boot.run_for(5'000'000'000);
        ASSERT_TRUE(boot.offers());
        EXPECT_EQ(boot.write(boot.open("home"), 0, pattern(kVolume, 7)), 0);
      }
    }
    Boot boot;
    boot.insert("da0", media[0]);
    boot.insert("da1", media[1]);
    boot.run_for(5'000'000'000);
    EXPECT_THAT(boot.notes, HasSubstr(" were written without each other; decide which is right"));
    EXPECT_THAT(boot.notes, HasSubstr("drive a on da0"));
    EXPECT_THAT(boot.notes, HasSubstr("drive b on da1"));
    EXPECT_EQ(boot.offers(), more == 1) << "the newer one alone, or none where none is newer";
  }
}

TEST(VinumLabelled, a_second_disk_that_says_it_is_the_same_drive_is_refused) {
  std::deque<Medium> media = labelled(kMirrored, 2);
  media.push_back(media[0]);
  Boot boot;
  for (const std::size_t i : {0U, 2U, 1U}) boot.insert(sentence("da", i), media[i]);
  EXPECT_TRUE(boot.offers());
  EXPECT_THAT(boot.notes, HasSubstr("da2 can not join vinum v: it says it is drive a, and da0 is "
                                    "that; clear the one that is not"));
}

TEST(VinumLabelled, what_is_damaged_or_too_old_is_refused_with_a_reason_and_can_be_cleared) {
  std::deque<Medium> media = labelled(kMirrored, 2);
  for (const std::int64_t at : {4608 + 30, 4608 + 65536 + 30}) {
    media[0].bytes[static_cast<std::size_t>(at)] ^= std::byte{4};
    Boot boot;
    boot.insert("da0", media[0]);
    const bool one_left = at < 4608 + 65536;
    EXPECT_EQ(boot.t.mesh.geom("vinum", "v") != nullptr, one_left) << boot.notes;
    if (one_left) continue;
    EXPECT_THAT(boot.notes,
                HasSubstr("da0: both copies of what drive a of vinum v says are damaged"));
    EXPECT_EQ(boot.clear("da0"), "");
    EXPECT_THAT(boot.clear("da0"),
                HasSubstr(sentence(ENOENT, ": da0: it holds no drive of vinum")));
    EXPECT_EQ(std::ranges::count(media[0].bytes, std::byte{0}), kSize);
  }
  std::memcpy(media[1].bytes.data() + 4096, "IN VINO", 8);
  Boot boot;
  boot.insert("da1", media[1]);
  EXPECT_THAT(boot.notes, HasSubstr("da1: it holds a drive of vinum as it was before gvinum's"));
  EXPECT_EQ(boot.clear("da1"), "");
}

TEST(VinumLabelled, verbs_are_refused_whole) {
  std::deque<Medium> media = labelled(kMirrored, 2);
  Boot boot;
  boot.insert("da0", media[0]);
  boot.insert("da1", media[1]);
  Medium large(1 << 20, 4096);
  boot.insert("da2", large);
  Provider* da2 = &boot.t.provider("da2");
  const char* text = "drive c device da2\nvolume w\nplex org concat\nsd length 16k drive c\n";
  EXPECT_EQ(boot.label(text, {da2}), sentence(EEXIST, ": there is a vinum v"));
  EXPECT_THAT(boot.clear("da0"), HasSubstr("da0")) << "in use";
  Consumer& user = boot.open("home");
  EXPECT_THAT(boot.stop(true), HasSubstr("vinum v can not stop: vinum/home is open (r1w1e1)"));
  boot.t.mesh.wither(user.geom());
  boot.t.mesh.settle();
  EXPECT_THAT(boot.vinum().recipe(), HasSubstr("vinum label v config="));
  EXPECT_EQ(boot.stop(false), "");
  EXPECT_EQ(boot.t.mesh.geom("vinum", "v"), nullptr);
  EXPECT_EQ(
      boot.label(text, {da2}),
      sentence(EINVAL, ": vinum v: da2 has sectors of 4096 bytes, and vinum's header has 512"));
  EXPECT_EQ(boot.label(kMirrored, {&boot.t.provider("da0"), &boot.t.provider("da1")}),
            sentence(EEXIST, ": da0 holds a drive of vinum already; clear it first"));
  Boot again;
  again.insert("da0", media[0]);
  again.insert("da1", media[1]);
  ASSERT_TRUE(again.offers()) << "stopped, it is all there";
  EXPECT_EQ(again.stop(true), "");
  EXPECT_EQ(std::ranges::count(media[0].bytes, std::byte{0}), kSize);
}

// Whatever is lost and whenever the power is cut: what was acknowledged is there, as long as one
// plex lives that has it, in any order of arrival.
RC_GTEST_PROP(VinumLabelled, what_was_acknowledged_is_there_after_losses_and_a_power_cut, ()) {
  std::deque<Medium> media = labelled(kMirrored, 2);
  std::vector<unsigned> model(static_cast<std::size_t>(kVolume / 512));
  for (int round = 0; round < 3; ++round) {
    Boot boot;
    const bool swapped = *rc::gen::arbitrary<bool>();
    boot.insert("da0", media[swapped ? 1 : 0]);
    boot.insert("da1", media[swapped ? 0 : 1]);
    RC_ASSERT(boot.offers());
    Consumer& user = boot.open("home");
    for (std::size_t s = 0; s < model.size(); ++s) {
      Bytes sector(512);
      RC_ASSERT(boot.read(user, static_cast<std::int64_t>(s) * 512, sector) == 0);
      RC_ASSERT(model[s] == 0 || sector == pattern(512, model[s]));
    }
    const bool lost = *rc::gen::arbitrary<bool>();
    const bool failing = *rc::gen::arbitrary<bool>();
    testing::Drive& victim = boot.drive(lost ? "da0" : "da1");
    testing::Issuer issuer(boot.t.mesh);
    std::deque<Bytes> written;
    std::vector<std::pair<std::size_t, Bio*>> sent;
    for (auto& [name, drive] : boot.drives) {
      drive->latency_ns = [](const Bio& bio) { return 1000 + bio.position_bytes % 7; };
    }
    const int count = *rc::gen::inRange(1, 10);
    const int loss = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i) {
      if (i == loss && failing) victim.write_error = EIO;
      if (i == loss && !failing) victim.pull();
      if (!boot.offers()) break;  // and the user is told
      const auto s = *rc::gen::inRange<std::size_t>(0, model.size());
      const auto salt = static_cast<unsigned>(1 + round * 100 + i);
      const bool once = std::ranges::none_of(sent, [&](const auto& one) { return one.first == s; });
      if (!once) continue;
      written.push_back(pattern(512, salt));
      sent.emplace_back(s, &issuer.issue(user, Command::write, static_cast<std::int64_t>(s) * 512,
                                         512, Data(written.back().data())));
      model[s] = model[s] == 0 ? 0 : model[s];
      for (int steps = *rc::gen::inRange(0, 12); steps > 0; --steps) boot.t.executor.step();
    }
    for (int steps = *rc::gen::inRange(0, 40); steps > 0; --steps) boot.t.executor.step();
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const bool done = issuer.times_done[sent[i].second] > 0 && sent[i].second->error == 0;
      // What was not acknowledged may be there or not.
      model[sent[i].first] = done ? [&] {
        for (unsigned salt = 1;; ++salt) {
          if (written[i] == pattern(512, salt)) return salt;
        }
      }()
                                  : 0;
    }
    for (auto& [name, drive] : boot.drives) {
      drive->cut_power([&](const Bio&) { return *rc::gen::arbitrary<bool>(); });
    }
  }
}

}  // namespace
}  // namespace biotope
