#include "viz/log_row.h"

#include <vector>

#include <fmt/format.h>

#include "model/bio.h"
#include "model/class.h"
#include "viz/words.h"

namespace biotope::viz {
namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : one_line(text); }

// A request says where it is on an edge while it goes down; on the way up its position is that of
// the lowest layer, and only the issuer's own view is left.
void fill_request(LogRow& row, const Fact& fact) {
  const Bio& bio = *fact.bio;
  row.bio = fmt::to_string(bio.id);
  row.command = command_name(bio.command);
  if (fact.kind == FactKind::bio_passed || !has_range(bio.command)) return;
  const bool goes_down = fact.kind == FactKind::bio_issued || fact.kind == FactKind::bio_remapped;
  row.offset_bytes = fmt::to_string(goes_down ? bio.position_bytes : bio.offset_bytes);
  row.length_bytes = fmt::to_string(bio.length_bytes);
}

std::string details(const Fact& fact) {
  std::vector<std::string> parts;
  if (fact.cls != nullptr) parts.push_back("class " + fact.cls->name());
  if (!(fact.before == fact.after)) {
    parts.push_back(fact.before.text() + " -> " + fact.after.text());
  }
  if (fact.bio != nullptr && fact.bio->parent != nullptr && fact.kind == FactKind::bio_issued) {
    parts.push_back(fmt::format("part of {}", fact.bio->parent->id));
  }
  if (fact.kind == FactKind::bio_passed || fact.kind == FactKind::resumed) {
    parts.push_back(fmt::format("{} ns", fact.duration_ns));
  }
  if (!fact.component.empty()) parts.emplace_back(fact.component);
  if (!fact.text.empty()) parts.emplace_back(fact.text);
  return fmt::to_string(fmt::join(parts, ", "));
}

}  // namespace

LogRow log_row(const Fact& fact) {
  LogRow row{fact.time_ns, fact.number, fact.kind, "", "", "", "-", "-", "-", "-", "", ""};
  row.geom = or_dash(fact.geom == nullptr ? "" : fact.geom->title());
  row.provider = or_dash(fact.provider == nullptr ? "" : fact.provider->name());
  row.edge = fact.consumer == nullptr ? "-" : fmt::format("c{}", fact.consumer->id());
  row.error = error_name(fact.error);
  if (fact.bio != nullptr) fill_request(row, fact);
  row.details = or_dash(details(fact));
  return row;
}

char symbol(FactKind kind) {
  switch (kind) {
    case FactKind::class_loaded:
    case FactKind::geom_created:
    case FactKind::provider_created:
    case FactKind::provider_published:
    case FactKind::attached:
      return '+';
    case FactKind::geom_freed:
    case FactKind::provider_freed:
    case FactKind::detached:
      return '-';
    case FactKind::geom_withers:
    case FactKind::provider_orphaned:
    case FactKind::consumer_orphaned:
    case FactKind::consumer_spoiled:
      return 'x';
    case FactKind::tasting:
    case FactKind::access_asked:
    case FactKind::eject_asked:
      return '?';
    case FactKind::tasted:
    case FactKind::access_granted:
    case FactKind::ejected:
      return '=';
    case FactKind::access_refused:
    case FactKind::eject_refused:
    case FactKind::surgery_failed:
      return '!';
    case FactKind::properties_changed:
    case FactKind::resized:
    case FactKind::media_changed:
      return '~';
    case FactKind::suspended:
    case FactKind::resumed:
    case FactKind::surgery_done:
      return '#';
    case FactKind::bio_issued:
    case FactKind::bio_remapped:
    case FactKind::bio_parked:
    case FactKind::bio_replayed:
      return '>';
    case FactKind::bio_passed:
    case FactKind::bio_done:
      return '<';
    case FactKind::note:
    case FactKind::machine:
      return '*';
  }
  return ' ';
}

}  // namespace biotope::viz
