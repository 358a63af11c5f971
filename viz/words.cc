#include "viz/words.h"

#include <array>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

#include "model/mesh.h"

namespace biotope::viz {
namespace {

std::string title(const Geom* geom) { return geom == nullptr ? "somebody" : geom->title(); }

std::string name(const Provider* provider) {
  return provider == nullptr ? "nothing" : provider->name();
}

std::string name(const Class* cls) { return cls == nullptr ? "a class" : cls->name(); }

std::string edge(const Fact& fact) {
  if (fact.consumer == nullptr) return name(fact.provider);
  return edge_label(*fact.consumer, fact.provider);
}

std::string because(const Fact& fact) {
  if (!fact.text.empty()) return fmt::format(": {}", fact.text);
  return fact.error == 0 ? "" : fmt::format(" ({})", error_name(fact.error));
}

std::string request(const Bio* bio) {
  return bio == nullptr ? "a request" : fmt::format("{} {}", command_name(bio->command), bio->id);
}

// One for each FactKind, in their order.
constexpr std::array kSentences{
    "class {cls} is loaded",
    "{geom} comes into being",
    "{geom} withers",
    "{geom} is freed",
    "{geom} makes the disk {disk}",
    "{disk} may be opened",
    "{disk} is gone{because}",
    "{disk} is freed",
    "{geom} attaches to {disk}",
    "{geom} detaches from {disk}",
    "{geom} is told that {disk} is gone",
    "{geom} is told that somebody else writes {disk}",
    "{cls} tastes {disk}",
    "{cls} knows what is on {disk}",
    "{geom} is asked: may {disk} be open as {after}?",
    "{geom} opens {disk} as {after}",
    "{geom} refuses to open {disk}{because}",
    "{disk} has other properties now",
    "{disk} has another size now",
    "{disk} holds another medium now",
    "may {disk} be ejected?",
    "{disk} stays{because}",
    "all have let go of {disk}",
    "{edge} is held still",
    "{edge} goes on after {took}",
    "the mesh is changed at {geom}",
    "the change at {geom} is given up, the mesh is as it was{because}",
    "{bio} enters {edge}",
    "{bio} goes on through {edge}",
    "{bio} waits at {edge}",
    "{bio} goes again from the top",
    "{bio} leaves {edge} after {took}{because}",
    "{bio} is done{because}",
    "{geom}{because}",
    "{component}{because}",
};
static_assert(kSentences.size() == static_cast<size_t>(FactKind::machine) + 1);

const char* sentence_for(const Fact& fact) {
  if (fact.kind == FactKind::tasted && fact.geom == nullptr) {
    return "{cls} does not know what is on {disk}";
  }
  if (fact.kind == FactKind::access_granted && fact.after.closed()) return "{geom} closes {disk}";
  if (fact.kind == FactKind::access_granted && !fact.after.opens_beyond(fact.before)) {
    return "{geom} keeps {disk} open as {after}";
  }
  if (fact.kind == FactKind::access_asked && !fact.after.opens_beyond(fact.before)) {
    return "{geom} is told: {disk} needs to be open as {after} only";
  }
  // Refusals come as whole sentences from whoever refuses.
  const bool is_told =
      fact.kind == FactKind::access_refused || fact.kind == FactKind::eject_refused;
  if (is_told && !fact.text.empty()) return "{text}";
  if (fact.kind == FactKind::note && fact.geom == nullptr) {
    return fact.component.empty() ? "{text}" : "{component}{because}";
  }
  return kSentences[static_cast<size_t>(fact.kind)];
}

// Rounds to three digits that count, and drops what is nought behind the point.
std::string three_digits(double value) {
  std::string text = fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::string edge_label(const Consumer& consumer, const Provider* provider) {
  return fmt::format("{} -> {}", consumer.geom().title(), name(provider));
}

std::string error_name(int error) {
  if (error == 0) return "-";
  const char* known = strerrorname_np(error);
  return known == nullptr ? fmt::to_string(error) : known;
}

std::string time_text(int64_t time_ns) {
  static constexpr const char* kUnits[] = {"ns", "\u00b5s", "ms", "s"};
  if (time_ns < 1000) return fmt::format("{} ns", time_ns);
  auto value = static_cast<double>(time_ns);
  size_t unit = 0;
  // 999.5 would be rounded up to four digits.
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), kUnits[unit]);
}

std::string size_text(int64_t size_bytes) {
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (size_bytes < 1024) return fmt::format("{} bytes", size_bytes);
  double value = static_cast<double>(size_bytes) / 1024;
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), kUnits[unit]);
}

bool is_request(FactKind kind) {
  return kind >= FactKind::bio_issued && kind <= FactKind::bio_done;
}

std::string sentence_of(const Fact& fact) {
  return one_line(
      fmt::format(fmt::runtime(sentence_for(fact)), fmt::arg("cls", name(fact.cls)),
                  fmt::arg("geom", title(fact.geom)), fmt::arg("disk", name(fact.provider)),
                  fmt::arg("edge", edge(fact)), fmt::arg("because", because(fact)),
                  fmt::arg("after", fact.after.text()),
                  fmt::arg("took", time_text(fact.duration_ns)), fmt::arg("bio", request(fact.bio)),
                  fmt::arg("component", fact.component), fmt::arg("text", fact.text)));
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace biotope::viz
