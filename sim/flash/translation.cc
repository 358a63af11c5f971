#include "sim/flash/translation.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace biotope::sim {

FlashTranslation::FlashTranslation(const FlashFigures& figures)
    : pages_(static_cast<std::uint32_t>(figures.pages_per_block)),
      blocks_of_die_(static_cast<std::uint32_t>(figures.blocks_per_die)),
      erase_limit_(figures.erase_limit),
      erase_limit_spread_(figures.erase_limit_spread),
      wear_gap_(static_cast<std::uint32_t>(figures.wear_gap)),
      blocks_(static_cast<std::size_t>(figures.dies() * figures.blocks_per_die)),
      dies_(static_cast<std::size_t>(figures.dies())),
      map_(static_cast<std::size_t>(figures.logical_pages() / kMapChunk + 1)),
      failures_(static_cast<std::uint64_t>(figures.seed), "flash.blocks") {
  std::uint32_t first = 0;
  for (Die& die : dies_) {
    set_up_die(die, first, figures);
    first += blocks_of_die_;
  }
}

// Which blocks were never good is drawn; the last ones are kept as spares.
void FlashTranslation::set_up_die(Die& die, std::uint32_t first_block,
                                  const FlashFigures& figures) {
  const std::uint32_t end = first_block + blocks_of_die_;
  for (std::int64_t bad = 0; bad < figures.factory_bad_blocks;) {
    Block& block = blocks_[static_cast<std::size_t>(failures_.between(first_block, end - 1))];
    if (block.state == Block::State::failed) continue;
    block.state = Block::State::failed;
    ++counts_.retired_blocks;
    ++bad;
  }
  const std::int64_t spares = figures.spare_blocks - figures.factory_bad_blocks;
  for (std::uint32_t i = end; i-- > first_block;) {
    if (blocks_[i].state == Block::State::failed) continue;
    if (std::ssize(die.spares) < spares) {
      blocks_[i].state = Block::State::spare;
      die.spares.push_back(i);
    } else {
      die.erased.push_back(i);
    }
  }
  std::make_heap(die.erased.begin(), die.erased.end(),
                 [this](auto a, auto b) { return comes_later(a, b); });
  die.full.resize(pages_ + 1);
  die.fewest = pages_;
  die.most_valid = static_cast<std::uint64_t>(figures.working_blocks() - kOverhead) * pages_;
}

// Of erased blocks the least worn is taken first, and of these the first.
bool FlashTranslation::comes_later(std::uint32_t a, std::uint32_t b) const {
  return std::pair(blocks_[a].erasures, a) > std::pair(blocks_[b].erasures, b);
}

// --- the map ------------------------------------------------------------------------------------

std::optional<std::uint32_t> FlashTranslation::find(std::uint32_t logical) const {
  const auto& chunk = map_[logical / kMapChunk];
  if (chunk == nullptr || chunk[logical % kMapChunk] == kNowhere) return {};
  return chunk[logical % kMapChunk];
}

std::uint32_t& FlashTranslation::place_of(std::uint32_t logical) {
  auto& chunk = map_[logical / kMapChunk];
  if (chunk == nullptr) {
    chunk = std::make_unique_for_overwrite<std::uint32_t[]>(kMapChunk);
    std::fill_n(chunk.get(), kMapChunk, kNowhere);
  }
  return chunk[logical % kMapChunk];
}

bool FlashTranslation::write(std::uint32_t logical, std::vector<FlashStep>& steps) {
  if (read_only_) return false;
  Die& die = next_die();
  if (die.host == kNowhere) make_room(die, steps);
  if (read_only_) return false;
  ++counts_.host_pages;
  const std::uint32_t old = place_of(logical);
  if (old != kNowhere) let_go(old);
  const std::uint32_t page = program(die, die.host, false, logical);
  steps.push_back({FlashStep::Kind::program, page, page});
  return true;
}

void FlashTranslation::forget(std::uint32_t logical) {
  if (!find(logical)) return;
  std::uint32_t& place = place_of(logical);
  let_go(place);
  place = kNowhere;
}

// Dies take turns; one that is full of what is still needed is left out. All together have more
// room than there are logical pages, so there is always one.
FlashTranslation::Die& FlashTranslation::next_die() {
  for (std::size_t tried = 0; tried < dies_.size(); ++tried) {
    Die& die = dies_[next_die_];
    next_die_ = (next_die_ + 1) % dies_.size();
    if (die.valid < die.most_valid) return die;
  }
  BIOTOPE_CHECK(false, "a flash drive holds more than it has");
  return dies_.front();
}

// The page is worth nothing any more. Blocks with fewer of worth are collected first.
void FlashTranslation::let_go(std::uint32_t page) {
  Block& block = blocks_[page / pages_];
  Die& die = die_of_block(page / pages_);
  block.owners[page % pages_] = kNowhere;
  --die.valid;
  if (block.state == Block::State::full) {
    die.full[block.valid].erase(BlockList::s_iterator_to(block));
    die.full[block.valid - 1].push_back(block);
    die.fewest = std::min(die.fewest, block.valid - 1);
  }
  --block.valid;
}

std::uint32_t FlashTranslation::program(Die& die, std::uint32_t& into, bool most_worn,
                                        std::uint32_t logical) {
  if (into == kNowhere) into = open_block(die, most_worn);
  Block& block = blocks_[into];
  const std::uint32_t page = into * pages_ + block.used;
  block.owners[block.used++] = logical;
  ++block.valid;
  ++die.valid;
  ++counts_.programmed_pages;
  place_of(logical) = page;
  if (block.used == pages_) {
    block.state = Block::State::full;
    die.full[block.valid].push_back(block);
    die.fewest = std::min(die.fewest, block.valid);
    into = kNowhere;
  }
  return page;
}

std::uint32_t FlashTranslation::open_block(Die& die, bool most_worn) {
  BIOTOPE_CHECK(!die.erased.empty(), "a flash drive has used up what it keeps back");
  const auto later = [this](auto a, auto b) { return comes_later(a, b); };
  if (most_worn) {
    std::iter_swap(std::min_element(die.erased.begin(), die.erased.end(), later),
                   die.erased.end() - 1);
  } else {
    std::pop_heap(die.erased.begin(), die.erased.end(), later);
  }
  const std::uint32_t number = die.erased.back();
  die.erased.pop_back();
  if (most_worn) std::make_heap(die.erased.begin(), die.erased.end(), later);
  Block& block = blocks_[number];
  block.state = Block::State::open;
  if (idle_owners_.empty()) {
    block.owners = std::make_unique_for_overwrite<std::uint32_t[]>(pages_);
  } else {
    block.owners = std::move(idle_owners_.back());
    idle_owners_.pop_back();
  }
  return number;
}

// --- making room --------------------------------------------------------------------------------

void FlashTranslation::make_room(Die& die, std::vector<FlashStep>& steps) {
  const auto collect_enough = [&] {
    while (!read_only_ && std::ssize(die.erased) <= kReserve) collect(die, steps);
  };
  collect_enough();
  if (wear_gap_ == 0 || read_only_) return;
  level(die, steps);
  collect_enough();
}

void FlashTranslation::collect(Die& die, std::vector<FlashStep>& steps) {
  while (die.fewest < pages_ && die.full[die.fewest].empty()) ++die.fewest;
  BIOTOPE_CHECK(die.fewest < pages_, "a flash drive has nothing to collect");
  const Block& victim = die.full[die.fewest].front();
  counts_.collected_pages += victim.valid;
  empty(die, static_cast<std::uint32_t>(&victim - blocks_.data()), die.collected, false, steps);
}

// Blocks whose contents nobody changes are never collected, and the others wear out before them. A
// block that is moved on takes up to `wear_gap_` erasures before it is as worn as the others, so
// one in as many keeps pace.
void FlashTranslation::level(Die& die, std::vector<FlashStep>& steps) {
  if (die.erasures_since_levelled < wear_gap_) return;
  die.erasures_since_levelled = 0;
  const std::uint32_t spared = least_worn_full(die);
  if (spared == kNowhere) return;
  const std::uint32_t bound = blocks_[spared].erasures + wear_gap_;
  const bool behind = std::any_of(die.erased.begin(), die.erased.end(),
                                  [&](auto other) { return blocks_[other].erasures > bound; });
  if (!behind) return;
  counts_.levelled_pages += blocks_[spared].valid;
  empty(die, spared, die.levelled, true, steps);
}

std::uint32_t FlashTranslation::least_worn_full(const Die& die) const {
  const auto first = static_cast<std::uint32_t>(&die - dies_.data()) * blocks_of_die_;
  std::uint32_t found = kNowhere;
  for (std::uint32_t i = first; i < first + blocks_of_die_; ++i) {
    if (blocks_[i].state != Block::State::full) continue;
    if (found == kNowhere || blocks_[i].erasures < blocks_[found].erasures) found = i;
  }
  return found;
}

// Copies what is worth something, and erases the block.
void FlashTranslation::empty(Die& die, std::uint32_t number, std::uint32_t& into, bool most_worn,
                             std::vector<FlashStep>& steps) {
  Block& block = blocks_[number];
  die.full[block.valid].erase(BlockList::s_iterator_to(block));
  block.state = Block::State::open;
  for (std::uint32_t i = 0; i < pages_ && block.valid > 0; ++i) {
    const std::uint32_t logical = block.owners[i];
    if (logical == kNowhere) continue;
    const std::uint32_t from = number * pages_ + i;
    let_go(from);
    steps.push_back({FlashStep::Kind::copy, from, program(die, into, most_worn, logical)});
  }
  erase(die, number, steps);
}

void FlashTranslation::erase(Die& die, std::uint32_t number, std::vector<FlashStep>& steps) {
  Block& block = blocks_[number];
  steps.push_back({FlashStep::Kind::erase, number * pages_, number * pages_});
  idle_owners_.push_back(std::move(block.owners));
  block.used = 0;
  ++block.erasures;
  ++counts_.erasures;
  ++die.erasures_since_levelled;
  std::uint32_t usable = number;
  if (fails(block)) {
    block.state = Block::State::failed;
    ++counts_.retired_blocks;
    if (die.spares.empty()) {
      read_only_ = true;
      return;
    }
    usable = die.spares.back();
    die.spares.pop_back();
  }
  blocks_[usable].state = Block::State::erased;
  die.erased.push_back(usable);
  std::push_heap(die.erased.begin(), die.erased.end(),
                 [this](auto a, auto b) { return comes_later(a, b); });
}

// What a block stands is spread evenly: of those that have come so far, each further erasure takes
// its share. Nothing is drawn before the first can fail.
bool FlashTranslation::fails(const Block& block) {
  const std::int64_t least = std::max<std::int64_t>(1, erase_limit_ - erase_limit_spread_);
  const std::int64_t most = erase_limit_ + erase_limit_spread_;
  if (block.erasures < least) return false;
  return failures_.between(block.erasures, most) == block.erasures;
}

// --- looking at it ------------------------------------------------------------------------------

FlashWear FlashTranslation::wear() const {
  FlashWear wear;
  std::uint64_t sum = 0;
  std::uint64_t blocks = 0;
  for (const Block& block : blocks_) {
    if (block.state == Block::State::failed || block.state == Block::State::spare) continue;
    wear.least_erasures =
        blocks == 0 ? block.erasures : std::min(wear.least_erasures, block.erasures);
    wear.most_erasures = std::max(wear.most_erasures, block.erasures);
    sum += block.erasures;
    ++blocks;
  }
  if (blocks > 0) wear.mean_erasures = static_cast<double>(sum) / static_cast<double>(blocks);
  for (const Die& die : dies_) {
    wear.free_blocks += die.erased.size();
    wear.spares_left += die.spares.size();
  }
  return wear;
}

}  // namespace biotope::sim
