#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "model/check.h"

namespace biotope {

// Objects of one kind that are taken and put back without touching the heap: memory is only asked
// for when more are out than ever before, and kept until the pool goes.
template <class T>
class Pool {
 public:
  // How many may be out at once; what is out already is not touched.
  void set_limit(std::uint64_t limit) { limit_ = limit; }
  std::uint64_t taken() const { return taken_; }

  // A fresh object, or null when the limit is reached.
  T* take() {
    if (free_ == nullptr || taken_ >= limit_) [[unlikely]] {
      if (!make_room()) return nullptr;
    }
    Slot* slot = free_;
    free_ = slot->next;
    ++taken_;
    // Without parentheses: those would clear the memory before the members are set.
    return ::new (static_cast<void*>(slot->room)) T;
  }

  void put(T* object) {
    object->~T();
    Slot* slot = reinterpret_cast<Slot*>(object);
    slot->next = free_;
    free_ = slot;
    --taken_;
  }

 private:
  static constexpr std::size_t kSlabSlots = 64;

  union Slot {
    Slot* next;
    alignas(T) std::byte room[sizeof(T)];
  };

  [[gnu::noinline]] bool make_room() {
    if (taken_ >= limit_) return false;
    slabs_.push_back(std::make_unique<std::array<Slot, kSlabSlots>>());
    for (Slot& slot : *slabs_.back()) {
      slot.next = free_;
      free_ = &slot;
    }
    return true;
  }

  Slot* free_ = nullptr;
  std::uint64_t taken_ = 0;
  std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::unique_ptr<std::array<Slot, kSlabSlots>>> slabs_;
};

}  // namespace biotope
