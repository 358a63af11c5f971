#include "sim/rack/crash_rule.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "classes/random_stream.h"

namespace biotope::sim {
namespace {

using Write = VolatileWrites::Write;

// One crash: decides sector by sector, and then writes what is decided.
class Crash {
 public:
  Crash(const CrashRule& rule, std::vector<Write> writes, Medium& medium, const Choose& choose,
        const OlderSectors* older)
      : rule_(rule), writes_(std::move(writes)), medium_(medium), choose_(choose), older_(older) {
    for (const Write& write : writes_) kept_.push_back(write.landed);
  }

  std::int64_t run() {
    keep();
    if (rule_.tear != CrashRule::Tear::none) tear();
    if (rule_.rollback_bytes > 0) roll_back();
    const std::set<std::int64_t> lost = lost_sectors();
    for (const std::int64_t sector : lost) fill(sector);
    write_kept();
    if (rule_.shorn_bytes > 0) shear(lost);
    return static_cast<std::int64_t>(lost.size()) + bring_back();
  }

 private:
  bool open(std::size_t write, std::size_t sector) const { return !writes_[write].landed[sector]; }
  bool coin() const { return choose_(2) == 1; }
  void keep_all_of(std::size_t write) { kept_[write].assign(kept_[write].size(), true); }

  void keep() {
    const std::size_t count = writes_.size();
    if (rule_.keep == CrashRule::Keep::prefix) {
      const std::size_t least = first_that_may_be_lost();
      const auto end =
          least + static_cast<std::size_t>(choose_(static_cast<std::int64_t>(count - least) + 1));
      for (std::size_t i = 0; i < end; ++i) keep_all_of(i);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (rule_.keep == CrashRule::Keep::all) keep_all_of(i);
      if (rule_.keep == CrashRule::Keep::any_subset && !writes_[i].all_landed() && coin()) {
        keep_all_of(i);
      }
      for (std::size_t s = 0; s < kept_[i].size(); ++s) {
        if (rule_.keep == CrashRule::Keep::per_sector && open(i, s)) kept_[i][s] = coin();
      }
    }
  }

  // What the heads have begun to write can not be undone.
  std::size_t first_that_may_be_lost() const {
    for (std::size_t i = writes_.size(); i > 0; --i) {
      const auto& landed = writes_[i - 1].landed;
      if (std::find(landed.begin(), landed.end(), true) != landed.end()) return i - 1;
    }
    return 0;
  }

  // The first write of which something is lost; their number when there is none.
  std::size_t edge() const {
    const auto lost = [](const std::vector<bool>& kept) {
      return std::find(kept.begin(), kept.end(), false) != kept.end();
    };
    return static_cast<std::size_t>(std::find_if(kept_.begin(), kept_.end(), lost) - kept_.begin());
  }

  void tear() {
    const std::size_t write = edge();
    if (write == writes_.size()) return;
    std::vector<std::size_t> lost;
    for (std::size_t s = 0; s < kept_[write].size(); ++s) {
      if (!kept_[write][s]) lost.push_back(s);
    }
    if (rule_.tear == CrashRule::Tear::random_subset) {
      for (const std::size_t s : lost) kept_[write][s] = coin();
      return;
    }
    if (rule_.tear == CrashRule::Tear::suffix) std::reverse(lost.begin(), lost.end());
    const std::int64_t there = choose_(static_cast<std::int64_t>(lost.size()) + 1);
    for (std::int64_t i = 0; i < there; ++i) kept_[write][lost[static_cast<std::size_t>(i)]] = true;
  }

  bool goes_back(std::int64_t unit) {
    const auto [found, fresh] = goes_back_.try_emplace(unit, false);
    if (fresh) found->second = coin();
    return found->second;
  }

  void roll_back() {
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      for (std::size_t s = 0; s < kept_[i].size(); ++s) {
        if (!open(i, s) || !kept_[i][s]) continue;
        const std::int64_t at_bytes =
            (writes_[i].first + static_cast<std::int64_t>(s)) * medium_.sector_size();
        if (goes_back(at_bytes / rule_.rollback_bytes)) kept_[i][s] = false;
      }
    }
  }

  // Also what was flushed, in the same units. Gives the number of sectors.
  std::int64_t bring_back() {
    if (older_ == nullptr || rule_.rollback_bytes == 0) return 0;
    std::int64_t sectors = 0;
    for (const std::int64_t unit : older_->units(rule_.rollback_bytes)) {
      if (goes_back(unit)) sectors += older_->bring_back(unit, rule_.rollback_bytes, medium_);
    }
    return sectors;
  }

  // Of which no version is there that was in the buffer.
  std::set<std::int64_t> lost_sectors() const {
    std::set<std::int64_t> lost;
    std::set<std::int64_t> there;
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      for (std::size_t s = 0; s < kept_[i].size(); ++s) {
        (kept_[i][s] ? there : lost).insert(writes_[i].first + static_cast<std::int64_t>(s));
      }
    }
    for (const std::int64_t sector : there) lost.erase(sector);
    return lost;
  }

  // An image that can not be read under the rest of a block shows when it is read again.
  void put(std::int64_t sector, std::span<const std::byte> bytes) {
    static_cast<void>(medium_.write(sector * medium_.sector_size(), bytes));
  }
  void put(const Write& write, std::int64_t i, std::int64_t bytes) {
    static_cast<void>(write.put(i, bytes, medium_));
  }

  void fill(std::int64_t sector) {
    const auto size = static_cast<std::size_t>(medium_.sector_size());
    switch (rule_.fill) {
      case CrashRule::Fill::old:
        return;
      case CrashRule::Fill::zeros:
        return put(sector, std::vector<std::byte>(size));
      case CrashRule::Fill::garbage: {
        RandomStream random(static_cast<std::uint64_t>(choose_(std::int64_t{1} << 32)), "garbage");
        std::vector<std::byte> bytes(size);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
        return put(sector, bytes);
      }
      case CrashRule::Fill::unreadable:
        return medium_.set_unreadable(sector);
    }
  }

  void write_kept() {
    std::vector<std::size_t> order(writes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    while (!order.empty()) {
      const auto left = static_cast<std::int64_t>(order.size());
      const auto next = order.begin() + (rule_.unserial && left > 1 ? choose_(left) : 0);
      write_kept(*next);
      order.erase(next);
    }
  }

  void write_kept(std::size_t write) {
    for (std::size_t s = 0; s < kept_[write].size(); ++s) {
      if (!kept_[write][s] || !open(write, s)) continue;
      const auto i = static_cast<std::int64_t>(s);
      put(writes_[write], i, medium_.sector_size());
    }
  }

  void shear(const std::set<std::int64_t>& lost) {
    const std::size_t write = edge();
    if (write == writes_.size()) return;
    const auto at = std::find(kept_[write].begin(), kept_[write].end(), false);
    const auto i = static_cast<std::int64_t>(at - kept_[write].begin());
    const std::int64_t sector = writes_[write].first + i;
    if (!lost.contains(sector)) return;
    const std::int64_t size = medium_.sector_size();
    const std::int64_t there =
        choose_((size + rule_.shorn_bytes - 1) / rule_.shorn_bytes) * rule_.shorn_bytes;
    put(writes_[write], i, there);
  }

  const CrashRule& rule_;
  const std::vector<Write> writes_;
  Medium& medium_;
  const Choose& choose_;
  const OlderSectors* const older_;
  std::vector<std::vector<bool>> kept_;
  std::map<std::int64_t, bool> goes_back_;  // by unit
};

}  // namespace

std::int64_t crash(const CrashRule& rule, std::vector<VolatileWrites::Write> writes, Medium& medium,
                   const Choose& choose, const OlderSectors* older) {
  return Crash(rule, std::move(writes), medium, choose, older).run();
}

}  // namespace biotope::sim
