#include "model/done_chain.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::TestMesh;

std::vector<std::string> trace;

// A layer as they were written before requests had children: it casts the request to a Buf, wants
// to see it come back, and passes it on.
class OldLayer final : public Geom {
 public:
  using Geom::Geom;

  Verdict start(Bio& bio, Provider&) override {
    link.handler = [](Buf& buf, DoneLink& own) {
      static_cast<OldLayer*>(own.argument)->came_back(buf);
    };
    link.argument = this;
    push_done(Buf::of(bio), link);
    if (replays > 0) {
      --replays;
      return Verdict::done(ENOMEM);
    }
    return Verdict::remapped(consumers().front());
  }

  void came_back(Buf& buf) {
    trace.push_back(name());
    if (keep) {
      kept = &buf;
    } else if (again) {
      again = false;
      dev_strategy(buf, *buf.b_dev());
    } else {
      biodone(buf);
    }
  }

  DoneLink link;
  bool keep = false;
  bool again = false;
  int replays = 0;
  Buf* kept = nullptr;
};

class DoneChain : public ::testing::Test {
 protected:
  DoneChain() {
    std::string below = "da0";
    for (const char* name : {"low", "middle", "high"}) {
      auto& layer = t.add<OldLayer>(name);
      t.mesh.new_consumer(layer, t.provider(below)).value();
      t.mesh.publish(**t.mesh.new_provider(layer, name, t.provider(below).properties()));
      layers.push_back(&layer);
      below = name;
    }
    edge = &t.user("fs", t.provider("high")).edge();
    EXPECT_TRUE(t.mesh.access(*edge, kReadWriteExclusive));
    trace.clear();
    buf.b_iocmd() = Command::read;
    buf.b_bcount() = 512;
    buf.b_data() = Data(memory.data());
    buf.b_iodone() = issuer;
  }

  static constexpr BioDone issuer = [](Bio&) { trace.emplace_back("issuer"); };

  TestMesh t;
  testing::Source& bottom = t.source("da0");
  std::vector<OldLayer*> layers;  // low, middle, high
  Consumer* edge = nullptr;
  std::vector<std::byte> memory{512};
  Buf buf;
};

TEST_F(DoneChain, Paper_22_a_layer_that_knows_only_bufs_works_by_a_cast) {
  dev_strategy(buf, *edge);
  ASSERT_EQ(bottom.seen.size(), 1U);
  EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle", "high", "issuer"}));
}

TEST_F(DoneChain, Paper_27_nested_handlers_run_from_the_bottom_up_and_leave_no_trace) {
  for (int round = 0; round < 2; ++round) {
    trace.clear();
    dev_strategy(buf, *edge);
    EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle", "high", "issuer"}));
    EXPECT_EQ(buf.b_iodone(), issuer);
    EXPECT_EQ(buf.b_iodone_chain, nullptr);
  }
}

TEST_F(DoneChain, Paper_27_the_error_passes_through_all_handlers) {
  bottom.answer = EIO;
  dev_strategy(buf, *edge);
  EXPECT_EQ(buf.b_error(), EIO);
  EXPECT_EQ(trace.size(), 4U);
}

TEST_F(DoneChain, Paper_27_a_handler_may_hold_the_completion_back) {
  layers[1]->keep = true;
  dev_strategy(buf, *edge);
  EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle"}));
  biodone(*layers[1]->kept);
  EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle", "high", "issuer"}));
}

TEST_F(DoneChain, Paper_27_a_handler_may_send_the_request_down_once_more) {
  layers[1]->again = true;
  dev_strategy(buf, *edge);
  EXPECT_EQ(bottom.seen.size(), 2U);
  EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle", "low", "middle", "high", "issuer"}));
}

TEST_F(DoneChain, Paper_27_a_replay_pushes_nobody_twice) {
  layers[0]->replays = 2;
  dev_strategy(buf, *edge);
  EXPECT_TRUE(trace.empty());
  t.executor.run();
  EXPECT_EQ(trace, (std::vector<std::string>{"low", "middle", "high", "issuer"}));
}

}  // namespace
}  // namespace biotope
