#include "model/parameter.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::TestMesh;

const Parameter kTable[] = {
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{4096},
     .min = 512,
     .max = 1 << 20,
     .help = "how large"},
    {.name = "offset", .fallback = std::int64_t{0}, .min = -5, .help = "where"},
    {.name = "fast", .kind = Parameter::Kind::boolean, .fallback = false, .help = "how"},
    {.name = "label",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "what it is called"},
};

Values given(const std::string& name, Value value) {
  Values values;
  values.set(name, std::move(value));
  return values;
}

// The sentence of a refusal; empty when there was none.
std::string refusal(const std::string& name, Value value) {
  const Result<Values> resolved = resolve(kTable, given(name, std::move(value)), "thing t0");
  if (resolved) return "";
  EXPECT_EQ(resolved.error().code, EINVAL);
  return resolved.error().text;
}

TEST(Parameter, what_is_not_said_is_as_the_table_says) {
  const Result<Values> resolved = resolve(kTable, {}, "t");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->integer("size"), 4096);
  EXPECT_EQ(resolved->integer("offset"), 0);
  EXPECT_FALSE(resolved->boolean("fast"));
  EXPECT_EQ(resolved->text("label"), "none");
}

TEST(Parameter, what_is_said_counts) {
  Values values = given("size", std::int64_t{512});
  values.set("fast", true);
  values.set("label", std::string("a"));
  values.set("label", std::string("b"));
  const Result<Values> resolved = resolve(kTable, values, "t");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->integer("size"), 512);
  EXPECT_TRUE(resolved->boolean("fast"));
  EXPECT_EQ(resolved->text("label"), "b");
}

TEST(Parameter, an_unknown_name_is_told_the_nearest_one) {
  EXPECT_EQ(refusal("sise", std::int64_t{1}),
            "thing t0: unknown parameter 'sise'; did you mean 'size'?");
  EXPECT_EQ(refusal("ofset", std::int64_t{1}),
            "thing t0: unknown parameter 'ofset'; did you mean 'offset'?");
  EXPECT_EQ(
      refusal("completely_different", std::int64_t{1}),
      "thing t0: unknown parameter 'completely_different'; known are size, offset, fast, label");
  const Result<Values> none = resolve({}, given("x", true), "zero z");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().text, "zero z: takes no parameter 'x', nor any other");
}

TEST(Parameter, the_range_is_kept_to_both_ends) {
  EXPECT_EQ(refusal("size", std::int64_t{512}), "");
  EXPECT_EQ(refusal("size", std::int64_t{1 << 20}), "");
  EXPECT_EQ(refusal("size", std::int64_t{511}),
            "thing t0: 'size' is 511 bytes; it must be from 512 to 1048576");
  EXPECT_NE(refusal("size", std::int64_t{(1 << 20) + 1}), "");
  EXPECT_EQ(refusal("offset", std::int64_t{-6}),
            "thing t0: 'offset' is -6; it must be at least -5");
  EXPECT_EQ(refusal("offset", std::numeric_limits<std::int64_t>::max()), "");
  EXPECT_NE(refusal("offset", std::numeric_limits<std::int64_t>::min()), "");
}

TEST(Parameter, each_kind_wants_its_own) {
  const std::array<std::pair<const char*, const char*>, 3> kinds{
      {{"size", "a whole number"}, {"fast", "true or false"}, {"label", "a text"}}};
  const std::array<Value, 3> values{Value(std::int64_t{1024}), Value(true),
                                    Value(std::string("x"))};
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t v = 0; v < 3; ++v) {
      const std::string text = refusal(kinds[k].first, values[v]);
      EXPECT_EQ(text.empty(), k == v) << text;
      if (k != v) {
        EXPECT_NE(text.find(kinds[k].second), std::string::npos) << text;
      }
    }
  }
}

TEST(Nearest, differs_least_and_none_when_all_differ_too_much) {
  const std::array<std::string_view, 3> names{"stripe", "mirror", "concat"};
  EXPECT_EQ(nearest("stipe", names), "stripe");
  EXPECT_EQ(nearest("miror", names), "mirror");
  EXPECT_EQ(nearest("mirror", names), "mirror");
  EXPECT_EQ(nearest("raid", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("x", {}), "");
}

// --- Making a geom by name ---

// A class that makes a source as large as it is told.
class SourceClass final : public Class {
 public:
  SourceClass() : Class("source") {}
  std::span<const Parameter> parameters() const override { return kTable; }
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override {
    Geom& geom = mesh.add(std::make_unique<testing::Source>(mesh, *this, creation.name));
    const Result<Provider*> provider = mesh.new_provider(
        geom, creation.name, testing::properties_of_size(creation.values.integer("size")));
    if (!provider) {
      mesh.wither(geom);
      return pass_on(provider);
    }
    mesh.publish(**provider);
    return &geom;
  }
};

TEST(Create, by_name_with_parameters) {
  TestMesh t;
  ASSERT_TRUE(t.mesh.load(std::make_unique<SourceClass>()));
  const Result<Geom*> made = t.mesh.create("source", "da0", {}, given("size", std::int64_t{8192}));
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->title(), "source da0");
  EXPECT_EQ(t.provider("da0").media_size_bytes(), 8192);
  EXPECT_EQ(t.mesh.geom("source", "da0"), *made);
}

TEST(Create, says_what_was_wrong) {
  TestMesh t;
  ASSERT_TRUE(t.mesh.load(std::make_unique<SourceClass>()));
  ASSERT_TRUE(t.mesh.load(std::make_unique<Class>("silent")));
  const auto refused = [&](const char* cls, const Values& values) {
    const Result<Geom*> made = t.mesh.create(cls, "da0", {}, values);
    return made ? std::pair(0, std::string()) : std::pair(made.error().code, made.error().text);
  };
  EXPECT_EQ(refused("sorce", {}),
            (std::pair(ENOENT, std::string("there is no class 'sorce'; did you mean 'source'?"))));
  EXPECT_EQ(refused("raid5", {}).second, "there is no class 'raid5'");
  EXPECT_EQ(refused("silent", {}).first, EOPNOTSUPP);
  EXPECT_EQ(refused("source", given("sise", std::int64_t{512})),
            (std::pair(EINVAL,
                       std::string("source da0: unknown parameter 'sise'; did you mean 'size'?"))));
  EXPECT_EQ(refused("source", {}).first, 0);
  EXPECT_EQ(refused("source", {}).first, EEXIST) << "the name is taken";
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census().geoms, 1U) << "what could not be finished is taken back";
}

}  // namespace
}  // namespace biotope
