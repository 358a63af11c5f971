#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/error.h"

namespace biotope {

using Value = std::variant<std::int64_t, bool, std::string>;

// One row of a parameter table: what the command line, the scripts and the docs read.
struct Parameter {
  enum class Kind { integer, boolean, text };

  std::string_view name;
  Kind kind = Kind::integer;
  std::string_view unit = "";  // "bytes", "ns"; empty for a plain number or text
  Value fallback;              // what it is when nobody says
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view help;
};

// Values by parameter name: as given, or complete and checked when they come from resolve().
class Values {
 public:
  void set(std::string name, Value value) { values_.insert_or_assign(std::move(name), value); }
  std::int64_t integer(std::string_view name) const { return get<std::int64_t>(name); }
  bool boolean(std::string_view name) const { return get<bool>(name); }
  const std::string& text(std::string_view name) const { return get<std::string>(name); }
  const std::map<std::string, Value, std::less<>>& all() const { return values_; }

 private:
  template <class T>
  const T& get(std::string_view name) const;

  std::map<std::string, Value, std::less<>> values_;
};

// `given` checked against the table and filled up with what was not said. An unknown name is EINVAL
// with the nearest valid one, a value of the wrong kind or out of range EINVAL with what would do.
// `whose` starts the sentence.
Result<Values> resolve(std::span<const Parameter> table, const Values& given,
                       std::string_view whose);

// The candidate that differs least from `word` by single-letter edits; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace biotope
