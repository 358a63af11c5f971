// What operators ask, in any state, and what is beyond gmirror: repair, scrub, spares, the map.
#include <gtest/gtest.h>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::record_on;
using biotope::testing::same;
using biotope::testing::User;

constexpr std::int64_t kMiB = 1 << 20;

struct Set {
  explicit Set(int labelled = 2, int drives = 3, std::int64_t size = kMiB) {
    for (int i = 0; i < drives; ++i) {
      media.push_back(std::make_unique<Medium>(size));
      m.plug("da" + std::to_string(i), *media.back());
    }
    std::vector<std::string> disks;
    for (int i = 0; i < labelled; ++i) disks.push_back("da" + std::to_string(i));
    EXPECT_EQ(m.label("home", disks), 0) << m.said;
    m.settle();
  }
  Mirror& mirror() { return *m.find("home"); }
  template <class Verb>
  int ask(Verb verb) {
    return m.ask([&](auto then) { verb(mirror(), then); });
  }
  std::vector<std::unique_ptr<Medium>> media;
  MirrorMesh m;
};

TEST(MirrorVerbs, what_can_not_be_is_refused_with_a_reason_and_changes_nothing) {
  Set set;
  Medium small(kMiB / 2);
  Medium odd(kMiB / 2352 * 2352, 2352);
  set.m.plug("small", small);
  set.m.plug("odd", odd);
  const Bytes before = set.media[0]->bytes;
  const auto refused = [&](int code, const char* word, auto verb) {
    EXPECT_EQ(set.ask(verb), code) << set.m.said;
    EXPECT_NE(set.m.said.find(word), std::string::npos) << set.m.said;
  };
  refused(EINVAL, "small", [](Mirror& m, auto then) { m.insert("small", {}, then); });
  refused(EINVAL, "odd", [](Mirror& m, auto then) { m.insert("odd", {}, then); });
  refused(ENOENT, "nowhere", [](Mirror& m, auto then) { m.insert("nowhere", {}, then); });
  refused(EEXIST, "da0", [](Mirror& m, auto then) { m.insert("da0", {}, then); });
  refused(ENOENT, "da2", [](Mirror& m, auto then) { m.remove("da2", then); });
  refused(ENOENT, "da2", [](Mirror& m, auto then) { m.deactivate("da2", then); });
  refused(ENOENT, "da2", [](Mirror& m, auto then) { m.rebuild("da2", then); });
  refused(ENOENT, "da2", [](Mirror& m, auto then) { m.activate("da2", then); });
  refused(EINVAL, "slice", [](Mirror& m, auto then) {
    Changes changes;
    changes.slice_bytes = 100;
    m.configure(changes, [then](Status s) {
      if (!s) s.error().text += " (slice)";
      then(s);
    });
  });
  refused(EINVAL, "say which", [](Mirror& m, auto then) {
    Changes changes;
    changes.priority = 7;
    m.configure(changes, then);
  });
  refused(EINVAL, "home", [](Mirror& m, auto then) { m.resize(kMiB, then); });
  EXPECT_EQ(set.m.label("home", {"da2"}), EEXIST);
  EXPECT_EQ(set.m.label("other", {"da0"}), EPERM) << set.m.said;
  EXPECT_EQ(set.m.label("other", {"da2", "da2"}), EINVAL);
  EXPECT_EQ(set.m.label("", {"da2"}), EINVAL);
  EXPECT_EQ(set.m.label("a name that is too long", {"da2"}), EINVAL);
  EXPECT_EQ(set.m.ask([&](auto then) { clear(set.m.t.mesh, "da0", then); }), EPERM);
  EXPECT_EQ(set.m.ask([&](auto then) { clear(set.m.t.mesh, "da2", then); }), metadata::kNone);
  set.m.settle();
  EXPECT_EQ(set.media[0]->bytes, before);
  EXPECT_TRUE(set.mirror().complete());
}

TEST(MirrorVerbs, what_another_array_keeps_on_a_disk_is_not_written_over) {
  Set set;
  const std::string magic = "GEOM::CONCAT";
  const auto last = set.media[2]->bytes.end() - 512;
  std::ranges::transform(magic, last, [](char c) { return std::byte(c); });
  const Bytes before = set.media[2]->bytes;
  EXPECT_EQ(set.m.label("other", {"da2"}), EEXIST);
  EXPECT_EQ(set.m.said, "da2 holds GEOM::CONCAT metadata already; clear them first");
  set.m.settle();
  EXPECT_EQ(set.media[2]->bytes, before);
}

TEST(MirrorVerbs, a_disk_put_out_of_use_can_come_back_at_once) {
  Set set;
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.deactivate("da1", then); }), 0) << set.m.said;
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.activate("da1", then); }), 0) << set.m.said;
  set.m.settle();
  EXPECT_TRUE(set.mirror().complete()) << set.mirror().status();
}

TEST(MirrorVerbs, the_last_good_copy_is_given_up_by_no_verb) {
  Set set(1);
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.remove("da0", then); }), EBUSY);
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.deactivate("da0", then); }), EBUSY);
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.rebuild("da0", then); }), EBUSY);
  Consumer& edge = set.m.open("home");
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.stop(Mirror::WhenOpen::refuse, then); }), EBUSY);
  EXPECT_EQ(set.m.write(edge, 0, pattern(4096, 1)), 0);
}

TEST(MirrorVerbs, Inv_E28_stop_keeps_the_metadata_and_is_not_found_again_by_itself) {
  Set set;
  ASSERT_EQ(set.ask([](Mirror& m, auto then) { m.stop(Mirror::WhenOpen::refuse, then); }), 0);
  set.m.settle();
  EXPECT_EQ(set.m.find("home"), nullptr);
  EXPECT_EQ(set.m.t.provider("da0").access(), Access{});
  EXPECT_TRUE(record_on(*set.media[0]));
  set.m.t.mesh.retaste(*set.m.t.mesh.find_class("mirror"));
  set.m.settle();
  ASSERT_NE(set.m.find("home"), nullptr);
  EXPECT_TRUE(set.mirror().complete());
  ASSERT_EQ(set.ask([](Mirror& m, auto then) { m.destroy(Mirror::WhenOpen::refuse, then); }), 0);
  set.m.settle();
  EXPECT_FALSE(record_on(*set.media[0]));
  EXPECT_FALSE(record_on(*set.media[1]));
}

TEST(MirrorVerbs, a_stop_while_open_waits_for_the_last_close_or_tears) {
  for (const auto when : {Mirror::WhenOpen::on_last_close, Mirror::WhenOpen::tear}) {
    Set set;
    Consumer& edge = set.m.open("home");
    auto& user = static_cast<User&>(edge.geom());
    int told = 0;
    user.on_orphaned = [&](Consumer& lost) {
      ++told;
      user.Geom::orphaned(lost);
    };
    ASSERT_EQ(set.m.write(edge, 0, pattern(4096, 1)), 0);
    ASSERT_EQ(set.ask([when](Mirror& m, auto then) { m.stop(when, then); }), 0);
    set.m.settle();
    if (when == Mirror::WhenOpen::on_last_close) {
      ASSERT_NE(set.m.find("home"), nullptr);
      EXPECT_TRUE(set.m.t.mesh.close(edge));
      set.m.settle();
    } else {
      EXPECT_EQ(told, 1);
    }
    EXPECT_EQ(set.m.find("home"), nullptr);
    EXPECT_FALSE(record_on(*set.media[0])->has(kDirty)) << "it was stopped in order";
    EXPECT_TRUE(same(*set.media[0], *set.media[1], kMiB - 512));
  }
}

TEST(MirrorVerbs, configure_changes_what_is_on_all_disks) {
  Set set;
  ASSERT_EQ(set.ask([](Mirror& m, auto then) {
    Changes changes;
    changes.balance = Balance::prefer;
    changes.failsync = false;
    changes.disk = "da1";
    changes.priority = 9;
    changes.hardcode = true;
    m.configure(changes, then);
  }),
            0)
      << set.m.said;
  for (const int i : {0, 1}) {
    const Record r = *record_on(*set.media[i]);
    EXPECT_EQ(r.balance, Balance::prefer);
    EXPECT_EQ(r.mirror_flags, kNoFailSync);
    EXPECT_EQ(r.owner.provider, i == 1 ? "da1" : "");
  }
  EXPECT_EQ(record_on(*set.media[1])->priority, 9);
  EXPECT_EQ(set.mirror().members().front()->provider, "da1");
  Consumer& edge = set.m.open("home");
  ASSERT_EQ(set.m.write(edge, 0, pattern(4096, 1)), 0);
  EXPECT_FALSE(record_on(*set.media[0])->has(kDirty));
}

TEST(MirrorVerbs, a_mirror_grows_onto_larger_disks_and_all_of_it_is_equal) {
  Set set(1, 3, 2 * kMiB);
  Medium small(kMiB);
  set.m.plug("small", small);
  set.media[1]->bytes = pattern(2 * kMiB, 5);
  std::fill_n(set.media[1]->bytes.end() - 512, 512, std::byte{0});
  ASSERT_EQ(set.ask([](Mirror& m, auto then) { m.resize(kMiB / 2, then); }), 0) << set.m.said;
  set.m.settle();
  EXPECT_EQ(set.m.t.provider("mirror/home").media_size_bytes(), kMiB / 2);
  ASSERT_EQ(set.ask([](Mirror& m, auto then) { m.insert("da1", {}, then); }), 0) << set.m.said;
  set.m.settle();
  Consumer& edge = set.m.open("home");
  EXPECT_EQ(set.ask([](Mirror& m, auto then) { m.resize(kMiB / 4, then); }), EBUSY);
  ASSERT_EQ(set.ask([](Mirror& m, auto then) { m.resize(0, then); }), 0) << set.m.said;
  set.m.settle();
  EXPECT_EQ(set.m.t.provider("mirror/home").media_size_bytes(), 2 * kMiB - 512);
  EXPECT_TRUE(same(*set.media[0], *set.media[1], 2 * kMiB - 512));
  EXPECT_EQ(set.m.write(edge, 2 * kMiB - 1024, pattern(512, 1)), 0);
  EXPECT_EQ(record_on(*set.media[1])->media_size_bytes, 2U * kMiB - 512);
}

TEST(MirrorBeyond, the_map_lets_a_disk_that_was_away_catch_up_with_what_it_missed) {
  Set set(2, 2, 4 * kMiB);
  Consumer& edge = set.m.open("home");
  ASSERT_EQ(set.m.write(edge, 0, pattern(4 * kMiB - 512, 1)), 0);
  set.m.settle();
  set.m.unplug("da1");
  ASSERT_EQ(set.m.write(edge, 2 * kMiB, pattern(4096, 2)), 0);
  set.m.settle();
  biotope::testing::Drive& back = set.m.plug("da1", *set.media[1]);
  std::int64_t written = 0;
  back.on_request = [&](Bio& bio) {
    if (bio.command == Command::write && bio.length_bytes > 512) written += bio.length_bytes;
  };
  set.m.settle();
  EXPECT_TRUE(set.mirror().complete()) << set.mirror().status();
  EXPECT_EQ(written, 64 << 10) << "one region";
  EXPECT_TRUE(same(*set.media[0], *set.media[1], 4 * kMiB - 512));
}

TEST(MirrorBeyond, Inv_M4_a_bad_sector_is_written_anew_and_its_disk_stays) {
  Set set;
  Consumer& edge = set.m.open("home");
  const Bytes data = pattern(64 << 10, 1);
  ASSERT_EQ(set.m.write(edge, 0, data), 0);
  Tuning tuning;
  tuning.repair = true;
  set.mirror().tune(tuning);
  set.media[0]->bad.insert(5);
  set.media[1]->bad.insert(9);
  for (int i = 0; i < 2; ++i) {
    Bytes back(8192);
    ASSERT_EQ(set.m.read(edge, 0, back), 0);
    EXPECT_TRUE(std::equal(back.begin(), back.end(), data.begin()));
    set.m.settle();
  }
  EXPECT_TRUE(set.media[0]->bad.empty());
  EXPECT_TRUE(set.media[1]->bad.empty());
  EXPECT_TRUE(set.mirror().complete());
  EXPECT_TRUE(same(*set.media[0], *set.media[1], kMiB - 512));
}

TEST(MirrorBeyond, Inv_M5_a_scrub_finds_all_that_differs_and_mends_what_it_can_judge) {
  Set set(3);
  for (const int sector : {3, 70, 1000}) {
    set.media[sector % 3]->bytes[sector * 512 + 7] ^= std::byte{1};
  }
  set.media[1]->bad.insert(200);
  Result<ScrubReport> report;
  const auto scrub = [&](bool mend) {
    std::optional<Result<ScrubReport>> answer;
    set.mirror().scrub(mend, "", [&](Result<ScrubReport> r) { answer = std::move(r); });
    set.m.settle();
    ASSERT_TRUE(answer && *answer);
    report = std::move(*answer);
  };
  scrub(false);
  EXPECT_EQ(report->compared_bytes, kMiB - 512);
  EXPECT_EQ(report->differing_bytes, 3 * 512);
  EXPECT_EQ(report->unreadable_bytes, 512);
  EXPECT_EQ(report->repaired_bytes, 0);
  EXPECT_EQ(report->offsets, (std::vector<std::int64_t>{3 * 512, 70 * 512, 200 * 512, 1000 * 512}));
  scrub(true);
  EXPECT_EQ(report->repaired_bytes, 4 * 512);
  scrub(false);
  EXPECT_TRUE(report->offsets.empty());
  EXPECT_EQ(set.media[0]->bytes[3 * 512 + 7], std::byte{0});
}

TEST(MirrorBeyond, a_scrub_of_two_changes_nothing_without_a_word_whom_to_trust) {
  Set set;
  set.media[0]->bytes[512] = std::byte{1};
  for (const std::string trusted : {"", "da0"}) {
    std::optional<Result<ScrubReport>> answer;
    set.mirror().scrub(true, trusted, [&](Result<ScrubReport> r) { answer = std::move(r); });
    set.m.settle();
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->differing_bytes, 512);
    EXPECT_EQ(set.media[1]->bytes[512], trusted.empty() ? std::byte{0} : std::byte{1});
  }
}

TEST(MirrorBeyond, a_spare_takes_the_place_of_a_disk_that_is_lost) {
  Set set;
  Mirror::InsertOptions spare;
  spare.spare = true;
  ASSERT_EQ(set.ask([&](Mirror& m, auto then) { m.insert("da2", spare, then); }), 0) << set.m.said;
  set.m.settle();
  EXPECT_TRUE(set.mirror().complete());
  EXPECT_EQ(set.mirror().member("da2")->state, Member::State::spare);
  Consumer& edge = set.m.open("home");
  ASSERT_EQ(set.m.write(edge, 0, pattern(64 << 10, 1)), 0);
  set.m.unplug("da0");
  set.m.settle();
  EXPECT_TRUE(set.mirror().complete()) << set.mirror().status();
  EXPECT_TRUE(same(*set.media[1], *set.media[2], kMiB - 512));
  set.m.plug("da0", *set.media[0]);
  set.m.settle();
  EXPECT_EQ(set.mirror().members().size(), 2U) << "its place is taken";
}

TEST(MirrorBeyond, a_copy_keeps_to_its_rate_while_the_mirror_is_used_and_not_else) {
  for (const bool used : {false, true}) {
    Tuning tuning;
    tuning.sync_busy_bytes_per_s = 1 << 20;
    tuning.sync_block_bytes = 64 << 10;
    Medium media[]{Medium(8 * kMiB), Medium(8 * kMiB)};
    MirrorMesh m(nullptr, tuning);
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    ASSERT_EQ(m.label("home", {"da0"}), 0);
    m.settle();
    Consumer& edge = m.open("home");
    const std::int64_t start_ns = m.t.executor.now_ns();
    ASSERT_EQ(m.ask([&](auto then) { m.find("home")->insert("da1", {}, then); }), 0);
    while (!m.find("home")->complete()) {
      if (used) {
        Bytes back(512);
        ASSERT_EQ(m.read(edge, 0, back), 0);
      }
      m.run_for(1'000'000);
    }
    const std::int64_t took_ns = m.t.executor.now_ns() - start_ns;
    if (used) {
      EXPECT_GE(took_ns, 7'000'000'000);
      EXPECT_LE(took_ns, 10'000'000'000);
    } else {
      EXPECT_LE(took_ns, 1'000'000'000);
    }
  }
}

TEST(MirrorSurgery, Paper_65_66_67_a_disk_is_exchanged_under_a_user_who_does_not_notice) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  m.settle();
  auto& user = m.t.user("user", m.t.provider("da0"));
  ASSERT_TRUE(m.t.mesh.access(user.edge(), kReadWriteExclusive));
  const Bytes data = pattern(kMiB, 1);
  ASSERT_EQ(m.write(user.edge(), 0, data), 0);
  Mirror* mirror = nullptr;
  interpose(m.t.mesh, m.t.provider("da0"), "move",
            [&](Result<Mirror*> r) { mirror = r.value_or(nullptr); });
  m.settle();
  ASSERT_NE(mirror, nullptr);
  EXPECT_EQ(&user.edge().provider()->geom(), mirror);
  EXPECT_NE(mirror->member("da0"), nullptr) << mirror->status();
  ASSERT_EQ(m.ask([&](auto then) { mirror->insert("da1", {}, then); }), 0) << m.said;
  ASSERT_EQ(m.write(user.edge(), 4096, pattern(8192, 2)), 0);
  m.settle();
  EXPECT_TRUE(mirror->complete()) << mirror->status();
  EXPECT_EQ(media[0].bytes, media[1].bytes);
  ASSERT_EQ(m.ask([&](auto then) { mirror->remove("da0", then); }), 0) << m.said;
  m.settle();
  EXPECT_EQ(m.t.provider("da0").access(), Access{});
  ASSERT_EQ(m.ask([&](auto then) { m.t.mesh.remove(*mirror, then); }), 0) << m.said;
  m.settle();
  EXPECT_EQ(user.edge().provider(), &m.t.provider("da1"));
  EXPECT_EQ(user.edge().access(), kReadWriteExclusive);
  EXPECT_EQ(m.find("move"), nullptr);
  EXPECT_EQ(user.orphanings + user.spoilings, 0);
  Bytes back(8192);
  ASSERT_EQ(m.read(user.edge(), 4096, back), 0);
  EXPECT_EQ(back, pattern(8192, 2));
}

TEST(MirrorByHand, the_first_disk_has_what_there_is_and_the_others_get_it) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  media[0].bytes = pattern(kMiB, 3);
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  const Result<Geom*> made =
      m.t.mesh.create("mirror", "plain", {&m.t.provider("da0"), &m.t.provider("da1")});
  ASSERT_TRUE(made) << made.error().text;
  m.settle();
  EXPECT_EQ(m.t.provider("mirror/plain").media_size_bytes(), kMiB);
  EXPECT_EQ(media[0].bytes, media[1].bytes);
  EXPECT_EQ((*made)->recipe(), "mirror create plain da0 da1");
  const Result<Geom*> again = m.t.mesh.create("mirror", "twice", {&m.t.provider("da0")});
  EXPECT_EQ(again.error().code, EPERM) << again.error().text;
  m.settle();
}

}  // namespace
}  // namespace biotope::mirror
