#include "viz/report/log_capture.h"

#include <fmt/format.h>

#include "viz/json_text.h"
#include "viz/level.h"
#include "viz/words.h"

namespace biotope::viz::report {
namespace {

// Together with what the steps take (steps_section.cc) this stays below 5 MB.
constexpr size_t kChangeBytes = 750'000;
constexpr size_t kRequestBytes = 750'000;

}  // namespace

size_t LogCapture::place_of(const std::string& name) {
  const auto [found, fresh] = places_.emplace(name, names_.size());
  if (fresh) names_.push_back(name);
  return found->second;
}

void LogCapture::on_fact(const Fact& fact) {
  ++seen_;
  const bool one_of_many = is_request(fact.kind) || is_measurement(fact);
  size_t& used = one_of_many ? request_bytes_ : change_bytes_;
  if (used >= (one_of_many ? kRequestBytes : kChangeBytes)) return;
  const LogRow row = log_row(fact);
  const nlohmann::json cells = {row.time_ns,
                                row.number,
                                static_cast<int>(row.kind),
                                place_of(row.geom),
                                place_of(row.provider),
                                row.edge,
                                row.bio,
                                row.command,
                                row.offset_bytes,
                                row.length_bytes,
                                row.error,
                                row.details};
  const std::string text = json_text(cells);
  used += text.size();
  if (!rows_.empty()) rows_ += ",\n";
  rows_ += text;
  ++kept_;
}

std::string LogCapture::json() const {
  nlohmann::json kinds = nlohmann::json::array();
  for (int i = 0; i <= static_cast<int>(FactKind::machine); ++i) {
    const auto kind = static_cast<FactKind>(i);
    kinds.push_back({{"name", fact_name(kind)},
                     {"symbol", std::string(1, symbol(kind))},
                     {"request", is_request(kind)}});
  }
  return fmt::format("{{\"kinds\":{},\"names\":{},\"rows\":[{}]}}", json_text(kinds),
                     json_text(nlohmann::json(names_)), rows_);
}

}  // namespace biotope::viz::report
