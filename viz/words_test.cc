#include "viz/words.h"

#include <set>

#include <gtest/gtest.h>

#include "viz/testing.h"

namespace biotope::viz {
namespace {

TEST(Words, times_have_three_digits_that_count_and_a_unit) {
  EXPECT_EQ(time_text(0), "0 ns");
  EXPECT_EQ(time_text(999), "999 ns");
  EXPECT_EQ(time_text(1'000), "1 \u00b5s");
  EXPECT_EQ(time_text(1'250'000), "1.25 ms");
  EXPECT_EQ(time_text(29'400'000), "29.4 ms");
  EXPECT_EQ(time_text(999'499), "999 \u00b5s");
  EXPECT_EQ(time_text(999'999), "1 ms");
  EXPECT_EQ(time_text(123'000'000'000), "123 s");
}

TEST(Words, sizes_are_powers_of_two) {
  EXPECT_EQ(size_text(100), "100 bytes");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(100'663'296), "96 MiB");
  EXPECT_EQ(size_text(int64_t{3} << 40), "3 TiB");
}

TEST(Words, errors_have_their_names) {
  EXPECT_EQ(error_name(0), "-");
  EXPECT_EQ(error_name(ENXIO), "ENXIO");
  EXPECT_EQ(error_name(98765), "98765");
}

TEST(Words, one_line_has_no_line_breaks) { EXPECT_EQ(one_line("a\nb\tc\x7f"), "a b c "); }

TEST(Words, every_kind_of_fact_has_its_own_sentence) {
  TestMesh test;
  Consumer& edge = test.user("home", test.disk("da0"), kReadOnly);
  Bio bio;
  bio.command = Command::read;
  std::set<std::string> sentences;
  for (int kind = 0; kind <= static_cast<int>(FactKind::machine); ++kind) {
    Fact fact;
    fact.kind = static_cast<FactKind>(kind);
    fact.geom = &edge.geom();
    fact.provider = edge.provider();
    fact.consumer = &edge;
    fact.cls = &edge.geom().cls();
    fact.bio = &bio;
    fact.component = "bay 1";
    fact.after = kReadOnly;
    fact.duration_ns = 1;
    sentences.insert(sentence_of(fact));
  }
  EXPECT_EQ(sentences.size(), static_cast<size_t>(FactKind::machine) + 1);
}

TEST(Words, sentences_name_who_and_what) {
  TestMesh test;
  Consumer& edge = test.user("home", test.disk("da0"), kReadOnly);
  Fact fact;
  fact.geom = &edge.geom();
  fact.provider = edge.provider();
  fact.kind = FactKind::access_granted;
  fact.after = kReadWriteExclusive;
  EXPECT_EQ(sentence_of(fact), "top home opens da0 as r1w1e1");
  fact.before = kReadWriteExclusive;
  fact.after = {};
  EXPECT_EQ(sentence_of(fact), "top home closes da0");
  fact.kind = FactKind::provider_orphaned;
  fact.error = ENXIO;
  EXPECT_EQ(sentence_of(fact), "da0 is gone (ENXIO)");
  fact.kind = FactKind::access_refused;
  fact.text = "somebody says no";
  EXPECT_EQ(sentence_of(fact), "somebody says no");
}

TEST(Words, notes_are_told_with_whoever_says_them) {
  TestMesh test;
  Fact fact;
  fact.kind = FactKind::note;
  fact.text = "the census is zero";
  EXPECT_EQ(sentence_of(fact), "the census is zero");
  fact.component = "as expected";
  EXPECT_EQ(sentence_of(fact), "as expected: the census is zero");
  fact.geom = &test.user("home", test.disk("da0"), kReadOnly).geom();
  EXPECT_EQ(sentence_of(fact), "top home: the census is zero");
}

TEST(Words, fact_of_nobody_in_particular_is_still_a_sentence) {
  Fact fact;
  for (int kind = 0; kind <= static_cast<int>(FactKind::machine); ++kind) {
    fact.kind = static_cast<FactKind>(kind);
    fact.text = "words";
    EXPECT_FALSE(sentence_of(fact).empty());
  }
}

}  // namespace
}  // namespace biotope::viz
