#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace biotope {

// One contiguous piece of a request's memory.
struct Segment {
  std::byte* base = nullptr;
  std::size_t length_bytes = 0;
};

// Where in memory a request's data is: a view of a scatter list that its issuer owns. Layers shift
// it and never copy what it points to. It has no length of its own: the bio's length says how much
// of it is meant. Up to one segment needs no list.
class Data {
 public:
  Data() = default;
  explicit Data(std::byte* base) : single_(base) {}
  // `list` must outlive every request made from it.
  explicit Data(const Segment* list) : list_(list) { normalise(); }

  bool empty() const { return single_ == nullptr && list_ == nullptr; }

  // The same memory from `bytes` further on.
  Data shifted(std::int64_t bytes) const {
    Data later = *this;
    if (later.single_ != nullptr) {
      later.single_ += bytes;
    } else if (later.list_ != nullptr) {
      later.skip_bytes_ += static_cast<std::size_t>(bytes);
      later.normalise();
    }
    return later;
  }

  // True when the first `length_bytes` lie in one piece, as a driver that maps data needs them.
  bool contiguous(std::int64_t length_bytes) const {
    return list_ == nullptr ||
           list_->length_bytes - skip_bytes_ >= static_cast<std::size_t>(length_bytes);
  }

  // Calls visit(std::span<std::byte>) for each contiguous piece of the first `length_bytes`.
  template <class Visit>
  void for_each_piece(std::int64_t length_bytes, Visit visit) const {
    auto left = static_cast<std::size_t>(length_bytes);
    if (single_ != nullptr) {
      visit(std::span<std::byte>(single_, left));
      return;
    }
    std::size_t skip = skip_bytes_;
    for (const Segment* s = list_; left > 0; ++s, skip = 0) {
      const std::size_t take = std::min(left, s->length_bytes - skip);
      if (take > 0) visit(std::span<std::byte>(s->base + skip, take));
      left -= take;
    }
  }

  void copy_out(std::span<std::byte> to) const {
    std::size_t done = 0;
    for_each_piece(static_cast<std::int64_t>(to.size()), [&](std::span<std::byte> piece) {
      std::memcpy(to.data() + done, piece.data(), piece.size());
      done += piece.size();
    });
  }

  void copy_in(std::span<const std::byte> from) const {
    std::size_t done = 0;
    for_each_piece(static_cast<std::int64_t>(from.size()), [&](std::span<std::byte> piece) {
      std::memcpy(piece.data(), from.data() + done, piece.size());
      done += piece.size();
    });
  }

 private:
  // Stepping over whole segments here keeps contiguous() and a long list's later pieces cheap. The
  // segment that is reached may not exist when the view ends there, so it is only stepped onto.
  void normalise() {
    while (skip_bytes_ > 0 && skip_bytes_ >= list_->length_bytes) {
      skip_bytes_ -= list_->length_bytes;
      ++list_;
    }
  }

  std::byte* single_ = nullptr;
  const Segment* list_ = nullptr;
  std::size_t skip_bytes_ = 0;
};

}  // namespace biotope
