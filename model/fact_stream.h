#pragma once

#include <cstdint>
#include <vector>

#include "model/facts.h"

namespace biotope {

class Executor;

// Where facts go in and observers listen.
class FactStream {
 public:
  explicit FactStream(const Executor& executor) : executor_(&executor) {}

  // An observer must be removed before it goes.
  void add(Observer& observer);
  void remove(Observer& observer);
  // False: nobody listens, and the fact need not even be made.
  bool watched() const { return watched_; }
  // Fills in time and number and tells every observer, in the order they were added.
  void emit(Fact fact);

 private:
  const Executor* executor_;
  bool watched_ = false;
  std::uint64_t number_ = 0;
  std::vector<Observer*> observers_;
};

}  // namespace biotope
