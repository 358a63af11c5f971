#include "viz/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "viz/json_text.h"
#include "viz/picture.h"
#include "viz/svg.h"

namespace biotope::viz::report {
namespace {

using testing::HasSubstr;
using testing::Not;

RC_GTEST_PROP(Html, no_text_can_leave_its_place, (const std::string& text)) {
  for (const std::string& html : {escaped(text), escaped(text + "<>\"'&")}) {
    RC_ASSERT(html.find_first_of("<>\"'") == std::string::npos);
  }
}

RC_GTEST_PROP(Html, no_json_can_end_its_script_and_it_stays_the_same_json,
              (const std::string& text)) {
  const auto wild = rc::gen::element<std::string>("</script>", "<!--", "<script", "\"", "\\", text);
  std::string mixed;
  for (const auto& piece : *rc::gen::container<std::vector<std::string>>(wild)) mixed += piece;
  const std::string json = json_text(mixed);
  const std::string safe = script_safe(json);
  RC_ASSERT(safe.find('<') == std::string::npos);
  RC_ASSERT(nlohmann::json::parse(safe) == nlohmann::json::parse(json));
}

TEST(Html, text_is_escaped_and_bad_bytes_are_replaced) {
  EXPECT_EQ(escaped("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escaped("x\xffy"), "x\xef\xbf\xbdy");
}

TEST(Html, paragraphs_are_parted_by_empty_lines_and_backticks_make_code) {
  EXPECT_EQ(paragraphs("one `da0` <x>\n\ntwo"),
            "<p>one <code>da0</code> &lt;x&gt;</p>\n<p>two</p>\n");
  EXPECT_EQ(paragraphs("a lone ` stays"), "<p>a lone ` stays</p>\n");
  EXPECT_EQ(paragraphs("`<b>`"), "<p><code>&lt;b&gt;</code></p>\n");
  EXPECT_EQ(paragraphs(" \n\n\n\n "), "");
}

TEST(Html, template_is_filled_once_and_what_is_put_in_is_left_alone) {
  EXPECT_EQ(filled("<{{a}}|{{b}}|{{unknown}}>", {{"a", "{{b}}"}, {"b", "B"}}), "<{{b}}|B|>");
  EXPECT_EQ(filled("no end {{a", {}), "no end {{a");
}

TEST(Html, drawing_becomes_an_element_with_tooltips_and_without_ids) {
  Picture picture;
  picture[boost::graph_bundle].graph = {{"id", "mesh"}};
  const auto add = [&](const char* id, const char* name) {
    return add_vertex(
        Node{id, {{"label", quoted(name)}, {"tooltip", quoted(std::string("about ") + name)}}},
        picture);
  };
  add_edge(add("n1", "<one>"), add("n2", "two id=\"x\""), Arrow{{{"tooltip", "\" \""}}}, picture);
  const auto drawn = render_svg({to_dot(picture)});
  ASSERT_TRUE(drawn) << drawn.error().text;
  const std::string svg = inline_svg(drawn->front());
  EXPECT_THAT(svg, testing::StartsWith("<svg"));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("<title>about &lt;one&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr(">&lt;one&gt;</text>"));
  EXPECT_THAT(svg, HasSubstr(">two id=&quot;x&quot;</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(" id=\"")));
  EXPECT_THAT(svg, Not(HasSubstr("<!--")));
  EXPECT_THAT(svg, Not(HasSubstr("xlink:title")));
  // Every group and link that begins also ends.
  const auto count = [&](const std::string& what) {
    size_t times = 0;
    for (size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++times;
    return times;
  };
  EXPECT_EQ(count("<g"), count("</g>"));
  EXPECT_EQ(count("</a>"), 0u);
}

TEST(Html, text_that_is_no_drawing_becomes_nothing) {
  EXPECT_EQ(inline_svg(""), "");
  EXPECT_EQ(inline_svg("plain"), "");
}

}  // namespace
}  // namespace biotope::viz::report
