#include "model/parameter.h"

#include <algorithm>
#include <array>

#include "model/check.h"

namespace biotope {

template <class T>
const T& Values::get(std::string_view name) const {
  const auto found = values_.find(name);
  BIOTOPE_CHECK(found != values_.end(), "a parameter is read that its table does not have");
  const T* value = std::get_if<T>(&found->second);
  BIOTOPE_CHECK(value != nullptr, "a parameter is read as another kind than its table says");
  return *value;
}
template const std::int64_t& Values::get<std::int64_t>(std::string_view) const;
template const bool& Values::get<bool>(std::string_view) const;
template const std::string& Values::get<std::string>(std::string_view) const;

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

Status check_value(const Parameter& p, const Value& value, std::string_view whose) {
  constexpr std::array kKinds{"a whole number", "true or false", "a text"};
  const auto wanted = static_cast<std::size_t>(p.kind);
  if (value.index() != wanted) {
    return fail(EINVAL, whose, ": '", p.name, "' must be ", kKinds[wanted], ", not ",
                kKinds[value.index()]);
  }
  if (p.kind != Parameter::Kind::integer) return {};
  const std::int64_t number = std::get<std::int64_t>(value);
  if (number >= p.min && number <= p.max) return {};
  const std::string unit = p.unit.empty() ? "" : sentence(' ', p.unit);
  if (p.max == std::numeric_limits<std::int64_t>::max()) {
    return fail(EINVAL, whose, ": '", p.name, "' is ", number, unit, "; it must be at least ",
                p.min);
  }
  return fail(EINVAL, whose, ": '", p.name, "' is ", number, unit, "; it must be from ", p.min,
              " to ", p.max);
}

tl::unexpected<Error> unknown(std::span<const Parameter> table, std::string_view name,
                              std::string_view whose) {
  std::vector<std::string_view> names;
  for (const Parameter& p : table) names.push_back(p.name);
  if (names.empty()) return fail(EINVAL, whose, ": takes no parameter '", name, "', nor any other");
  const std::string_view near = nearest(name, names);
  if (!near.empty()) {
    return fail(EINVAL, whose, ": unknown parameter '", name, "'; did you mean '", near, "'?");
  }
  std::string known;
  for (const std::string_view n : names) known += sentence(known.empty() ? "" : ", ", n);
  return fail(EINVAL, whose, ": unknown parameter '", name, "'; known are ", known);
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Result<Values> resolve(std::span<const Parameter> table, const Values& given,
                       std::string_view whose) {
  Values complete;
  for (const Parameter& p : table) complete.set(std::string(p.name), p.fallback);
  for (const auto& [name, value] : given.all()) {
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&name = name](const Parameter& p) { return p.name == name; });
    if (row == table.end()) return unknown(table, name, whose);
    if (Status fine = check_value(*row, value, whose); !fine) return pass_on(fine);
    complete.set(name, value);
  }
  return complete;
}

}  // namespace biotope
