#include "viz/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace biotope::viz {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Svg, one_document_for_each_text_in_order) {
  const auto documents = render_svg({"digraph { alpha }", "digraph { beta -> gamma }"});
  ASSERT_TRUE(documents) << documents.error().text;
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_THAT((*documents)[0], HasSubstr(">alpha<"));
  EXPECT_THAT((*documents)[0], Not(HasSubstr("beta")));
  EXPECT_THAT((*documents)[1], HasSubstr(">gamma<"));
  EXPECT_THAT((*documents)[1], testing::EndsWith("</svg>\n"));
}

TEST(Svg, same_text_gives_the_same_bytes) {
  const std::string text = "digraph g { a -> b; b -> c; a -> c }";
  const auto documents = render_svg({text, text});
  ASSERT_TRUE(documents);
  EXPECT_EQ((*documents)[0], (*documents)[1]);
  EXPECT_EQ(*render_svg({text, text}), *documents);
}

TEST(Svg, nothing_to_draw_needs_no_program) {
  EXPECT_TRUE(render_svg({}, "no-such-program-anywhere"));
}

TEST(Svg, missing_program_is_told_with_the_package_to_install) {
  const auto documents = render_svg({"digraph {}"}, "no-such-program-anywhere");
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().code, kMissingProgram);
  EXPECT_THAT(documents.error().text, HasSubstr("install graphviz"));
}

TEST(Svg, text_that_is_no_graph_is_refused_in_the_words_of_the_program) {
  const auto documents = render_svg({"digraph { a", "digraph {}"});
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().code, EINVAL);
  EXPECT_THAT(documents.error().text, HasSubstr("syntax error"));
}

TEST(Svg, program_that_draws_too_little_is_noticed) {
  const auto documents = render_svg({"digraph {}"}, "true");
  ASSERT_FALSE(documents);
  EXPECT_THAT(documents.error().text, HasSubstr("made 0 diagrams of 1"));
}

}  // namespace
}  // namespace biotope::viz
