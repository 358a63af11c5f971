#pragma once

#include <string>

#include "classes/slicer/slicer.h"
#include "model/class.h"
#include "model/taster.h"

namespace biotope {

// Where a provider lies, as the layers below it say.
struct Surroundings {
  std::string scheme;  // of the table it is an entry of; empty outside tables
  std::string type;    // that entry's
  bool leaf = false;   // no table is to be looked for here
  int depth = 0;       // how many tables there are below
};

// The class of a partition convention. A convention says in look() what is on the medium; all else
// is common: where no table is to be looked for none is, a refusal is told, an acceptance becomes a
// Slicer.
//
// A refused table has no geom, so it is told as a fact of kind note with `cls`, `provider`, `error`
// and the reason as `text`. What is odd about an accepted one is told likewise, with `geom` as well
// and no error.
class SlicerClass : public Class {
 public:
  using Class::Class;
  bool tastes() const final { return true; }
  Task<Geom*> taste(Taster& taster) final;

 protected:
  // The table on taster.provider(), accept()ed. kNoTable when there is none of this kind.
  virtual Task<Result<Table>> look(Taster& taster, Surroundings where) = 0;
};

}  // namespace biotope
