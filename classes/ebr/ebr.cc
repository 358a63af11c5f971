#include "classes/ebr/ebr.h"

#include <algorithm>

#include "classes/ebr/chain.h"
#include "classes/slicer/type_names.h"

namespace biotope {

namespace ebr {

namespace {

using mbr::Entry;
using mbr::Record;

constexpr int kFirstIndex = 5;
constexpr std::uint8_t kLinkType = 0x05;
constexpr std::size_t kData = 0;
constexpr std::size_t kLink = 1;

Status add_slice(Table& table, const Link& link, std::int64_t sector_bytes) {
  if (const Status fine = mbr::check_entry(table.slices.size() + 1, link.data); !fine) return fine;
  const int index = kFirstIndex + static_cast<int>(table.slices.size());
  Slice slice{.index = index,
              .suffix = sentence('s', index),
              .start_bytes = link.start() * sector_bytes,
              .length_bytes = link.data.length * sector_bytes,
              .type = byte_type(link.data.type)};
  if (link.data.flag == mbr::kActive) slice.attributes.insert("active");
  table.slices.push_back(std::move(slice));
  return {};
}

Result<Table> table_in(const Chain& chain, const Properties& medium) {
  const std::int64_t size = medium.sector_size_bytes;
  Table table{.scheme = "EBR",
              .beside = true,
              .first_index = kFirstIndex,
              .last_index = kFirstIndex + static_cast<int>(kMostLinks) - 1};
  for (const Link& link : chain.links) {
    table.reserved.push_back({link.at * size, (link.at + 1) * size});
    if (!link.used()) continue;
    if (const Status fine = add_slice(table, link, size); !fine) return pass_on(fine);
  }
  if (!chain.broken.empty()) {
    table.corrupt = true;
    table.notes.push_back("the chain of logical partitions is broken: " + chain.broken);
  }
  if (chain.odd) table.notes.emplace_back("an EBR has more than a partition and a link");
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

// A chain while it is changed: what is said of it goes to the sectors at once.
class Splicer {
 public:
  Splicer(Sectors& sectors, Chain chain) : sectors_(sectors), links_(std::move(chain.links)) {}

  // The partition that slice 5, 6, ... is; null when there is none.
  Link* used(int index) {
    for (Link& link : links_) {
      if (link.used() && index-- == kFirstIndex) return &link;
    }
    return nullptr;
  }

  // Those after it move up, so this is to be done from the last on.
  void remove(const Link& link) {
    if (&link == &links_.front()) {
      set(links_.front(), {});
      return;
    }
    const auto here = links_.begin() + (&link - links_.data());
    const Entry next = mbr::entry_of(sectors_.change(here->at), kLink);
    point(*(here - 1), next);
    links_.erase(here);
  }

  void change(Link& link, const Slice& slice) {
    set(link, {.flag = flag(slice),
               .type = byte_of_type(slice.type),
               .start = static_cast<std::uint32_t>(sector(slice.start_bytes) - link.at),
               .length = static_cast<std::uint32_t>(sector(slice.length_bytes))});
  }

  void append(const Slice& slice) {
    if (links_.size() == 1 && !links_.front().used()) {
      change(links_.front(), slice);
      return;
    }
    Link link{.at = sector(slice.start_bytes) - 1, .data = {}};
    const auto record = sectors_.change(link.at);
    std::ranges::fill(record, std::byte{0});
    Record::signature.set(record, Record::kSignature);
    change(link, slice);
    point(links_.back(), {.flag = 0,
                          .type = kLinkType,
                          .start = static_cast<std::uint32_t>(link.at),
                          .length = link.data.length + 1});
    links_.push_back(link);
  }

  // Nothing comes after the last.
  void end() { point(links_.back(), {}); }

 private:
  std::int64_t sector(std::int64_t bytes) const { return bytes / sectors_.sector_bytes(); }
  static std::uint8_t flag(const Slice& slice) {
    return slice.attributes.contains("active") ? mbr::kActive : std::uint8_t{0};
  }
  void set(Link& link, const Entry& data) {
    link.data = data;
    mbr::set_entry(sectors_.change(link.at), kData, data, sectors_.medium().native,
                   static_cast<std::uint64_t>(link.at));
  }
  void point(const Link& from, const Entry& to) {
    mbr::set_entry(sectors_.change(from.at), kLink, to, sectors_.medium().native);
  }

  Sectors& sectors_;
  std::vector<Link> links_;
};

std::vector<std::int64_t> places_of(Sectors sectors) {
  std::vector<std::int64_t> places;
  const Result<Chain> chain = read_chain(sectors);
  if (!chain) return places;
  for (const Link& link : chain->links) places.push_back(link.at);
  return places;
}

class EbrScheme final : public Scheme {
 public:
  std::string_view name() const override { return "EBR"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    if (where.scheme != "MBR" || !mbr::is_extended(byte_of_type(where.type))) {
      return fail(kNoTable, "it is no extended partition of an MBR");
    }
    const Result<Chain> chain = read_chain(sectors);
    if (!chain) return pass_on(chain);
    return table_in(*chain, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    Result<Chain> chain = read_chain(sectors);
    if (!chain) return pass_on(chain);
    Splicer splicer(sectors, std::move(*chain));
    for (auto old = before.slices.rbegin(); old != before.slices.rend(); ++old) {
      const Slice* slice = after.slice(old->index);
      Link& link = *splicer.used(old->index);
      if (slice == nullptr) {
        splicer.remove(link);
      } else if (!(*slice == *old)) {
        splicer.change(link, *slice);
      }
    }
    for (const Slice& slice : after.slices) {
      if (before.slice(slice.index) == nullptr) splicer.append(slice);
    }
    return {};
  }

  Status create(Sectors& sectors, const Blank&) const override {
    if (sectors.sector_bytes() < std::int64_t{Record::kBytes} || sectors.sector_bytes() > 4096) {
      return fail(EINVAL, "an EBR needs sectors of 512 to 4096 bytes");
    }
    std::ranges::fill(sectors.change(0), std::byte{0});
    Record::signature.set(sectors.change(0), Record::kSignature);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    std::ranges::fill(sectors.change(0), std::byte{0});
    return {};
  }

  Status recover(Sectors& sectors, const Table&) const override {
    Result<Chain> chain = read_chain(sectors);
    if (!chain) return pass_on(chain);
    Splicer(sectors, std::move(*chain)).end();
    return {};
  }

  std::span<const TypeName> type_names() const override { return mbr::type_names(); }
  Result<Slice> complete(const Table&, Slice slice) const override {
    return mbr::complete(std::move(slice));
  }
  void renumber(Table& table) const override {
    int index = kFirstIndex;
    for (Slice& slice : table.slices) {
      slice.index = index++;
      slice.suffix = suffix(slice.index);
    }
  }
  std::int64_t lead_bytes(const Table&, const Properties& medium) const override {
    return medium.sector_size_bytes;
  }

  // A record that nothing points to yet comes first, so that every link leads to what it means.
  std::vector<Step> steps(const Sectors& before, const Sectors& after) const override {
    const std::vector<std::int64_t> linked = places_of(before);
    std::vector<std::int64_t> turns[2];
    for (const std::int64_t sector : after.changed_since(before)) {
      turns[std::ranges::find(linked, sector) == linked.end() ? 0 : 1].push_back(sector);
    }
    std::vector<Step> steps;
    for (const auto& turn : turns) {
      const std::vector<Step> writes = writes_of(after, turn);
      if (writes.empty()) continue;
      steps.insert(steps.end(), writes.begin(), writes.end());
      steps.push_back({});
    }
    return steps;
  }
  bool one_by_one() const override { return true; }
};

}  // namespace

const Scheme& scheme() {
  static const EbrScheme ebr;
  return ebr;
}

}  // namespace ebr

}  // namespace biotope
