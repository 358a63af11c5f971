#pragma once

#include <string>
#include <vector>

#include "model/mesh.h"

namespace biotope {

// Geoms put one over the other to make something together: all of them or none. Those that were not
// kept go with the object.
class Stack {
 public:
  explicit Stack(Mesh& mesh) : mesh_(mesh) {}
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  Result<Geom*> put(std::string_view class_name, const std::string& name,
                    const std::vector<Provider*>& below, const Values& values = {});
  // For a geom with one provider: that.
  Result<Provider*> put_one(std::string_view class_name, const std::string& name,
                            const std::vector<Provider*>& below, const Values& values = {});
  // All of them, the lowest first; they stay.
  std::vector<Geom*> keep();

 private:
  Mesh& mesh_;
  std::vector<Geom*> made_;
};

}  // namespace biotope
