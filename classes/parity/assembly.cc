#include "classes/parity/assembly.h"

#include <algorithm>

namespace biotope::parity {

namespace {

bool same_array(const Record& a, const Record& b) {
  return a.count == b.count && a.media_size_bytes == b.media_size_bytes &&
         a.sector_size_bytes == b.sector_size_bytes && a.stripe_bytes == b.stripe_bytes &&
         a.log_slots == b.log_slots;
}

bool whole(const Record& r) {
  return !r.has(kSynchronizing) && !r.has(kBroken) && r.view.syncid > 0;
}

// How often the array has gone on with other members than before.
std::uint64_t raises(const View& view) { return std::uint64_t{view.genid} + view.syncid; }

// By the view of `leader`: it and all that have it, or have the one it grew out of.
bool good_by(const Record& leader, const Record& r) {
  if (!whole(r) || r.index + 1 == leader.view.without || !same_array(leader, r)) return false;
  return r.view == leader.view || (r.view == leader.before && leader.before.syncid > 0);
}

}  // namespace

Role judge_late(const Candidate& newcomer, const Candidate& leader, Error& why) {
  const Record& r = newcomer.record;
  const Record& l = leader.record;
  const auto refuse = [&](int code, const auto&... words) {
    why = {code, sentence(newcomer.provider, " can not join ", l.name, ": ", words...)};
    return Role::refused;
  };
  if (!same_array(r, l)) {
    return refuse(EINVAL, "it says ", r.count, " members and ", r.media_size_bytes,
                  " bytes in sectors of ", r.sector_size_bytes, ", and ", leader.provider, " says ",
                  l.count, " and ", l.media_size_bytes, " in ", l.sector_size_bytes);
  }
  if (r.view.syncid == 0) return Role::stale;
  if (r.view.genid < l.view.genid || r.has(kBroken)) {
    return refuse(EINVAL, "it was found broken when ", leader.provider,
                  " went on; rebuild it, or clear it and insert it again");
  }
  // A view that not all of its members had on disk has changed nothing, however new it is.
  if (raises(r.before.syncid > 0 ? r.before : r.view) > raises(l.view)) {
    return refuse(EEXIST, "it has been written without ", leader.provider,
                  ", and that without it; decide which is right, then clear the other and insert "
                  "it again");
  }
  return Role::stale;
}

Result<Assembly> assemble(const std::vector<const Candidate*>& members) {
  std::vector<const Candidate*> leaders;
  for (const Candidate* c : members) {
    if (c != nullptr && whole(c->record)) leaders.push_back(c);
  }
  std::ranges::stable_sort(leaders, [](const Candidate* a, const Candidate* b) {
    return a->record.view > b->record.view;
  });
  for (const Candidate* leader : leaders) {
    const auto good = std::ranges::count_if(members, [&](const Candidate* c) {
      return c != nullptr && good_by(leader->record, c->record);
    });
    if (static_cast<std::size_t>(good) + 1 < members.size()) continue;
    Assembly a;
    a.view = leader->record.view;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Candidate* c = members[i];
      a.errors.emplace_back();
      if (c == leader) a.leader = i;
      if (c == nullptr) {
        a.roles.push_back(Role::missing);
      } else if (good_by(leader->record, c->record)) {
        a.roles.push_back(Role::good);
        a.unclean = a.unclean || c->record.has(kDirty);
      } else {
        a.roles.push_back(judge_late(*c, *leader, a.errors.back()));
      }
    }
    return a;
  }
  std::string names;
  for (const Candidate* c : members) {
    if (c != nullptr) names += sentence(names.empty() ? "" : ", ", c->provider);
  }
  return fail(EIO, "it can not start: of its ", members.size(), " members at most one may be ",
              "missing or out of date, and those with the same state among ", names,
              " are fewer; bring the others");
}

}  // namespace biotope::parity
