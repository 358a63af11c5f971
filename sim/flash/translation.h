#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "classes/random_stream.h"
#include "sim/flash/flash_profile.h"
#include "sim/flash/flash_statistics.h"

namespace biotope::sim {

// One thing that is done to the cells. Pages are numbered through over blocks, and blocks over
// dies.
struct FlashStep {
  enum class Kind : std::uint8_t {
    read,     // page `from`
    program,  // page `to`, with what the host has written
    copy,     // page `to`, with what is in `from` of the same die
    erase,    // the block that begins at page `to`
  };
  Kind kind = Kind::read;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

// Which page of the cells holds which page of the host's, and how room is made for more. Knows
// neither time nor contents: it says what is done, in order.
//
// A page is never programmed twice without an erasure in between, so each write goes to a new one
// and leaves an old one behind that is worth nothing. When a die runs short of erased blocks, the
// one with the fewest pages that are worth something is copied elsewhere and erased (greedy). A
// write goes to the least worn of the erased blocks; what has lain long in a block that others are
// `wear_gap` erasures ahead of is moved to the most worn one. A block that fails, which shows when
// it is erased, is replaced by a spare of its die; the first that can not be replaced makes all
// read-only.
class FlashTranslation {
 public:
  // Erased blocks that each die keeps back, and blocks that are open in it at a time: for what the
  // host writes, what is collected, and what is levelled.
  static constexpr std::int64_t kReserve = 2;
  static constexpr std::int64_t kOpen = 3;
  static constexpr std::int64_t kOverhead = kReserve + kOpen + 1;  // blocks no data may count on

  // The figures must have passed find_fault().
  explicit FlashTranslation(const FlashFigures& figures);
  FlashTranslation(const FlashTranslation&) = delete;
  FlashTranslation& operator=(const FlashTranslation&) = delete;

  // Where a page of the host's is; nothing: it was never written, or forgotten.
  std::optional<std::uint32_t> find(std::uint32_t logical) const;
  // Gives it a new place. What this takes is appended to `steps`, the programming last. False: it
  // is read-only, and what was there before is there still.
  bool write(std::uint32_t logical, std::vector<FlashStep>& steps);
  // Nobody needs it any more.
  void forget(std::uint32_t logical);

  bool read_only() const { return read_only_; }
  const FlashCounts& counts() const { return counts_; }
  FlashWear wear() const;
  std::int64_t die_of(std::uint32_t page) const { return page / (pages_ * blocks_of_die_); }

 private:
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  static constexpr std::uint32_t kMapChunk = 4096;  // entries
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

  struct Block : Hook {
    enum class State : std::uint8_t { erased, open, full, spare, failed };
    State state = State::erased;
    std::uint32_t erasures = 0;
    std::uint32_t used = 0;                   // pages programmed since the last erasure
    std::uint32_t valid = 0;                  // of these, worth something
    std::unique_ptr<std::uint32_t[]> owners;  // by page: whose it is, or kNowhere
  };
  using BlockList = boost::intrusive::list<Block, boost::intrusive::constant_time_size<false>>;

  struct Die {
    std::vector<std::uint32_t> erased;  // block numbers: a heap, least worn first
    std::vector<std::uint32_t> spares;
    std::vector<BlockList> full;  // by valid pages, oldest first
    std::uint32_t fewest = 0;     // no full block has fewer valid pages
    std::uint32_t host = kNowhere;
    std::uint32_t collected = kNowhere;
    std::uint32_t levelled = kNowhere;
    std::uint64_t valid = 0;
    std::uint64_t most_valid = 0;
    std::uint32_t erasures_since_levelled = 0;
  };

  void set_up_die(Die& die, std::uint32_t first_block, const FlashFigures& figures);
  Die& die_of_block(std::uint32_t block) { return dies_[block / blocks_of_die_]; }
  Die& next_die();
  void make_room(Die& die, std::vector<FlashStep>& steps);
  void collect(Die& die, std::vector<FlashStep>& steps);
  void level(Die& die, std::vector<FlashStep>& steps);
  void empty(Die& die, std::uint32_t block, std::uint32_t& into, bool most_worn,
             std::vector<FlashStep>& steps);
  void erase(Die& die, std::uint32_t block, std::vector<FlashStep>& steps);
  bool fails(const Block& block);
  std::uint32_t open_block(Die& die, bool most_worn);
  std::uint32_t program(Die& die, std::uint32_t& into, bool most_worn, std::uint32_t logical);
  void let_go(std::uint32_t page);
  std::uint32_t least_worn_full(const Die& die) const;
  bool comes_later(std::uint32_t a, std::uint32_t b) const;
  std::uint32_t& place_of(std::uint32_t logical);

  const std::uint32_t pages_;  // of a block
  const std::uint32_t blocks_of_die_;
  const std::int64_t erase_limit_;
  const std::int64_t erase_limit_spread_;
  const std::uint32_t wear_gap_;
  std::vector<Block> blocks_;
  std::vector<Die> dies_;
  std::size_t next_die_ = 0;
  std::vector<std::unique_ptr<std::uint32_t[]>> map_;  // in chunks, as they are written to
  std::vector<std::unique_ptr<std::uint32_t[]>> idle_owners_;
  RandomStream failures_;
  bool read_only_ = false;
  FlashCounts counts_;
};

}  // namespace biotope::sim
