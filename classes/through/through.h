#pragma once

#include <string>

#include "model/class.h"
#include "model/mesh.h"

namespace biotope {

// What the modules share that stand on one provider and offer it again under their own name, with
// their own idea of what happens to requests on the way. They follow when the disk below changes
// its size, and can be put into an edge in use and taken out again.
class Through : public Geom {
 public:
  Through(Mesh& mesh, const Class& cls, const Creation& creation)
      : Geom(mesh, cls, creation.name), values_(creation.values) {}

  // Nothing is remembered of what was passed on, so nothing can go stale.
  void spoiled(Consumer&) override {}
  Properties derive(const Provider& own) const override;
  bool resized(Consumer& consumer) override;
  Result<Consumer*> bypass() override { return &consumers().front(); }
  std::string recipe() const override { return recipe_of(*this, values_); }

  // What the geom's provider is like over a disk like `below`, which is called `name`; refused when
  // the parameters do not fit it or each other. Default: the same.
  virtual Result<Properties> offered(const Properties& below, const std::string& name) const;

 protected:
  const Values& values() const { return values_; }
  void set_values(Values values) { values_ = std::move(values); }
  Consumer& lower() { return consumers().front(); }
  Verdict pass() { return Verdict::remapped(lower()); }
  // Issues `bio` below as a part of itself, so that `when_done` hears of its end; that must end in
  // Children::part_done().
  Verdict pass_and_hear(Bio& bio, BioDone when_done);
  // Sends a request on that the geom held meanwhile.
  void go_on(Bio& bio);

 private:
  Values values_;
};

// Attaches `geom` to the one provider of `creation` and publishes its own, called like the geom; or
// takes `geom` back.
Result<Geom*> stand_on_one(Through& geom, const Creation& creation);

template <class G>
Result<Geom*> create_through(Mesh& mesh, const Class& cls, const Creation& creation) {
  auto geom = std::make_unique<G>(mesh, cls, creation);
  return stand_on_one(static_cast<Through&>(mesh.add(std::move(geom))), creation);
}

// One of the words in `words`, by its place; EINVAL with the choice there is.
Result<int> choice(const Geom& geom, std::string_view parameter, const std::string& word,
                   std::span<const std::string_view> words);

}  // namespace biotope
