#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "model/buf.h"
#include "model/consumer.h"
#include "model/control_io.h"
#include "model/task.h"

namespace biotope::fs {

// A small cache of the blocks of one volume. What is written stays here, dirty, until sync() or until
// its place is needed. All its I/O are Bufs that go through dev_strategy. One caller at a time, except
// for forget().
class Cache {
 public:
  // `edge` is used until forget(). A block is `block_bytes` long, a multiple of the sector size; the
  // last one may be shorter. At most `capacity` >= 1 blocks are kept.
  Cache(Consumer& edge, std::int64_t size_bytes, std::int64_t block_bytes, std::size_t capacity);

  std::int64_t size_bytes() const { return size_bytes_; }
  std::int64_t block_bytes() const { return block_bytes_; }

  // Any alignment, within the volume. The errors are those of the disk; ENXIO after forget().
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<Status> write(std::int64_t offset_bytes, Bytes data);
  // Writes back what is dirty, all at once. What fails stays dirty. No FLUSH.
  Task<Status> sync();

  // Drops all blocks, dirty ones as well, and never uses the edge again. Requests under way keep
  // what they need until they come back.
  void forget();

  std::size_t blocks() const { return blocks_.size(); }
  std::size_t dirty_blocks() const;
  std::int64_t dirty_bytes() const;

 private:
  struct Block {
    Buf buf;
    std::int64_t number = 0;
    std::vector<std::byte> data;
    std::list<std::int64_t>::iterator age;
    bool dirty() const { return (buf.b_flags & kBufDelwri) != 0; }
  };
  using BlockPointer = std::shared_ptr<Block>;
  class Transfer;

  BlockPointer make(std::int64_t number);
  void touch(Block& block);
  Task<Result<BlockPointer>> get(std::int64_t number, bool whole);
  Task<Status> make_room();
  Task<Status> transfer(std::vector<BlockPointer> blocks, Command command);

  Consumer* edge_;
  std::int64_t size_bytes_;
  std::int64_t block_bytes_;
  std::size_t capacity_;
  std::map<std::int64_t, BlockPointer> blocks_;
  std::list<std::int64_t> ages_;  // oldest first
};

}  // namespace biotope::fs
