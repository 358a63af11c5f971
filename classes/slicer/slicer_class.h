#pragma once

#include <string>
#include <string_view>

#include "classes/slicer/document.h"
#include "classes/slicer/slicer.h"
#include "model/class.h"
#include "model/taster.h"

namespace biotope {

// The class of a partition convention. The convention is a Scheme; all else is common: where no
// table is to be looked for none is, a refusal is told, an acceptance becomes a Slicer.
//
// A refused table has no geom, so it is told as a fact of kind note with `cls`, `provider`, `error`
// and the reason as `text`. What is odd about an accepted one is told likewise, with `geom` as well
// and no error.
class SlicerClass : public Class {
 public:
  // Whether tables are guarded (TableGuard) when nobody says.
  enum class Guarding { usual, on_request };

  // `scheme` and `help` must outlive the class.
  SlicerClass(std::string name, const Scheme& scheme, std::string_view help,
              Guarding guarding = Guarding::on_request)
      : Class(std::move(name)),
        scheme_(scheme),
        help_(help),
        guarding_(guarding),
        guard_(guarding == Guarding::usual) {}

  const Scheme& scheme() const { return scheme_; }
  std::string_view help() const final { return help_; }
  bool tastes() const final { return true; }
  std::span<const Parameter> parameters() const final;
  std::span<const Parameter> options() const final;
  void configure(const Values& values) final { guard_ = values.boolean("guard"); }
  // A table without partitions on one provider, held by its Slicer: it is on the disk after
  // commit(). EEXIST when there is a table of any kind on it.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) final;
  Task<Geom*> taste(Taster& taster) final;
  Task<void> taste_again(Taster& taster, Geom& geom) final;

 private:
  Task<Result<Document>> look_at(Taster& taster) const;

  const Scheme& scheme_;
  std::string_view help_;
  Guarding guarding_;
  bool guard_;
};

// Where `provider` lies, by the slicers right below it.
Surroundings surroundings_of(const Provider& provider);
// Where the provider lies that `taster` looks at, as all layers below it say.
Task<Surroundings> surroundings_of(Taster& taster);

// Reads a table of that kind from the provider that `taster` looks at; the scheme and the taster
// must outlive the task.
Task<Result<Document>> read_table(const Scheme& scheme, Surroundings where, Taster& taster);

}  // namespace biotope
