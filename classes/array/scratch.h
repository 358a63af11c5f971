#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace biotope::array {

// Memory for data that a geom makes itself, such as parity: taken and put back, and asked of the
// heap only when there was never as much at a time before.
class Scratch {
 public:
  // At least `length_bytes` >= 1, aligned for vector instructions, with anything in it.
  std::byte* take(std::int64_t length_bytes) {
    const std::size_t size_class = class_of(length_bytes);
    Shelf& shelf = shelves_[size_class];
    if (shelf.free.empty()) {
      const std::size_t size_bytes = std::size_t{1} << size_class;
      shelf.all.emplace_back(new (std::align_val_t(kAlign)) std::byte[size_bytes]);
      shelf.free.reserve(shelf.all.size());
      return shelf.all.back().get();
    }
    std::byte* memory = shelf.free.back();
    shelf.free.pop_back();
    return memory;
  }
  void put(std::byte* memory, std::int64_t length_bytes) {
    shelves_[class_of(length_bytes)].free.push_back(memory);
  }

 private:
  static constexpr std::size_t kAlign = 64;
  struct Free {
    void operator()(std::byte* memory) const {
      operator delete[](memory, std::align_val_t(kAlign));
    }
  };
  struct Shelf {
    std::vector<std::unique_ptr<std::byte[], Free>> all;
    std::vector<std::byte*> free;
  };
  static std::size_t class_of(std::int64_t length_bytes) {
    return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(length_bytes) - 1));
  }

  std::array<Shelf, 64> shelves_;
};

}  // namespace biotope::array
