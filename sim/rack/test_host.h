#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/data.h"
#include "sim/rack/controller.h"
#include "sim/rack/host.h"
#include "sim/rack/rack.h"

namespace biotope::sim {

// For tests: a host that sends requests to one bay and writes down what comes back.
class TestHost final : public Host {
 public:
  struct Answer {
    int request;
    int error;
    std::int64_t time_ns;
    std::int64_t transferred_bytes;
    friend bool operator==(const Answer&, const Answer&) = default;
  };

  enum class Order { any, forced, ordered };

  TestHost(Rack& rack, int bay) : rack_(rack), place_(rack.place(bay)) {
    place_.controller->set_host(place_.bay, this);
  }
  ~TestHost() override { place_.controller->set_host(place_.bay, nullptr); }

  // Sends a request and gives its number: 0, 1, 2, ... `list` must live until it is answered.
  int send(DriveCommand command, std::int64_t offset_bytes, std::int64_t length_bytes,
           const std::vector<Segment>& list = {}, Order order = Order::any) {
    tlm::tlm_generic_payload& payload = place_.controller->take();
    DriveExtension& extension = drive_extension(payload);
    extension.command = command;
    extension.length_bytes = length_bytes;
    extension.forced = order == Order::forced;
    extension.ordered = order == Order::ordered;
    extension.owner = reinterpret_cast<void*>(static_cast<std::intptr_t>(sent_));
    if (!list.empty()) extension.data = Data(list.data());
    payload.set_address(static_cast<std::uint64_t>(offset_bytes));
    place_.controller->send(place_.bay, payload);
    return sent_++;
  }

  void answered(tlm::tlm_generic_payload& payload) override {
    const DriveExtension& extension = drive_extension(payload);
    EXPECT_EQ(payload.is_response_ok(), extension.error == 0);
    answers.push_back({static_cast<int>(reinterpret_cast<std::intptr_t>(extension.owner)),
                       extension.error, rack_.executor().now_ns(), extension.transferred_bytes});
  }
  void media_removed(Removal how) override {
    events.push_back(how == Removal::ejected      ? "ejected"
                     : how == Removal::torn_out   ? "torn out"
                     : how == Removal::power_lost ? "without power"
                                                  : "out of reach");
  }
  void media_inserted() override { events.push_back("inserted"); }
  void lock_changed(bool locked) override { events.push_back(locked ? "locked" : "unlocked"); }
  void busy_changed(bool busy) override { events.push_back(busy ? "busy" : "idle"); }
  void power_changed(bool on) override { events.push_back(on ? "power on" : "power off"); }

  std::vector<Answer> answers;
  std::vector<std::string> events;

 private:
  Rack& rack_;
  Rack::Place place_;
  int sent_ = 0;
};

}  // namespace biotope::sim
