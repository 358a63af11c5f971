#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "model/testing.h"
#include "props/arbitration.h"
#include "props/chooser.h"

namespace biotope::props {

// A random history of a mesh: disks, layers, forks and users come, open, close, do I/O, are rebuilt
// and lost, in whatever order a chooser says; completions come back in any order too. After every
// step the invariants are looked at. The story so far is kept for people.
class Walk {
 public:
  explicit Walk(Chooser& chooser);

  // One step.
  void step();
  // Completes what is in flight, closes what is open, takes every disk away, and looks whether
  // anything is left.
  void end();

  // Empty, or the first invariant that did not hold.
  const std::string& complaint() const { return complaint_; }
  const std::vector<std::string>& story() const { return story_; }
  std::uint64_t granted() const { return granted_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t completed() const { return completed_; }

 private:
  struct Request {
    Bio bio;
    int times_done = 0;
  };

  void add_disk();
  void add_layer();
  void add_fork();
  void add_user();
  void change_access();
  void issue();
  void complete_one();
  void lose_disk();
  void change_medium();
  void put_in();
  void take_out();
  void close_a_loop();
  void detach();
  void run_a_little();

  Provider* some_provider();
  testing::User* some_user();
  std::vector<testing::Source*> disks();
  bool complete(testing::Source& disk);
  void check(const std::string& what_happened);
  void complain(const std::string& what);
  std::string new_name(const char* kind);

  Chooser& chooser_;
  testing::TestMesh t_;
  std::deque<Request> requests_;
  std::vector<std::string> story_;
  std::string complaint_;
  int names_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t completed_ = 0;
};

}  // namespace biotope::props
