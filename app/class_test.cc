#include <gtest/gtest.h>

#include <optional>

#include "app/testing.h"
#include "classes/array/testing.h"
#include "classes/mirror/mirror_class.h"

namespace biotope::app {
namespace {

using biotope::testing::World;

std::string text_of(RamDriver& disk) {
  return {reinterpret_cast<const char*>(disk.bytes().data()), disk.bytes().size()};
}

TEST(ClassStatus, tells_what_stands_on_images_and_the_line_that_makes_it_again) {
  World w;
  for (const char* name : {"da0", "da1", "da2"}) w.disk(name, 1 << 20);
  ASSERT_EQ(biotope::testing::label(w, "stripe", "data", {"da0", "da1"},
                                    {{"id", biotope::testing::number(7)}}),
            "");
  std::optional<Status> done;
  mirror::Label label;
  label.name = "home";
  mirror::label(w.t.mesh, label, {"da2"}, [&](const Status& status) { done = status; });
  w.t.executor.run();
  ASSERT_TRUE(done && *done);
  const Playground ground;
  const std::string first = ground.write("first.img", text_of(*w.drivers[0]));
  const std::string second = ground.write("second.img", text_of(*w.drivers[1]));
  const std::string third = ground.write("third.img", text_of(*w.drivers[2]));
  const Played both = ground.play({"class", "status", second, first, third});
  EXPECT_EQ(both.exit_status, 0) << both.errors;
  EXPECT_NE(both.out.find("stripe data\n  complete, 2 of 2 disks: da1 da0\n"
                          "  stripe label data id=7 da1 da0\n"),
            std::string::npos)
      << both.out;
  EXPECT_NE(both.out.find("mirror home\n  COMPLETE"), std::string::npos) << both.out;
  EXPECT_NE(both.out.find("\n  mirror label home da2\n"), std::string::npos) << both.out;
  const Played one = ground.play({"class", "status", first});
  EXPECT_NE(one.out.find("stripe data\n  incomplete, 1 of 2 disks: da0 (missing)\n"),
            std::string::npos)
      << one.out;
  EXPECT_EQ(ground.read("first.img"), text_of(*w.drivers[0])) << "the image is as it was";
  EXPECT_EQ(ground.read("third.img"), text_of(*w.drivers[2]));
}

TEST(ClassStatus, an_image_that_is_none_is_refused) {
  const Playground ground;
  const Played none = ground.play({"class", "status", ground.file("nothing.img")});
  EXPECT_EQ(none.exit_status, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_NE(none.complaint().find("nothing.img"), std::string::npos) << none.errors;
  const std::string odd = ground.write("odd.img", std::string(1000, 'x'));
  EXPECT_EQ(ground.play({"class", "status", odd}).exit_status, 2);
}

}  // namespace
}  // namespace biotope::app
