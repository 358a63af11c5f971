#include <fmt/format.h>

#include "viz/json_text.h"
#include "viz/report/assets.h"
#include "viz/report/html.h"
#include "viz/report/report.h"

namespace biotope::viz::report {
namespace {

std::string contents(const std::vector<StepPage>& steps) {
  std::string html;
  for (size_t i = 0; i < steps.size(); ++i) {
    html += fmt::format("<li><a href=\"#step-{}\">{}</a></li>\n", i + 1, escaped(steps[i].title));
  }
  return html;
}

std::string summary(const Report& report) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : report.facts) {
    parts.push_back(fmt::format("{} {}", escaped(name), escaped(value)));
  }
  return parts.empty() ? "" : fmt::format("<p>{}</p>", fmt::join(parts, " \u00b7 "));
}

std::string data(const Report& report) {
  nlohmann::json steps = nlohmann::json::array();
  for (const StepPage& step : report.steps) {
    steps.push_back({{"title", step.title},
                     {"time_ns", step.time_ns},
                     {"first", step.first_fact},
                     {"last", step.last_fact}});
  }
  return script_safe(fmt::format("{{\"schema\":\"biotope/report/1\",\n\"steps\":{},\n\"log\":{}}}",
                                 json_text(steps), report.log->json()));
}

}  // namespace

std::string log_section(const LogCapture& log) {
  const char* where = "<a href=\"events.log\">events.log</a>";
  if (log.complete()) {
    return fmt::format("<p>All {} facts of the run, in order; the same stand as text in {}.</p>\n",
                       log.seen(), where);
  }
  return fmt::format(
      "<p>{} of the {} facts of the run: the page has no room for more. Changes of the mesh go "
      "before requests; all facts are in {}.</p>\n",
      log.kept(), log.seen(), where);
}

std::string page(const Report& report) {
  return filled(kPageHtml, {{"title", escaped(report.title)},
                            {"css", kPageCss},
                            {"diagram_css", kDiagramCss},
                            {"summary", summary(report)},
                            {"contents", contents(report.steps)},
                            {"steps", steps_section(report.steps)},
                            {"latency", latency_section(*report.latency)},
                            {"log", log_section(*report.log)},
                            {"data", data(report)},
                            {"js", kPageJs}});
}

}  // namespace biotope::viz::report
