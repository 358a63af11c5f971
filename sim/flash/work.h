#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "sim/never.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

using FlashNumber = std::uint32_t;  // of a request or a page's work, in its pool
inline constexpr FlashNumber kNoFlashWork = UINT32_MAX;

// A request in a flash drive, from its arrival until all its pages are where they belong.
struct FlashRequest {
  FlashNumber next = kNoFlashWork;
  std::uint64_t tag = 0;
  DriveEngine::Command command = DriveEngine::Command::read;
  std::int64_t first = 0;  // sectors
  std::int64_t end = 0;
  std::int64_t to_answer = 0;  // pages that the host still waits for
  std::int64_t to_end = 0;     // pages that are not where they belong
  bool answered = false;
  int error = 0;
  std::vector<bool> done;  // by page
};

// What is done for one page of a request: sectors first..end - 1, all of one page.
struct FlashWork {
  FlashNumber next = kNoFlashWork;
  FlashNumber request = kNoFlashWork;
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::int64_t die = 0;
  std::int64_t before_ns = 0;  // what the die does before it programs
  bool programs = false;
  bool programmed = false;
};

// Things of one kind by number, used again and again. Numbers and places stay while they are used.
template <class T>
class FlashPool {
 public:
  FlashNumber take() {
    if (free_.empty()) {
      all_.emplace_back();
      used_.push_back(true);
      return static_cast<FlashNumber>(all_.size() - 1);
    }
    const FlashNumber number = free_.back();
    free_.pop_back();
    used_[number] = true;
    return number;
  }
  void give_back(FlashNumber number) {
    used_[number] = false;
    free_.push_back(number);
  }
  T& operator[](FlashNumber number) { return all_[number]; }
  template <class Each>
  void for_each(Each each) {
    for (FlashNumber i = 0; i < all_.size(); ++i) {
      if (used_[i]) each(all_[i]);
    }
  }
  void clear() {
    all_.clear();
    free_.clear();
    used_.clear();
  }

 private:
  std::deque<T> all_;
  std::vector<FlashNumber> free_;
  std::vector<bool> used_;
};

// First in, first out, through the members' own links.
class FlashQueue {
 public:
  bool empty() const { return head_ == kNoFlashWork; }
  template <class T>
  void push(FlashPool<T>& pool, FlashNumber number) {
    pool[number].next = kNoFlashWork;
    (empty() ? head_ : pool[tail_].next) = number;
    tail_ = number;
  }
  // Must not be empty.
  template <class T>
  FlashNumber pop(FlashPool<T>& pool) {
    const FlashNumber number = head_;
    head_ = pool[number].next;
    return number;
  }

 private:
  FlashNumber head_ = kNoFlashWork;
  FlashNumber tail_ = kNoFlashWork;
};

// A die, a channel or the link: one at a time has it, the others wait in the order they came.
class FlashResource {
 public:
  // True: it is the asker's at once; else its turn comes with a free().
  bool ask(FlashPool<FlashWork>& pool, FlashNumber number) {
    if (held_) {
      waiting_.push(pool, number);
      return false;
    }
    return held_ = true;
  }
  // Whose it is next, or nobody's.
  FlashNumber free(FlashPool<FlashWork>& pool) {
    held_ = !waiting_.empty();
    return held_ ? waiting_.pop(pool) : kNoFlashWork;
  }

 private:
  bool held_ = false;
  FlashQueue waiting_;
};

// What will happen, by time and then in the order in which it was set going.
class FlashEvents {
 public:
  enum class What : std::uint8_t { command_done, link_done, cells_done, channel_done };
  struct Event {
    std::int64_t time_ns;
    std::uint64_t number;
    What what;
    FlashNumber whose;
    friend bool operator>(const Event& a, const Event& b) {
      return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.number > b.number;
    }
  };

  std::int64_t next_ns() const { return heap_.empty() ? kNever : heap_.front().time_ns; }
  void add(std::int64_t time_ns, What what, FlashNumber whose) {
    heap_.push_back({time_ns, next_number_++, what, whose});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  // There must be one.
  Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Event event = heap_.back();
    heap_.pop_back();
    return event;
  }
  void clear() { heap_.clear(); }

 private:
  std::vector<Event> heap_;
  std::uint64_t next_number_ = 0;
};

}  // namespace biotope::sim
