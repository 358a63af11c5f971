#pragma once

#include <cstdint>
#include <string>
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

  // While one lives, facts are kept back: the mesh is in the middle of something that nobody is to
  // see half done. What they refer to must outlive it.
  class Silence {
   public:
    explicit Silence(FactStream& facts) : facts_(&facts) { facts.silence_ = this; }
    // Tells what was kept back, in order.
    ~Silence();
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

    std::size_t kept() const { return kept_.size(); }
    // The first `count` of what was kept back did not happen after all.
    void take_back(std::size_t count);

   private:
    friend class FactStream;
    struct Kept {
      Fact fact;
      std::string text;
    };
    FactStream* facts_;
    std::vector<Kept> kept_;
  };

 private:
  const Executor* executor_;
  bool watched_ = false;
  std::uint64_t number_ = 0;
  std::vector<Observer*> observers_;
  Silence* silence_ = nullptr;
};

}  // namespace biotope
