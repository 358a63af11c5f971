// A process may make as many simulations as it likes: none leaves memory behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "model/many_cases.h"
#include "model/testing.h"
#include "sim/bridge.h"
#include "sim/clock.h"
#include "sim/context.h"

namespace biotope::sim {
namespace {

// Resident memory of this process without the pages it shares with others: file pages of the
// program come in whenever new code is first run and say nothing about a leak.
std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  std::int64_t shared = 0;
  statm >> total >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

// Runs 1,000 simulations. After 200 every pool and cache has grown to its size; the 800 after them
// may not take 128 bytes each: one small object forgotten in each shows, a few pages of the
// allocator's own motion do not.
void expect_flat(const std::function<void()>& simulate) {
  for (int i = 0; i < 200; ++i) simulate();
  const std::int64_t warm_bytes = resident_bytes();
  for (int i = 200; i < 1000; ++i) simulate();
  const std::int64_t grown_bytes = resident_bytes() - warm_bytes;
  if (sanitized()) {
    GTEST_SKIP() << grown_bytes << " bytes kept back by the sanitizer, which finds leaks itself";
  }
  EXPECT_LT(grown_bytes, 800 * 128);
}

TEST(Memory, stays_flat_over_a_thousand_contexts) {
  expect_flat([] {
    FreshContext context;
    SystemcExecutor executor;
    for (int i = 1; i <= 100; ++i) executor.after(i * 1000, [] {});
    while (executor.step()) {
    }
    ASSERT_EQ(executor.now_ns(), 100'000);
  });
}

// A rack with two bays, a mesh on it, and a medium that is written to until it is torn out.
void run_a_machine() {
  std::unique_ptr<Rack> rack = std::move(*Rack::create());
  ASSERT_TRUE(rack->add_controller("scsi0", 2, "zip100"));
  Bridge bridge(*rack);
  Class cls("test");
  Mesh mesh(rack->executor());
  ASSERT_TRUE(bridge.connect(mesh));
  ASSERT_TRUE(rack->insert(0, *Medium::blank("disk", *rack->medium_shape(0))));
  ASSERT_TRUE(mesh.settle());
  auto& user =
      static_cast<testing::User&>(mesh.add(std::make_unique<testing::User>(mesh, cls, "user")));
  Consumer& edge = **mesh.new_consumer(user, *mesh.provider("da0"));
  ASSERT_TRUE(mesh.access(edge, kReadWriteExclusive));
  testing::Issuer issuer(mesh);
  std::vector<std::byte> memory(64 * 512, std::byte{1});
  for (int i = 0; i < 10; ++i) {
    issuer.issue(edge, Command::write, i * 1'000'448, 64 * 512, Data(memory.data()));
  }
  rack->run_until(200'000'000);
  ASSERT_TRUE(rack->tear_out(0));
  rack->run_until_idle();
  ASSERT_EQ(issuer.errors.size(), 10U);
}

TEST(Memory, stays_flat_over_a_thousand_machines) { expect_flat(run_a_machine); }

}  // namespace
}  // namespace biotope::sim
