#include "model/control_io.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;
using testing::User;

struct Line {
  Line() {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  }
  template <class T>
  T run(Task<T> task) {
    task.start();
    t.executor.run();
    return task.result();
  }
  TestMesh t;
  Source& disk{t.source("da0")};
  User& user{t.user("u", t.provider("da0"))};
};

TEST(ControlIo, each_command_asks_for_what_it_says) {
  Line line;
  Consumer& edge = line.user.edge();
  const std::array<std::byte, 1024> room{};
  const std::span<const std::byte> data(room);
  EXPECT_EQ(line.run(read(edge, 512, 1536))->size(), 1536U);
  EXPECT_TRUE(line.run(write(edge, 1024, data)));
  EXPECT_TRUE(line.run(remove(edge, 2048, 512)));
  EXPECT_TRUE(line.run(flush(edge)));
  ASSERT_EQ(line.disk.seen.size(), 4U);
  const std::array<Command, 4> commands{Command::read, Command::write, Command::remove,
                                        Command::flush};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(line.disk.seen[i].command, commands[i]);
  EXPECT_EQ(line.disk.seen[0].position_bytes, 512);
  EXPECT_EQ(line.disk.seen[1].length_bytes, 1024);
  EXPECT_EQ(line.disk.seen[2].position_bytes, 2048);
}

TEST(ControlIo, a_failure_names_the_edge_and_what_was_asked) {
  Line line;
  line.disk.answer = EIO;
  const Result<Bytes> bytes = line.run(read(line.user.edge(), 512, 1024));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, EIO);
  for (const char* part : {"test u -> da0", "READ", "1024", "512"}) {
    EXPECT_NE(bytes.error().text.find(part), std::string::npos) << bytes.error().text;
  }
  EXPECT_EQ(line.run(read(line.user.edge(), 0, -512)).error().code, EINVAL);
  EXPECT_EQ(line.run(get_attribute(line.user.edge(), "x", -1)).error().code, EIO);
}

TEST(ControlIo, who_waits_is_resumed_from_the_executor) {
  Line line;
  line.disk.hold = true;
  Task<Result<Bytes>> task = read(line.user.edge(), 0, 512);
  task.start();
  line.disk.finish_all();
  EXPECT_FALSE(task.done()) << "never in the middle of the request path";
  line.t.executor.run();
  EXPECT_TRUE(task.done());
}

// A class reads a leg in the background; the leg fails and is dropped, and freed, before its turn.
TEST(ControlIo, the_edge_may_be_gone_when_the_failure_is_read) {
  TestMesh t;
  Source& disk = t.source("da0");
  t.source("da1");
  Fork& fork = t.fork("f", {&t.provider("da0"), &t.provider("da1")});
  ASSERT_TRUE(t.mesh.settle());
  Consumer& leg = fork.consumers().front();
  const std::uint64_t id = leg.id();
  ASSERT_TRUE(t.mesh.access(leg, {1, 0, 0}));
  disk.hold = true;
  Task<Result<Bytes>> task = read(leg, 0, 512);
  task.start();
  t.mesh.wither(disk);
  t.executor.run();
  disk.finish_all(ENXIO);
  t.executor.run();
  EXPECT_EQ(t.mesh.consumer_by_id(id), nullptr);
  ASSERT_TRUE(task.done());
  const Result<Bytes> bytes = task.result();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ENXIO);
  EXPECT_NE(bytes.error().text.find("test f -> da0"), std::string::npos) << bytes.error().text;
}

TEST(ControlIo, one_that_waits_may_be_destroyed_before_the_executor_comes_to_it) {
  Line line;
  line.disk.hold = true;
  {
    Task<Result<Bytes>> task = read(line.user.edge(), 0, 512);
    task.start();
    line.disk.finish_all();
  }
  line.t.executor.run();
}

}  // namespace
}  // namespace biotope
