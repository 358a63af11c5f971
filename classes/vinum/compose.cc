#include <algorithm>

#include "classes/drive/drive.h"
#include "classes/drive/stack.h"
#include "classes/vinum/vinum.h"

namespace biotope::vinum {

namespace {

class Composer {
 public:
  Composer(Mesh& mesh, const Plan& plan) : mesh_(mesh), stack_(mesh), plan_(plan) {}

  Result<Composed> compose() {
    if (Status whole = no_stale_subdisk(); !whole) return pass_on(whole);
    if (Status done = drives(); !done) return pass_on(done);
    Composed all;
    for (const Volume& volume : plan_.config.volumes) {
      const Result<Provider*> made = mirrored(volume);
      if (!made) return pass_on(made);
      all.volumes.push_back(*made);
    }
    all.geoms = stack_.keep();
    return all;
  }

 private:
  // Which subdisk does not fit the others: the module has no way to be told, it builds the last
  // one.
  Status no_stale_subdisk() const {
    for (const Volume& volume : plan_.config.volumes) {
      for (const Plex& plex : volume.plexes) {
        const auto stale = std::ranges::find(plex.subdisks, false, &Subdisk::up);
        if (!plex.up || stale == plex.subdisks.end()) continue;
        return fail(EINVAL, "line ", stale->line, ": subdisk ", stale->name,
                    " is stale; start it in a vinum of one module, then compose");
      }
    }
    return {};
  }

  Status drives() {
    for (std::size_t i = 0; i < plan_.disks.size(); ++i) {
      std::vector<biotope::Subdisk> subdisks;
      for (const Volume& volume : plan_.config.volumes) {
        for (const Plex& plex : volume.plexes) {
          for (const Subdisk& one : plex.subdisks) {
            if (one.drive != i) continue;
            subdisks.push_back({one.name, *one.start_bytes, plex.used_of(one)});
          }
        }
      }
      if (subdisks.empty()) continue;
      Values values;
      values.set("subdisks", biotope::text_of(subdisks));
      const auto drive = stack_.put("drive", plan_.config.drives[i].name, {plan_.disks[i]}, values);
      if (!drive) return pass_on(drive);
    }
    return {};
  }

  Result<Provider*> joined(const Plex& plex) {
    std::vector<Provider*> below;
    for (const Subdisk& one : plex.subdisks) {
      const std::string name = sentence(plan_.config.drives[one.drive].name, '/', one.name);
      below.push_back(mesh_.provider(name));
    }
    const bool raid5 = plex.organisation == Plex::Organisation::raid5;
    if (plex.stripe_bytes == 0 || below.size() == 1) {
      return stack_.put_one("concat", plex.name, below);
    }
    Values values;
    values.set("stripe_size", plex.stripe_bytes);
    return stack_.put_one(raid5 ? "raid5" : "stripe", plex.name, below, values);
  }

  Result<Provider*> mirrored(const Volume& volume) {
    // The first one has what there is; the mirror copies it to the others.
    std::vector<Provider*> plexes;
    for (const Plex& plex : volume.plexes) {
      const Result<Provider*> one = joined(plex);
      if (!one) return one;
      plexes.push_back(*one);
    }
    const auto source = std::ranges::find(volume.plexes, true, &Plex::up);
    std::swap(plexes.front(), plexes[static_cast<std::size_t>(source - volume.plexes.begin())]);
    if (plexes.size() == 1) return plexes.front();
    return stack_.put_one("mirror", volume.name, plexes);
  }

  Mesh& mesh_;
  Stack stack_;
  const Plan& plan_;
};

}  // namespace

Result<Composed> compose(Mesh& mesh, const std::string& title, const std::string& text,
                         const std::vector<Provider*>& disks) {
  const Result<Plan> plan = vinum::plan(title, text, disks);
  if (!plan) return pass_on(plan);
  return Composer(mesh, *plan).compose();
}

}  // namespace biotope::vinum
