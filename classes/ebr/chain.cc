#include "classes/ebr/chain.h"

#include <optional>
#include <set>

namespace biotope::ebr {

namespace {

constexpr std::size_t kData = 0;
constexpr std::size_t kLink = 1;

// Where the chain goes on; nothing where it ends, `broken` says so when it should not.
std::optional<std::int64_t> next_of(std::span<const std::byte> record, const Sectors& sectors,
                                    const std::set<std::int64_t>& seen, Chain& chain) {
  const mbr::Entry link = mbr::entry_of(record, kLink);
  const std::int64_t at = chain.links.back().at;
  if (link.type == mbr::kUnused) return std::nullopt;
  if (!mbr::is_extended(link.type)) {
    chain.broken = sentence("the link in sector ", at, " is of another type");
  } else if (link.start >= sectors.sector_count()) {
    chain.broken = sentence("the link in sector ", at, " points to sector ", link.start,
                            ", outside the extended partition");
  } else if (seen.contains(link.start)) {
    chain.broken = sentence("the link in sector ", at, " goes back to sector ", link.start);
  } else if (chain.links.size() == kMostLinks) {
    chain.broken = sentence("it has more than ", kMostLinks, " links");
  } else {
    return link.start;
  }
  return std::nullopt;
}

}  // namespace

Result<Chain> read_chain(Sectors& sectors) {
  Chain chain;
  std::set<std::int64_t> seen;
  for (std::optional<std::int64_t> at = 0; at.has_value();) {
    const Result<Bytes> record = sectors.at(*at);
    if (!record && (*at == 0 || record.error().code == kNotRead)) return pass_on(record);
    if (!record) {
      chain.broken = record.error().text;
      break;
    }
    if (!mbr::is_record(*record)) {
      if (*at == 0) return fail(kNoTable, "there is no 55AA at byte 510");
      chain.broken = sentence("there is no record in sector ", *at);
      break;
    }
    seen.insert(*at);
    chain.links.push_back({.at = *at, .data = mbr::entry_of(*record, kData)});
    for (const std::size_t more : {2U, 3U}) {
      chain.odd = chain.odd || mbr::entry_of(*record, more).type != mbr::kUnused;
    }
    at = next_of(*record, sectors, seen, chain);
  }
  return chain;
}

}  // namespace biotope::ebr
