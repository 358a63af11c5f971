// Counts what the whole program asks of the heap.
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#include "bench/stack.h"

namespace {
std::uint64_t allocations = 0;
std::int64_t bytes = 0;
}  // namespace

namespace biotope::bench {
std::uint64_t heap_allocations() { return allocations; }
std::int64_t heap_bytes() { return bytes; }
}  // namespace biotope::bench

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  ++allocations;
  bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr) bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
