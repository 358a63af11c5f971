#include "classes/fs/cache.h"

#include <algorithm>
#include <coroutine>
#include <cstring>

#include "model/mesh.h"

namespace biotope::fs {

// Some blocks on their way to or from the disk, all at once; to be awaited.
class Cache::Transfer {
 public:
  Transfer(Consumer& edge, const std::vector<BlockPointer>& blocks, Command command)
      : edge_(edge), later_(edge.geom().mesh().executor()), blocks_(blocks), command_(command) {}

  bool await_ready() const { return blocks_.empty(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    left_ = blocks_.size();
    for (const BlockPointer& block : blocks_) start(*block);
  }
  // The first error that came back, or 0.
  int await_resume() const { return error_; }

 private:
  void start(Block& block) {
    Buf& buf = block.buf;
    buf.b_flags |= kBufBusy;
    buf.b_iocmd() = command_;
    buf.b_caller1() = this;
    buf.b_iodone() = [](Bio& bio) { static_cast<Transfer*>(bio.caller1)->done(bio); };
    dev_strategy(buf, edge_);
  }

  void done(Bio& bio) {
    Buf& buf = Buf::of(bio);
    buf.b_flags &= ~std::uint32_t{kBufBusy};
    if (bio.error == 0) {
      buf.b_flags = (buf.b_flags | kBufCache) & ~std::uint32_t{kBufDelwri};
      buf.b_dirtyoff = buf.b_dirtyend = 0;
    } else if (error_ == 0) {
      error_ = bio.error;
    }
    if (--left_ == 0) later_.post([waiting = waiting_] { waiting.resume(); });
  }

  Consumer& edge_;
  Lifeline later_;
  const std::vector<BlockPointer>& blocks_;
  Command command_;
  std::size_t left_ = 0;
  int error_ = 0;
  std::coroutine_handle<> waiting_;
};

Cache::Cache(Consumer& edge, std::int64_t size_bytes, std::int64_t block_bytes,
             std::size_t capacity)
    : edge_(&edge), size_bytes_(size_bytes), block_bytes_(block_bytes), capacity_(capacity) {}

Cache::BlockPointer Cache::make(std::int64_t number) {
  auto block = std::make_shared<Block>();
  const std::int64_t start = number * block_bytes_;
  block->number = number;
  block->data.resize(static_cast<std::size_t>(std::min(block_bytes_, size_bytes_ - start)));
  Buf& buf = block->buf;
  // The paper's own way where it can: a block number. Sectors of other sizes need the byte offset.
  if (start % kDevBlockBytes == 0) {
    buf.b_blkno = start / kDevBlockBytes;
  } else {
    buf.b_flags |= kBufPhys;
    buf.b_offset() = start;
  }
  buf.b_bcount() = static_cast<std::int64_t>(block->data.size());
  buf.b_data() = Data(block->data.data());
  buf.b_caller2() = block.get();
  ages_.push_back(buf);
  blocks_.emplace(number, block);
  return block;
}

void Cache::touch(Block& block) {
  ages_.erase(ages_.iterator_to(block.buf));
  ages_.push_back(block.buf);
}

void Cache::drop(Block& block) {
  ages_.erase(ages_.iterator_to(block.buf));
  blocks_.erase(block.number);
}

Task<Status> Cache::transfer(std::vector<BlockPointer> blocks, Command command) {
  if (edge_ == nullptr) co_return fail(ENXIO, "the disk is gone");
  const std::string name = edge_->name();
  Transfer all(*edge_, blocks, command);
  const int error = co_await all;
  if (error == 0) co_return Status{};
  co_return fail(error, name, ": ", command_name(command), " of ", blocks.size(),
                 " blocks failed with errno ", error);
}

// The oldest block goes; if that is dirty, everything dirty is written first, which costs one arm's
// sweep instead of many.
Task<Status> Cache::make_room() {
  while (blocks_.size() >= capacity_) {
    auto& oldest = *static_cast<Block*>(ages_.front().b_caller2());
    if (oldest.dirty()) {
      if (Status written = co_await sync(); !written) co_return written;
      if (edge_ == nullptr) co_return fail(ENXIO, "the disk is gone");
    }
    drop(oldest);
  }
  co_return Status{};
}

// `whole`: all of it is about to be overwritten, so it need not be read.
Task<Result<Cache::BlockPointer>> Cache::get(std::int64_t number, bool whole) {
  if (const auto found = blocks_.find(number); found != blocks_.end()) {
    touch(*found->second);
    co_return found->second;
  }
  if (edge_ == nullptr) co_return fail(ENXIO, "the disk is gone");
  if (Status room = co_await make_room(); !room) co_return pass_on(room);
  BlockPointer block = make(number);
  if (whole) co_return block;
  std::vector<BlockPointer> one{block};
  Status read = co_await transfer(std::move(one), Command::read);
  if (!read) {
    if (edge_ != nullptr) drop(*block);
    co_return pass_on(read);
  }
  co_return block;
}

Task<Result<Bytes>> Cache::read(std::int64_t offset_bytes, std::int64_t length_bytes) {
  Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(length_bytes));
  const std::int64_t end = offset_bytes + length_bytes;
  for (std::int64_t at = offset_bytes; at < end;) {
    const Result<BlockPointer> block = co_await get(at / block_bytes_, false);
    if (!block) co_return pass_on(block);
    const auto from = (*block)->data.begin() + at % block_bytes_;
    const std::int64_t take = std::min<std::int64_t>(end - at, (*block)->data.end() - from);
    bytes.insert(bytes.end(), from, from + take);
    at += take;
  }
  co_return bytes;
}

namespace {

void mark_dirty(Buf& buf, std::int64_t from, std::int64_t to) {
  const bool first = (buf.b_flags & kBufDelwri) == 0;
  buf.b_dirtyoff = first ? from : std::min(buf.b_dirtyoff, from);
  buf.b_dirtyend = first ? to : std::max(buf.b_dirtyend, to);
  buf.b_flags |= kBufDelwri | kBufCache;
}

}  // namespace

Task<Status> Cache::write(std::int64_t offset_bytes, Bytes data) {
  const std::int64_t end = offset_bytes + static_cast<std::int64_t>(data.size());
  for (std::int64_t at = offset_bytes; at < end;) {
    const std::int64_t number = at / block_bytes_;
    const std::int64_t in_block = at % block_bytes_;
    const std::int64_t block_end = std::min((number + 1) * block_bytes_, size_bytes_);
    const std::int64_t take = std::min(end, block_end) - at;
    const bool whole = in_block == 0 && at + take == block_end;
    const Result<BlockPointer> block = co_await get(number, whole);
    if (!block) co_return pass_on(block);
    std::memcpy((*block)->data.data() + in_block, data.data() + (at - offset_bytes),
                static_cast<std::size_t>(take));
    mark_dirty((*block)->buf, in_block, in_block + take);
    at += take;
  }
  co_return Status{};
}

Task<Status> Cache::sync() {
  std::vector<BlockPointer> dirty;
  for (const auto& [number, block] : blocks_) {
    if (block->dirty()) dirty.push_back(block);
  }
  Status written = co_await transfer(dirty, Command::write);
  for (const BlockPointer& block : dirty) {
    if (!block->dirty()) unflushed_.insert(block->number);
  }
  co_return written;
}

void Cache::forget() {
  edge_ = nullptr;
  ages_.clear();
  blocks_.clear();
}

std::size_t Cache::dirty_blocks() const {
  return static_cast<std::size_t>(std::count_if(blocks_.begin(), blocks_.end(),
                                                [](const auto& b) { return b.second->dirty(); }));
}

std::int64_t Cache::dirty_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [number, block] : blocks_) {
    bytes += block->buf.b_dirtyend - block->buf.b_dirtyoff;
  }
  return bytes;
}

}  // namespace biotope::fs
