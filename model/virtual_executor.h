#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "model/executor.h"

namespace biotope {

// An executor with a clock of its own that jumps from one piece of work to the next: what tests,
// verification and benchmarks run on.
class VirtualExecutor final : public Executor {
 public:
  // Among `count` >= 2 pieces of work due at the same instant, which runs first: 0..count-1.
  // Without a chooser it is the one asked for first.
  using Chooser = std::function<std::size_t(std::size_t count)>;

  explicit VirtualExecutor(Chooser chooser = nullptr) : chooser_(std::move(chooser)) {}

  std::int64_t now_ns() const override { return now_ns_; }
  void post(std::function<void()> work) override { after(0, std::move(work)); }
  void after(std::int64_t delay_ns, std::function<void()> work) override;
  bool step() override;

  bool idle() const { return due_.empty(); }
  // Runs until nothing is left to run.
  void run() {
    while (step()) {
    }
  }

 private:
  using Due = std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>>;

  Due::iterator choose();

  Chooser chooser_;
  std::int64_t now_ns_ = 0;
  std::uint64_t sequence_ = 0;
  Due due_;
};

}  // namespace biotope
