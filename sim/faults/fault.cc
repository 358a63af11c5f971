#include "sim/faults/fault.h"

#include <cerrno>
#include <utility>

#include "model/text.h"

namespace biotope::sim {
namespace {

// All that a fault of this kind takes.
std::vector<Parameter> table_of(const FaultFacts& facts) {
  std::vector<Parameter> all(trigger_table().begin(), trigger_table().end());
  all.insert(all.end(), facts.parameters.begin(), facts.parameters.end());
  return all;
}

// "F07", "misdirected_write" or both with a dot.
Result<FaultKind> kind_called(std::string_view word) {
  std::vector<std::string_view> names;
  for (const FaultFacts& facts : fault_table()) {
    const std::string id = facts.id();
    if (word == id || word == facts.name || word == sentence(id, '.', facts.name)) {
      return facts.kind;
    }
    names.push_back(facts.name);
  }
  const std::string_view near = nearest(word, names);
  return fail(EINVAL, "there is no fault '", word, "'",
              near.empty() ? "; there are F01 to F40" : sentence("; did you mean '", near, "'?"));
}

Result<Value> value_of(const Parameter* parameter, std::string_view text) {
  if (parameter != nullptr && parameter->kind == Parameter::Kind::text) return std::string(text);
  const auto number = whole_number<std::int64_t>(text);
  if (!number) return fail(EINVAL, "'", text, "' is no whole number");
  return *number;
}

Status demand_one_of(const Fault& fault, std::string_view name,
                     std::span<const std::string_view> words) {
  const std::string& given = fault.text(name);
  std::string all;
  for (const std::string_view word : words) {
    if (given == word) return {};
    all += sentence(all.empty() ? "" : ", ", word);
  }
  return fail(EINVAL, facts_of(fault.kind).name, ": '", name, "' is one of ", all, ", not '", given,
              "'");
}

// Words that have to be one of some.
Status check_words(const Fault& fault) {
  using Words = std::vector<std::string_view>;
  static const std::pair<std::string_view, Words> kChoices[] = {
      {"command", {"any", "read", "write", "erase", "flush"}},
      {"tear", {"prefix", "suffix", "random_subset"}},
      {"keep", {"none", "prefix", "any_subset", "per_sector"}},
      {"fill", {"zeros", "garbage", "old", "unreadable"}},
      {"law", {"exact", "exponential", "weibull"}},
      {"error", {"busy", "no_memory"}},
      {"how", {"unreadable", "rot", "torn"}},
      {"returned", {"all", "some"}},
  };
  for (const auto& [name, words] : kChoices) {
    if (!fault.values.all().contains(name)) continue;
    if (Status good = demand_one_of(fault, name, words); !good) return good;
  }
  return {};
}

}  // namespace

std::string FaultFacts::id() const { return sentence('F', number() < 10 ? "0" : "", number()); }

Result<Fault> make_fault(FaultKind kind, std::string where, const Values& given) {
  const FaultFacts& facts = facts_of(kind);
  auto values = resolve(table_of(facts), given, facts.name);
  if (!values) return pass_on(values);
  Fault fault{kind, std::move(where), *std::move(values)};
  if (const Status good = check_words(fault); !good) return pass_on(good);
  const bool has_rate = kind == FaultKind::latent_sector_error || kind == FaultKind::bit_rot;
  if (fault.integer("sector_hours") != 0 && !has_rate) {
    return fail(EINVAL, facts.name, ": 'sector_hours' is for what strikes sectors by itself");
  }
  return fault;
}

Result<Fault> parse_fault(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() < 2 || words[1].find('=') != std::string_view::npos) {
    return fail(EINVAL, "'", line,
                "' is no fault; it is its kind, its place, and what there is to say by name=value");
  }
  const auto kind = kind_called(words[0]);
  if (!kind) return pass_on(kind);
  const std::vector<Parameter> table = table_of(facts_of(*kind));
  Values given;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name(words[i].substr(0, equals));
    if (equals == std::string_view::npos || given.all().contains(name)) {
      return fail(EINVAL, facts_of(*kind).name, ": '", words[i], "' is ",
                  equals == std::string_view::npos ? "no name=value" : "said twice");
    }
    const auto known = std::find_if(table.begin(), table.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    const auto value =
        value_of(known == table.end() ? nullptr : &*known, words[i].substr(equals + 1));
    if (!value) return fail(EINVAL, facts_of(*kind).name, ": '", name, "': ", value.error().text);
    given.set(name, *value);
  }
  return make_fault(*kind, std::string(words[1]), given);
}

std::string fault_text(const Fault& fault) {
  const FaultFacts& facts = facts_of(fault.kind);
  std::string text = sentence(facts.id(), '.', facts.name, ' ', fault.where);
  for (const Parameter& p : table_of(facts)) {
    const Value& value = fault.values.all().find(p.name)->second;
    if (value == p.fallback) continue;
    text += sentence(' ', p.name, '=');
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      text += std::to_string(*number);
    } else {
      text += std::get<std::string>(value);
    }
  }
  return text;
}

}  // namespace biotope::sim
