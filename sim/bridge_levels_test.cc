#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/testing.h"
#include "sim/bridge.h"

namespace biotope::sim {
namespace {

// The quantities of the machine, as they are told: by component and name.
class Levels final : public Observer {
 public:
  void on_fact(const Fact& fact) override {
    if (fact.kind != FactKind::machine) return;
    if (fact.bio != nullptr) ++dispatched;
    const std::string text(fact.text);
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return;
    told[std::string(fact.component) + '.' + text.substr(0, equals)].push_back(
        text.substr(equals + 1));
  }
  std::map<std::string, std::vector<std::string>> told;
  int dispatched = 0;
};

TEST(Bridge, tells_what_a_drive_is_like_whenever_that_changes) {
  const std::unique_ptr<Rack> rack = std::move(*Rack::create());
  ASSERT_TRUE(rack->add_controller("scsi0", 1, "scsi"));
  Bridge bridge(*rack);
  Class cls("test");
  Mesh mesh(rack->executor());
  Levels levels;
  mesh.facts().add(levels);
  ASSERT_TRUE(bridge.connect(mesh));
  ASSERT_TRUE(rack->insert(0, *Medium::blank("disk", *rack->medium_shape(0))));
  ASSERT_TRUE(mesh.settle());
  levels.told["scsi0.bay0.queue"].clear();
  levels.dispatched = 0;
  auto& user =
      static_cast<testing::User&>(mesh.add(std::make_unique<testing::User>(mesh, cls, "user")));
  Consumer& edge = **mesh.new_consumer(user, *mesh.provider("da0"));
  ASSERT_TRUE(mesh.access(edge, kReadOnly));
  testing::Issuer issuer(mesh);
  std::vector<std::byte> memory(4096);
  const std::int64_t last_bytes = mesh.provider("da0")->media_size_bytes() - 4096;
  issuer.issue(edge, Command::read, last_bytes, 4096, Data(memory.data()));
  issuer.issue(edge, Command::read, 0, 4096, Data(memory.data()));
  rack->run_until_idle();
  EXPECT_EQ(levels.told["scsi0.bay0.queue"], (std::vector<std::string>{"1", "2", "1", "0"}));
  EXPECT_EQ(levels.dispatched, 2);
  EXPECT_EQ(levels.told["scsi0.bay0.busy"].back(), "off");
  const auto& cylinders = levels.told["scsi0.bay0.cylinder"];
  ASSERT_GE(cylinders.size(), 2U);
  EXPECT_EQ(cylinders.back(), "0");
  EXPECT_GT(std::stoll(cylinders[cylinders.size() - 2]), 1000);
  EXPECT_EQ(levels.told["scsi0.bay0.medium"], (std::vector<std::string>{"off", "on"}));
  ASSERT_TRUE(mesh.close(edge));
  ASSERT_TRUE(rack->tear_out(0));
  rack->run_until_idle();
  EXPECT_EQ(levels.told["scsi0.bay0.medium"].back(), "off");
  EXPECT_EQ(levels.told["scsi0.bay0.power"], (std::vector<std::string>{"on"}));
  mesh.facts().remove(levels);
}

}  // namespace
}  // namespace biotope::sim
