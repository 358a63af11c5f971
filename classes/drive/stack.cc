#include "classes/drive/stack.h"

#include <utility>

namespace biotope {

Stack::~Stack() {
  while (!made_.empty()) {
    mesh_.wither(*made_.back());
    made_.pop_back();
  }
}

Result<Geom*> Stack::put(std::string_view class_name, const std::string& name,
                         const std::vector<Provider*>& below, const Values& values) {
  const Result<Geom*> made = mesh_.create(class_name, name, below, values);
  if (made) made_.push_back(*made);
  return made;
}

Result<Provider*> Stack::put_one(std::string_view class_name, const std::string& name,
                                 const std::vector<Provider*>& below, const Values& values) {
  const Result<Geom*> made = put(class_name, name, below, values);
  if (!made) return pass_on(made);
  return &(*made)->providers().front();
}

std::vector<Geom*> Stack::keep() { return std::exchange(made_, {}); }

}  // namespace biotope
