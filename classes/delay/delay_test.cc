#include "classes/delay/delay.h"

#include <gtest/gtest.h>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::World;

std::int64_t took_ns(World& w, Task<Status> task) {
  const std::int64_t before_ns = w.t.executor.now_ns();
  EXPECT_TRUE(w.run(std::move(task)));
  return w.t.executor.now_ns() - before_ns;
}
Task<Status> only_status(Task<Result<Bytes>> task) {
  const Result<Bytes> bytes = co_await std::move(task);
  if (!bytes) co_return pass_on(bytes);
  co_return Status{};
}

TEST(Delay, each_kind_of_request_waits_its_own_time) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("delay", "d", {"da0"},
         {{"read", number(1'000)}, {"write", number(20'000)}, {"flush", number(300'000)}});
  Consumer& user = w.open("d");
  const Bytes data = testing::pattern(512);
  EXPECT_EQ(took_ns(w, only_status(read(user, 0, 512))), 1'000);
  EXPECT_EQ(took_ns(w, write(user, 0, data)), 20'000);
  EXPECT_EQ(took_ns(w, remove(user, 512, 512)), 20'000);
  EXPECT_EQ(took_ns(w, flush(user)), 300'000);
  EXPECT_EQ(w.read(user, 0, 512), data);
}

TEST(Delay, requests_keep_their_order) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  w.make("delay", "d", {"da0"}, {{"write", number(1'000)}});
  Consumer& user = w.open("d");
  testing::Issuer issuer(w.t.mesh);
  Bytes first = testing::pattern(512, 1);
  Bytes second = testing::pattern(512, 2);
  issuer.issue(user, Command::write, 0, 512, Data(first.data()));
  issuer.issue(user, Command::write, 0, 512, Data(second.data()));
  EXPECT_EQ(issuer.errors.size(), 0U);
  w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(2));
  EXPECT_EQ(Bytes(below.bytes().begin(), below.bytes().begin() + 512), second);
}

TEST(Delay, what_waits_when_the_disk_goes_ends_with_ENXIO) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  Geom& delay = w.make("delay", "d", {"da0"}, {{"read", number(5'000)}});
  Consumer& user = w.open("d");
  testing::Issuer issuer(w.t.mesh);
  Bytes into(512);
  issuer.issue(user, Command::read, 0, 512, Data(into.data()));
  EXPECT_EQ(delay.status(), "read 5000 ns, write 0 ns, flush 0 ns; 1 waiting");
  below.pull();
  w.t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{ENXIO});
  EXPECT_EQ(w.t.mesh.census(), Census{});
}

TEST(Delay, out_of_memory_is_only_later) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("delay", "d", {"da0"}, {{"read", number(5'000)}});
  Consumer& user = w.open("d");
  testing::Issuer issuer(w.t.mesh);
  Bytes into(512);
  w.t.mesh.path().limit_bios(0);
  issuer.issue(user, Command::read, 0, 512, Data(into.data()));
  for (int i = 0; i < 10; ++i) w.t.executor.step();
  EXPECT_TRUE(issuer.errors.empty());
  w.t.mesh.path().limit_bios(10);
  w.t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
}

}  // namespace
}  // namespace biotope
