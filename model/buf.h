#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "model/bio.h"

namespace biotope {

struct DoneLink;

// b_flags: what concerns the cache and nobody below it. Ordering and errors are in b_ioflags.
enum BufFlag : std::uint32_t {
  kBufPhys = 1,    // B_PHYS: b_offset is valid already, b_blkno says nothing
  kBufCache = 2,   // B_CACHE: b_data holds what the disk holds, or newer
  kBufDelwri = 4,  // B_DELWRI: b_data is newer than the disk
  kBufBusy = 8,    // B_BUSY: a request is under way
  kBufInval = 16,  // B_INVAL: to be thrown away when the request comes back
};

// The unit of b_blkno, whatever the sector size of the disk is (B_DEVSZ in the paper).
inline constexpr std::int64_t kDevBlockBytes = 512;

// The request of old (paper sections 1 to 3): what a buffer cache keeps a block of a disk in and
// asks for it with. The half that is a request is a Bio, and the first member, so that a pointer to
// either can be cast to the other; the names of old are accessors to it. Nothing below
// dev_strategy() sees anything else of a Buf.
//
// b_blkno counts blocks of 512 bytes. With the 32 bits it had, two terabytes could be addressed,
// one where it was signed. It has 64 bits here and so has the byte offset that is made of it.
struct Buf {
  Bio b_io;

  std::int64_t b_blkno = 0;
  std::uint32_t b_flags = 0;
  DoneLink* b_iodone_chain = nullptr;  // done_chain.h

  // The cache's own.
  std::int64_t b_dirtyoff = 0;  // the bytes of b_data that are newer than the disk: from
  std::int64_t b_dirtyend = 0;  // and to
  boost::intrusive::list_member_hook<> b_freelist;

  // The Buf whose request `bio` is. Only of requests that are known to be of a Buf.
  static Buf& of(Bio& bio) { return reinterpret_cast<Buf&>(bio); }

  Command& b_iocmd() { return b_io.command; }
  std::uint16_t& b_ioflags() { return b_io.flags; }
  Consumer*& b_dev() { return b_io.edge; }
  std::int64_t& b_offset() { return b_io.offset_bytes; }
  std::int64_t& b_bcount() { return b_io.length_bytes; }
  std::int64_t& b_pblkno() { return b_io.position_bytes; }
  std::int64_t b_resid() const { return b_io.resid_bytes(); }
  std::int32_t& b_error() { return b_io.error; }
  Data& b_data() { return b_io.data; }
  BioDone& b_iodone() { return b_io.done; }
  void*& b_caller1() { return b_io.caller1; }
  void*& b_caller2() { return b_io.caller2; }
  void*& b_driver1() { return b_io.driver1; }
  void*& b_driver2() { return b_io.driver2; }
};

static_assert(std::is_standard_layout_v<Buf> && offsetof(Buf, b_io) == 0,
              "a pointer to a Buf and one to its Bio can be cast to each other");

// Where the Bio of a Buf comes from. Neither those above nor those below can tell.
enum class BufForm : std::uint8_t {
  embedded,   // it is the Buf's own
  allocated,  // it is taken from the mesh's pool and filled from the Buf
};

// Issues `buf` on `edge`: the single place where a Buf becomes a Bio. Fills in b_offset from
// b_blkno, unless B_PHYS says that it is valid. The issuer has set b_iocmd, b_bcount, b_data,
// b_iodone and either b_blkno or b_offset, and may set ordering in b_ioflags; b_iodone is called
// exactly once with the Buf's own Bio, perhaps before this returns, with b_error, b_resid and
// b_ioflags set. A block number that no byte offset can express is beyond the end of every disk and
// gets its error. When the pool is exhausted the request waits and is tried again; the edge stays
// in use meanwhile.
void dev_strategy(Buf& buf, Consumer& edge, BufForm form = BufForm::embedded);

}  // namespace biotope
