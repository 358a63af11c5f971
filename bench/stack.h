#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "classes/disk/disk.h"
#include "model/check.h"
#include "model/mesh.h"
#include "model/virtual_executor.h"

// The meshes that are measured.
namespace biotope::bench {

// For what can not fail here.
inline void must(const Status& status) {
  BIOTOPE_CHECK(status.has_value(), status.error().text.c_str());
}
template <class T>
T must(Result<T> result) {
  BIOTOPE_CHECK(result.has_value(), result.error().text.c_str());
  return std::move(*result);
}

// A disk that does nothing, at once.
class NullDriver final : public DiskDriver {
 public:
  explicit NullDriver(std::int64_t size_bytes) : size_bytes_(size_bytes) {}
  DiskTraits traits() const override;
  Verdict strategy(Bio&) override { return Verdict::done(); }

 private:
  std::int64_t size_bytes_;
};

// Likewise, but it keeps its last sector, where an array is found by.
class MetadataDriver final : public DiskDriver {
 public:
  explicit MetadataDriver(std::int64_t size_bytes);
  DiskTraits traits() const override { return traits_; }
  Verdict strategy(Bio& bio) override;

 private:
  DiskTraits traits_;
  std::vector<std::byte> last_;
};

// A mesh over its own clock with the classes loaded that the measurements use; nobody observes it,
// accounting is on as always.
class Bench {
 public:
  // On a clock of its own, or on somebody else's.
  Bench() : mesh(clock) { load(); }
  explicit Bench(Executor& executor) : mesh(executor) { load(); }

  // A null disk called `name`.
  Provider& disk(const std::string& name, std::int64_t size_bytes = std::int64_t{1} << 30);
  // `layers` nops over `below`, every second one with an offset, named after it.
  Provider& nops(Provider& below, int layers);
  // A geom that sends every request to all of `below`, as a mirror does with writes.
  Provider& fanout(const std::vector<Provider*>& below);
  // Stripes of 64 KiB over all of `below`.
  Provider& stripe(const std::vector<Provider*>& below);
  // A mirror of `below`, all of which have everything.
  Provider& mirror(const std::vector<Provider*>& below);
  // A raid5 of `count` disks of its own with stripes of `stripe_bytes`, all of which have
  // everything.
  Provider& raid5(int count, std::int64_t stripe_bytes);
  // A user's edge to `below`, open for reading and writing.
  Consumer& user(Provider& below);

  VirtualExecutor clock;
  Mesh mesh;

 private:
  void load();

  Class cls_{"bench"};
  std::vector<std::unique_ptr<DiskDriver>> drivers_;
};

// Issues `count` writes of `length_bytes`, at most a MiB, each behind the one before.
void issue_long(Mesh& mesh, Consumer& edge, std::int64_t count, std::int64_t length_bytes);
// Issues `count` writes of 4 KiB, one after the other, with a request that the issuer owns, as a
// Buf does.
void issue(Mesh& mesh, Consumer& edge, std::int64_t count);
// Likewise reads.
void issue_reads(Mesh& mesh, Consumer& edge, std::int64_t count);
// As issue(), each request taken from the pool and put back when it is done.
void issue_pooled(Mesh& mesh, Consumer& edge, std::int64_t count);

// How often the heap has been asked for memory since the start.
std::uint64_t heap_allocations();
// Bytes the heap has handed out and not got back.
std::int64_t heap_bytes();

}  // namespace biotope::bench
