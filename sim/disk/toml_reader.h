#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/error.h"
#include "model/parameter.h"

// Figures from TOML, by what visit_fields() lists of them.
namespace biotope::sim {

// The first thing wrong in a file; what is wrong after it does not count.
class TomlComplaint {
 public:
  explicit TomlComplaint(std::string file) : file_(std::move(file)) {}

  template <class... Why>
  void at(const toml::node* node, const Why&... why) {
    if (!status_) return;
    const auto line = node == nullptr ? 1 : node->source().begin.line;
    status_ = fail(EINVAL, file_, ":", static_cast<std::int64_t>(line), ": ", why...);
  }
  const Status& status() const { return status_; }

 private:
  std::string file_;
  Status status_;
};

class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string path, TomlComplaint& complaint)
      : table_(table), path_(std::move(path)), complaint_(complaint) {}

  TomlReader& needed() {
    needed_ = true;
    return *this;
  }

  void value(std::string_view name, std::int64_t& figure) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (const auto* whole = node->as_integer()) {
      figure = whole->get();
    } else {
      const bool time = name.ends_with("_ns");
      complaint_.at(node, path_, name, " must be a whole number", time ? " of nanoseconds" : "");
    }
  }
  void value(std::string_view name, double& figure) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const auto number = node->value<double>();
    if (number && std::isfinite(*number)) {
      figure = *number;
    } else {
      complaint_.at(node, path_, name, " must be a number");
    }
  }
  void value(std::string_view name, bool& figure) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (const auto* truth = node->as_boolean()) {
      figure = truth->get();
    } else {
      complaint_.at(node, path_, name, " must be true or false");
    }
  }
  void value(std::string_view name, std::string& figure) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (const auto* text = node->as_string()) {
      figure = text->get();
    } else {
      complaint_.at(node, path_, name, " must be a text");
    }
  }
  template <class T, class Names>
  void choice(std::string_view name, T& figure, const Names& names) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const auto text = node->value<std::string_view>();
    const auto at = std::find(names.begin(), names.end(), text.value_or(""));
    if (text && at != names.end()) {
      figure = static_cast<T>(at - names.begin());
      return;
    }
    std::string all;
    for (const std::string_view one : names) all += (all.empty() ? "" : ", ") + std::string(one);
    complaint_.at(node, path_, name, " must be one of ", all);
  }
  void rows(std::string_view name, std::vector<std::int64_t>& rows) {
    each_of(name, [&](const toml::node& node) {
      const auto* whole = node.as_integer();
      if (whole == nullptr) return complaint_.at(&node, path_, name, " must hold whole numbers");
      rows.push_back(whole->get());
    });
  }
  // T is a pair of numbers.
  template <class T>
  void rows(std::string_view name, std::vector<T>& rows) {
    pairs(name, rows);
  }
  template <class T>
  void section(std::string_view name, T& figures) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (!node->is_table()) return complaint_.at(node, path_, name, " must be a section");
    TomlReader inside(*node->as_table(), path_ + std::string(name) + ".", complaint_);
    visit_fields(inside, figures);
    inside.refuse_the_rest();
  }
  template <class T>
  void sections(std::string_view name, std::vector<T>& all) {
    std::size_t number = 0;
    each_of(name, [&](const toml::node& node) {
      const std::string path = sentence(path_, name, "[", number++, "]");
      if (!node.is_table()) return complaint_.at(&node, path, " must be a section");
      TomlReader inside(*node.as_table(), path + ".", complaint_);
      visit_fields(inside, all.emplace_back());
      inside.refuse_the_rest();
    });
  }

  void refuse_the_rest() {
    for (const auto& [key, node] : table_) {
      if (asked_.contains(key.str())) continue;
      const std::vector<std::string_view> known(asked_.begin(), asked_.end());
      const std::string_view near = nearest(key.str(), known);
      const std::string hint = near.empty() ? "" : sentence("; did you mean '", near, "'?");
      complaint_.at(&node, path_, key.str(), " is not known", hint);
    }
  }

 private:
  const toml::node* find(std::string_view name) {
    asked_.insert(name);
    const toml::node* node = table_.get(name);
    if (std::exchange(needed_, false) && node == nullptr) {
      complaint_.at(&table_, path_, name, " is missing");
    }
    return node;
  }
  template <class Each>
  void each_of(std::string_view name, Each each) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    if (!node->is_array()) return complaint_.at(node, path_, name, " must be a list");
    for (const toml::node& one : *node->as_array()) each(one);
  }
  template <class T>
  void pairs(std::string_view name, std::vector<T>& rows) {
    each_of(name, [&](const toml::node& node) {
      const auto* pair = node.as_array();
      const bool good = pair != nullptr && pair->size() == 2 && pair->get(0)->is_integer() &&
                        pair->get(1)->is_integer();
      if (!good) return complaint_.at(&node, path_, name, " must hold pairs of whole numbers");
      rows.push_back({pair->get(0)->as_integer()->get(), pair->get(1)->as_integer()->get()});
    });
  }

  const toml::table& table_;
  std::string path_;
  TomlComplaint& complaint_;
  std::set<std::string_view> asked_;
  bool needed_ = false;
};

// The node of a figure by its path, or of the section it is missing in.
inline const toml::node* toml_node_of(const toml::table& table, std::string path) {
  for (;;) {
    const toml::node* node = table.at_path(path).node();
    if (node != nullptr) return node;
    const auto dot = path.rfind('.');
    if (dot == std::string::npos) return &table;
    path.resize(dot);
  }
}

// All figures of a file. T has a visit_fields() and a find_fault(), which is asked last. EINVAL:
// not TOML, figures that are missing, of the wrong kind, unknown (with the nearest known one), out
// of bounds or contradictory. `file` stands in the sentence: "x.toml:12: ...".
template <class T>
Result<T> read_figures(std::string_view text, const std::string& file) {
  toml::table table;
  // The library tells of bad text by exception; none passes beyond here.
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(EINVAL, file, ":", static_cast<std::int64_t>(error.source().begin.line), ": ",
                error.description());
  }
  TomlComplaint complaint(file);
  T figures;
  TomlReader reader(table, "", complaint);
  visit_fields(reader, figures);
  reader.refuse_the_rest();
  if (complaint.status()) {
    if (const auto fault = find_fault(figures)) {
      complaint.at(toml_node_of(table, fault->figure), fault->figure, " ", fault->why);
    }
  }
  if (!complaint.status()) return pass_on(complaint.status());
  return figures;
}

}  // namespace biotope::sim
