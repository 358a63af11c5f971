#include "classes/mirror/assembly.h"

#include <algorithm>
#include <tuple>

namespace biotope::mirror {

namespace {

// Sets aside by a flag: neither a source nor a word in what is newest.
bool apart(const Record& r) { return r.has(kInactive) || r.spare; }

std::uint64_t newness(const Record& r) { return std::uint64_t{r.genid} << 32 | r.syncid; }

bool contains(const auto& all, std::uint32_t one) {
  return one != 0 && std::ranges::find(all, one) != all.end();
}

// True when the newest change that `a` lived through was to be one of `b` as well, and `b` went on
// without it. Nothing was written before all had it on disk, so `a` has nothing that `b` lacks.
bool behind(const Record& a, const Record& b) {
  return contains(a.lineage.partners, b.disk_id) &&
         !contains(b.lineage.names, a.lineage.names[0]) && b.lineage.known() &&
         !contains(a.lineage.names, b.lineage.names[0]);
}

// True when both have names for the changes they lived through, and the older one's last is not
// what the newer one had then.
bool went_apart(const Record& a, const Record& b) {
  const Record& newer = a.generation() >= b.generation() ? a : b;
  const Record& older = &newer == &a ? b : a;
  const std::uint64_t since = newer.generation() - older.generation();
  if (!newer.lineage.known() || !older.lineage.known() || since >= Lineage::kKept) return false;
  const std::uint32_t then = newer.lineage.names[since];
  return then != 0 && then != older.lineage.names[0] && !behind(a, b) && !behind(b, a);
}

Judgement refused(int code, std::string text) {
  return {Role::refused, Error{code, std::move(text)}};
}

Error apart_error(const Candidate& a, const Candidate& b) {
  return {EEXIST, sentence(a.provider, " and ", b.provider, " of mirror ", a.record.name,
                           " have both been written without the other and can not be joined; "
                           "decide which is right, then clear the other and insert it again")};
}

bool same_mirror(const Record& a, const Record& b) {
  return a.disks == b.disks && a.media_size_bytes == b.media_size_bytes &&
         a.sector_size_bytes == b.sector_size_bytes;
}

// Of disks that are out of date: how much they need.
Role copy_for(const Record& r, const Record& mirror, bool unclean) {
  const bool forced = r.has(kForceSync);
  if ((mirror.mirror_flags & kNoAutoSync) != 0 && !forced) return Role::stale;
  if (r.syncid == 0 || forced) return Role::needs_all;
  if (r.has(kSynchronizing)) {
    return r.syncid == mirror.syncid && !unclean ? Role::needs_rest : Role::needs_all;
  }
  return mirror.intent && r.syncid >= mirror.intent->base_syncid ? Role::needs_marked
                                                                 : Role::needs_all;
}

// Better as a leader: clean before dirty, then by priority; numbers decide what is equal.
auto rank(const Candidate& c) {
  const Record& r = c.record;
  return std::tuple(!r.has(kDirty), r.priority, ~r.disk_id);
}

bool is_newer(const Candidate& a, const Candidate& b) {
  return newness(a.record) != newness(b.record) ? newness(a.record) > newness(b.record)
                                                : a.provider < b.provider;
}

// The same disk twice, as copying whole disks makes them: the newer one is meant.
bool is_copy_of_another(const std::vector<Candidate>& all, const Candidate& one) {
  return std::ranges::any_of(all, [&](const Candidate& other) {
    return &other != &one && other.record.disk_id == one.record.disk_id && is_newer(other, one);
  });
}

struct Field {
  const std::vector<Candidate>& all;
  std::vector<const Candidate*> players;  // whose word counts
  std::vector<const Candidate*> good;     // up to date, and complete

  explicit Field(const std::vector<Candidate>& candidates) : all(candidates) {
    std::uint64_t newest = 0;
    for (const Candidate& c : all) {
      const bool outdone = std::ranges::any_of(all, [&](const Candidate& other) {
        return !apart(other.record) && behind(c.record, other.record);
      });
      if (apart(c.record) || outdone || is_copy_of_another(all, c)) continue;
      players.push_back(&c);
      newest = std::max(newest, newness(c.record));
    }
    for (const Candidate* c : players) {
      const Record& r = c->record;
      const bool whole = !r.has(kSynchronizing) && !r.has(kBroken) && r.syncid > 0;
      if (whole && newness(r) == newest) good.push_back(c);
    }
  }
};

}  // namespace

Judgement judge(const Candidate& newcomer, const Candidate& mirror, bool unclean) {
  const Record& r = newcomer.record;
  const Record& m = mirror.record;
  const auto refuse = [&](int code, const auto&... why) {
    return refused(code,
                   sentence(newcomer.provider, " can not join mirror ", m.name, ": ", why...));
  };
  if (r.spare) return {Role::spare, {}};
  if (r.has(kInactive)) return {Role::inactive, {}};
  if (!same_mirror(r, m)) {
    return refuse(EINVAL, "it says ", static_cast<int>(r.disks), " disks of ", r.media_size_bytes,
                  " bytes in sectors of ", r.sector_size_bytes, ", and ", mirror.provider, " says ",
                  static_cast<int>(m.disks), " of ", m.media_size_bytes, " in ",
                  m.sector_size_bytes);
  }
  if (r.syncid == 0 || behind(r, m)) {
    Record copied = r;
    copied.syncid = 0;
    return {copy_for(copied, m, unclean), {}};
  }
  if (r.genid < m.genid || r.has(kBroken)) {
    return refuse(EINVAL, "it was found broken when ", mirror.provider,
                  " went on; rebuild it, or clear it and insert it again");
  }
  if (newness(r) > newness(m) || went_apart(r, m)) {
    return {Role::refused, apart_error(newcomer, mirror)};
  }
  if (r.syncid == m.syncid && !r.has(kSynchronizing) && !r.has(kDirty)) return {Role::active, {}};
  return {copy_for(r, m, unclean), {}};
}

Result<Assembly> assemble(const std::vector<Candidate>& candidates) {
  const Field field(candidates);
  if (field.good.empty()) {
    return fail(EIO, "mirror ", candidates.front().record.name,
                " can not start: none of its disks has all of the data");
  }
  for (const Candidate* a : field.good) {
    for (const Candidate* b : field.players) {
      const bool later = b->record.genid == a->record.genid && b->record.syncid > 0;
      if (later && went_apart(a->record, b->record)) {
        return tl::unexpected<Error>(apart_error(*a, *b));
      }
    }
  }
  const Candidate& leader =
      **std::ranges::max_element(field.good, {}, [](const Candidate* c) { return rank(*c); });
  Assembly assembly;
  assembly.leader = static_cast<std::size_t>(&leader - candidates.data());
  assembly.unclean =
      std::ranges::any_of(field.good, [](const Candidate* c) { return c->record.has(kDirty); });
  for (const Candidate& c : candidates) {
    if (&c == &leader) {
      assembly.judgements.push_back({Role::active, {}});
    } else if (is_copy_of_another(candidates, c)) {
      assembly.judgements.push_back(
          refused(EEXIST, sentence(c.provider, " can not join mirror ", c.record.name,
                                   ": another disk there has the same number")));
    } else {
      assembly.judgements.push_back(judge(c, leader, assembly.unclean));
    }
  }
  return assembly;
}

}  // namespace biotope::mirror
