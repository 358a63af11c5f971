#include <fmt/format.h>

#include "viz/log_row.h"
#include "viz/report/html.h"
#include "viz/report/report.h"
#include "viz/words.h"

namespace biotope::viz::report {
namespace {

// What the steps may take of the page. Pictures beyond it are shown from their files, sentences
// beyond it are left to the log.
struct Room {
  size_t picture_bytes = 2'200'000;
  size_t sentence_bytes = 500'000;

  // Whether so much fits, and if so, takes it.
  static bool take(size_t& left, size_t bytes) {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
};

// The natural width of a document of `dot`, as it writes it: "318pt".
std::string width_of(const std::string& svg) {
  const size_t begin = svg.find("width=\"");
  if (begin == std::string::npos) return "100%";
  return svg.substr(begin + 7, svg.find('"', begin + 7) - begin - 7);
}

std::string figure(const StepPage& step, const Frame& frame, const char* style, size_t number,
                   Room& room) {
  const std::string svg = inline_svg(frame.svg);
  const std::string title = escaped(step.title);
  std::string picture;
  if (svg.find("class=\"node") == std::string::npos) {
    picture = "<p class=\"empty\">The mesh is empty.</p>\n";
  } else if (Room::take(room.picture_bytes, svg.size())) {
    picture = svg;
  } else {
    picture = fmt::format("<img src=\"{}\" alt=\"The mesh after: {}\" loading=\"lazy\">\n",
                          escaped(frame.file), title);
  }
  return fmt::format(
      "<figure class=\"{}\"><div class=\"frame\" style=\"--natural: {}\">\n{}</div>\n"
      "<figcaption>Figure {}. {}</figcaption></figure>\n",
      style, width_of(svg), picture, number, title);
}

const char* class_of(FactKind kind) {
  switch (symbol(kind)) {
    case 'x':
      return " class=\"lost\"";
    case '!':
      return " class=\"refused\"";
    default:
      return "";
  }
}

std::string requests(const RequestCounts& counts) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < counts.done.size(); ++i) {
    if (counts.done[i] == 0) continue;
    parts.push_back(fmt::format("{} {}", counts.done[i], command_name(static_cast<Command>(i))));
  }
  if (parts.empty()) return "";
  const std::string failed =
      counts.failed == 0 ? "" : fmt::format(", of which {} failed", counts.failed);
  return fmt::format("<p>Requests that came back: {}{}.</p>\n", fmt::join(parts, ", "), failed);
}

std::string happening(const Happening& what, const std::string& time) {
  return fmt::format("<li{}><time>{}</time><i>{}</i><span>{}</span></li>\n", class_of(what.kind),
                     time, escaped(std::string(1, symbol(what.kind))), escaped(what.sentence));
}

std::string happenings(const StepPage& step, Room& room) {
  std::string html = "<section class=\"facts\"><h3>What happened</h3>\n" + requests(step.requests);
  if (step.happenings.empty()) return html + "<p>Nothing changed in the mesh.</p></section>\n";
  html += "<ol>\n";
  uint64_t left_out = step.happenings_left_out;
  std::string last_time;
  for (const Happening& what : step.happenings) {
    const std::string time = time_text(what.time_ns);
    const std::string line = happening(what, time == last_time ? "" : time);
    if (Room::take(room.sentence_bytes, line.size())) {
      html += line;
      last_time = time;
    } else {
      ++left_out;
    }
  }
  html += "</ol>\n";
  if (left_out > 0) {
    html += fmt::format("<p>And {} more: see events.log from fact {} on.</p>\n", left_out,
                        step.first_fact);
  }
  return html + "</section>\n";
}

std::string when(const StepPage& step, int64_t before_ns) {
  std::string at = fmt::format("at {} of simulated time", time_text(step.time_ns));
  if (step.time_ns == before_ns) return at;
  return fmt::format("{}, {} after the step before", at, time_text(step.time_ns - before_ns));
}

}  // namespace

std::string steps_section(const std::vector<StepPage>& steps) {
  std::string html;
  Room room;
  size_t number = 0;
  int64_t before_ns = 0;
  for (const StepPage& step : steps) {
    ++number;
    html += fmt::format(
        "<article class=\"step\" id=\"step-{0}\">\n<h2><span>{0}</span>{1}</h2>\n"
        "<p class=\"when\">{2}</p>\n<div class=\"prose\">{3}</div>\n"
        "<div class=\"spread\"><div>\n{4}{5}</div>\n{6}</div>\n</article>\n",
        number, escaped(step.title), when(step, before_ns), paragraphs(step.text),
        figure(step, step.paper, "paper", number, room),
        figure(step, step.confdot, "confdot", number, room), happenings(step, room));
    before_ns = step.time_ns;
  }
  return html;
}

}  // namespace biotope::viz::report
