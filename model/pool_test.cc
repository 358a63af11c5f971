#include "model/pool.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace biotope {
namespace {

struct Thing {
  int number = 7;
  alignas(64) double wide = 1.5;
};

TEST(Pool, every_object_is_fresh_and_nobody_elses) {
  Pool<Thing> pool;
  std::set<Thing*> out;
  for (int i = 0; i < 1000; ++i) {
    Thing* thing = pool.take();
    ASSERT_NE(thing, nullptr);
    EXPECT_EQ(thing->number, 7);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(thing) % alignof(Thing), 0U);
    thing->number = i;
    EXPECT_TRUE(out.insert(thing).second);
  }
  EXPECT_EQ(pool.taken(), 1000U);
  for (Thing* thing : out) pool.put(thing);
  EXPECT_EQ(pool.taken(), 0U);
  Thing* again = pool.take();
  EXPECT_EQ(again->number, 7) << "nothing of the last use is left";
  EXPECT_EQ(out.count(again), 1U) << "its memory is used again";
  pool.put(again);
}

TEST(Pool, the_limit_is_what_may_be_out_at_once) {
  Pool<Thing> pool;
  pool.set_limit(2);
  Thing* one = pool.take();
  Thing* two = pool.take();
  EXPECT_EQ(pool.take(), nullptr);
  pool.put(one);
  one = pool.take();
  EXPECT_NE(one, nullptr);
  EXPECT_EQ(pool.take(), nullptr);
  pool.set_limit(1);
  pool.put(one);
  EXPECT_EQ(pool.take(), nullptr) << "one is out already";
  pool.put(two);
  EXPECT_EQ(pool.taken(), 0U);
  pool.set_limit(0);
  EXPECT_EQ(pool.take(), nullptr);
}

}  // namespace
}  // namespace biotope
