#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "model/geom.h"
#include "model/links.h"
#include "model/parameter.h"
#include "model/task.h"

namespace biotope {

class Taster;

// What a geom is to be made of.
struct Creation {
  std::string name;              // of the geom; a class may derive the providers' names from it
  std::vector<Provider*> below;  // what to attach to, in order
  Values values;                 // complete and checked against Class::parameters()
};

// A kind of module. Has a unique name and 0..n geoms. Loaded into a mesh (Mesh::load), which asks
// it to taste every provider that appears.
class Class {
 public:
  explicit Class(std::string name) : name_(std::move(name)) {}
  virtual ~Class() = default;
  Class(const Class&) = delete;
  Class& operator=(const Class&) = delete;

  const std::string& name() const { return name_; }

  // Optional. One line: what it is for.
  virtual std::string_view help() const { return {}; }
  // Optional. What create() takes. Default: nothing.
  virtual std::span<const Parameter> parameters() const { return {}; }

  // Optional, together: what configure() takes, and how the class goes about its work from now on.
  // The values are complete and checked against the table. Until then all is as its fallbacks say.
  // Geoms that are there stay as they are; Mesh::retaste brings them anew. Default: nothing.
  virtual std::span<const Parameter> options() const { return {}; }
  virtual void configure(const Values&) {}

  // Optional. Makes a geom on demand; all or nothing. Default: EOPNOTSUPP, it comes by tasting
  // only.
  virtual Result<Geom*> create(Mesh& mesh, const Creation& creation);

  // Optional, together: looks at a provider and, if it knows what is there, makes a geom on it.
  // Must write nothing and leave nothing else behind. The provider stays until this returns, though
  // it may be lost meanwhile: then reads fail.
  virtual bool tastes() const { return false; }
  virtual Task<Geom*> taste(Taster& taster);
  // Optional. As taste(), but `geom` of this class stands there already: it stayed when somebody
  // opened the provider for writing, who has closed it since. Default: nothing.
  virtual Task<void> taste_again(Taster& taster, Geom& geom);

  // Geoms of this class that are not freed yet.
  std::uint64_t geom_count() const { return geom_count_; }
  bool unloading() const { return unloading_; }

 private:
  friend class Mesh;

  std::string name_;
  mutable std::uint64_t geom_count_ = 0;
  bool unloading_ = false;
  bool being_asked_ = false;  // its taste() has not returned
};

// What Geom::recipe() says: the line that makes `geom` again with `verb` on `below`, with those of
// `values` that are not what the class's table says anyway:
//   nop create n0 offset=512 da0
std::string recipe_of(const Geom& geom, const Values& values, std::string_view verb,
                      std::span<const std::string> below);
// On what it stands on now.
std::string recipe_of(const Geom& geom, const Values& values, std::string_view verb = "create");

}  // namespace biotope
