#include "classes/drive/drive.h"

#include <gtest/gtest.h>

#include "classes/drive/stack.h"
#include "classes/testing.h"

namespace biotope {
namespace {

using testing::word;
using testing::World;

TEST(Drive, its_subdisks_are_where_they_are_said_to_be) {
  World w;
  w.disk("da0", 1 << 20);
  Geom& drive = w.make("drive", "d1", {"da0"}, {{"subdisks", word("a@512+1024  b@4096+512 ")}});
  Consumer& a = w.open("d1/a");
  Consumer& b = w.open("d1/b");
  EXPECT_EQ(a.provider()->media_size_bytes(), 1024);
  EXPECT_EQ(w.write(a, 512, testing::pattern(512, 1)), 0);
  EXPECT_EQ(w.write(b, 0, testing::pattern(512, 2)), 0);
  EXPECT_EQ(w.read(b, 0, 512), testing::pattern(512, 2));
  Bytes expected(1 << 20);
  std::ranges::copy(testing::pattern(512, 1), expected.begin() + 1024);
  std::ranges::copy(testing::pattern(512, 2), expected.begin() + 4096);
  EXPECT_EQ(w.drivers[0]->bytes(), expected);
  EXPECT_EQ(drive.about(w.t.provider("d1/b")), "subdisk of d1, 512 bytes from 4096");
  EXPECT_EQ(drive.recipe(), "drive create d1 subdisks=\"a@512+1024  b@4096+512 \" da0");
  EXPECT_EQ(text_of({{"a", 512, 1024}, {"b", 4096, 512}}), "a@512+1024 b@4096+512");
}

TEST(Drive, it_outlives_a_resize_that_leaves_its_subdisks_whole) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("drive", "d1", {"da0"}, {{"subdisks", word("a@0+4096")}});
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 4096));
  w.t.mesh.settle();
  EXPECT_NE(w.t.mesh.provider("d1/a"), nullptr);
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 3584));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.provider("d1/a"), nullptr);
}

TEST(Drive, what_can_not_be_cut_is_refused) {
  World w;
  w.disk("da0", 8192);
  const auto refused = [&](const char* subdisks) {
    return w.refusal("drive", "d1", {"da0"}, {{"subdisks", word(subdisks)}});
  };
  const std::string einval = sentence(EINVAL, ": drive d1");
  EXPECT_EQ(refused(""), einval + " needs subdisks: NAME@START+LENGTH ...");
  for (const char* bad : {"a", "a@0", "@0+512", "a@x+512", "a@0+", "a@-512+512", "a+512@0",
                          "a@99999999999999999999+512"}) {
    EXPECT_EQ(refused(bad), sentence(einval, ": a subdisk is NAME@START+LENGTH, not '", bad, "'"));
  }
  EXPECT_EQ(refused("a@0+1024 b@512+512"), einval + ": a and b share bytes");
  EXPECT_EQ(refused("b@512+512 a@0+9223372036854775807"), einval + ": a and b share bytes");
  EXPECT_EQ(refused("a@100+512"),
            einval + ": a, 512 bytes from 100, is no whole number of sectors of 512");
  EXPECT_EQ(refused("a@0+0"), einval + ": a, 0 bytes from 0, is no whole number of sectors of 512");
  EXPECT_EQ(refused("a@4096+8192"),
            einval + ": a, 8192 bytes from 4096, is not within da0 of 8192");
  EXPECT_NE(refused("a@0+512 a@512+512"), "") << "two of one name";
  EXPECT_EQ(w.refusal("drive", "d1", {}),
            sentence(EINVAL, ": drive d1 stands on one disk, not on 0"));
}

TEST(Stack, goes_whole_unless_it_is_kept) {
  World w;
  w.disk("da0", 1 << 20);
  const Census before = w.t.mesh.census();
  {
    Stack stack(w.t.mesh);
    const auto one = stack.put_one("nop", "n1", {&w.t.provider("da0")});
    ASSERT_TRUE(one);
    EXPECT_TRUE(stack.put("nop", "n2", {*one}));
    EXPECT_FALSE(stack.put("stripe", "s", {*one}));
  }
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.census(), before);
}

}  // namespace
}  // namespace biotope
