#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "model/buf.h"
#include "model/consumer.h"
#include "model/control_io.h"
#include "model/task.h"

namespace biotope::fs {

// A small cache of the blocks of one volume. What is written stays here, dirty, until sync() or
// until its place is needed. All its I/O are Bufs that go through dev_strategy. One caller at a
// time, except for forget().
class Cache {
 public:
  // `edge` is used until forget(). A block is `block_bytes` long, a multiple of the sector size;
  // the last one may be shorter. At most `capacity` >= 1 blocks are kept.
  Cache(Consumer& edge, std::int64_t size_bytes, std::int64_t block_bytes, std::size_t capacity);

  std::int64_t size_bytes() const { return size_bytes_; }
  std::int64_t block_bytes() const { return block_bytes_; }

  // Any alignment, within the volume. The errors are those of the disk; ENXIO after forget().
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<Status> write(std::int64_t offset_bytes, Bytes data);
  // Writes back what is dirty, all at once. What fails stays dirty. No FLUSH.
  Task<Status> sync();
  // A FLUSH after the last sync() has succeeded.
  void flushed() { unflushed_.clear(); }

  // Drops all blocks, dirty ones as well, and never uses the edge again. Requests under way keep
  // what they need until they come back.
  void forget();

  std::size_t blocks() const { return blocks_.size(); }
  std::size_t dirty_blocks() const;
  // From the first to the last byte that was written in each block.
  std::int64_t dirty_bytes() const;
  // Written back since the last flushed(): a disk that caches writes may still lose them.
  std::size_t unflushed_blocks() const { return unflushed_.size(); }

 private:
  struct Block {
    Buf buf;  // its b_caller2 is this
    std::int64_t number = 0;
    std::vector<std::byte> data;
    bool dirty() const { return (buf.b_flags & kBufDelwri) != 0; }
  };
  using BlockPointer = std::shared_ptr<Block>;
  using Ages = boost::intrusive::list<
      Buf, boost::intrusive::member_hook<Buf, decltype(Buf::b_freelist), &Buf::b_freelist>>;
  class Transfer;

  BlockPointer make(std::int64_t number);
  void touch(Block& block);
  void drop(Block& block);
  Task<Result<BlockPointer>> get(std::int64_t number, bool whole);
  Task<Status> make_room();
  Task<Status> transfer(std::vector<BlockPointer> blocks, Command command);

  Consumer* edge_;
  std::int64_t size_bytes_;
  std::int64_t block_bytes_;
  std::size_t capacity_;
  std::map<std::int64_t, BlockPointer> blocks_;
  Ages ages_;  // the least recently used first
  std::set<std::int64_t> unflushed_;
};

}  // namespace biotope::fs
