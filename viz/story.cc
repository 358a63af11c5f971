#include "viz/story.h"

#include <cctype>

#include <fmt/format.h>

#include "viz/dot.h"
#include "viz/json_text.h"
#include "viz/level.h"
#include "viz/report/report.h"
#include "viz/svg.h"
#include "viz/words.h"

namespace biotope::viz {
namespace {

// More sentences to a step than anybody reads; the log has them all.
constexpr size_t kMostHappenings = 400;

constexpr size_t kLongestSlug = 48;

// "Mount /usr!" as "mount-usr".
std::string slug(const std::string& title) {
  std::string result;
  for (const char c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      result += static_cast<char>(std::tolower(byte));
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
    if (result.size() == kLongestSlug) break;
  }
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result.empty() ? "step" : result;
}

bool came_back_to_issuer(const Fact& fact) {
  return fact.kind == FactKind::bio_done && fact.bio->parent == nullptr;
}

}  // namespace

Story::Story(Mesh& mesh, StoryHead head) : mesh_(mesh), head_(std::move(head)) {
  mesh_.facts().add(event_log_);
  mesh_.facts().add(perfetto_);
  mesh_.facts().add(latency_);
  mesh_.facts().add(waves_);
  mesh_.facts().add(capture_);
  mesh_.facts().add(*this);
}

Story::~Story() { stop_watching(); }

void Story::stop_watching() {
  if (!watching_) return;
  watching_ = false;
  for (Observer* observer :
       {static_cast<Observer*>(&event_log_), static_cast<Observer*>(&perfetto_),
        static_cast<Observer*>(&latency_), static_cast<Observer*>(&waves_),
        static_cast<Observer*>(&capture_), static_cast<Observer*>(this)}) {
    mesh_.facts().remove(*observer);
  }
}

void Story::on_fact(const Fact& fact) {
  if (now_.first_fact == 0) now_.first_fact = fact.number;
  now_.last_fact = fact.number;
  if (came_back_to_issuer(fact)) {
    ++now_.requests.done[static_cast<size_t>(fact.bio->command)];
    now_.requests.failed += fact.error != 0 ? 1 : 0;
  }
  if (is_request(fact.kind) || is_measurement(fact)) return;
  if (now_.happenings.size() < kMostHappenings) {
    now_.happenings.push_back({fact.time_ns, fact.kind, sentence_of(fact)});
  } else {
    ++now_.happenings_left_out;
  }
}

void Story::step(std::string title, std::string text) {
  now_.title = std::move(title);
  now_.text = std::move(text);
  now_.time_ns = mesh_.executor().now_ns();
  now_.paper_dot = to_dot(mesh_, DotStyle::paper);
  now_.confdot_dot = to_dot(mesh_, DotStyle::confdot);
  steps_.push_back(std::exchange(now_, Step()));
}

std::string Story::file_name(size_t index) const {
  return fmt::format("frames/{:02}-{}", index + 1, slug(steps_[index].title));
}

Status Story::write_frames(OutputFolder& folder, const std::vector<std::string>& svgs) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const std::string name = file_name(i);
    for (const auto& [end, contents] : {std::pair{".dot", &steps_[i].paper_dot},
                                        {".confdot.dot", &steps_[i].confdot_dot},
                                        {".svg", &svgs[2 * i]},
                                        {".confdot.svg", &svgs[2 * i + 1]}}) {
      if (auto written = folder.write(name + end, *contents); !written) return written;
    }
  }
  return {};
}

std::string Story::page(const std::vector<std::string>& svgs) const {
  report::Report report{head_.title, head_.facts, {}, &latency_, &capture_};
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    report.steps.push_back({step.title,
                            step.text,
                            step.time_ns,
                            step.first_fact,
                            step.last_fact,
                            step.happenings,
                            step.happenings_left_out,
                            step.requests,
                            {svgs[2 * i], file_name(i) + ".svg"},
                            {svgs[2 * i + 1], file_name(i) + ".confdot.svg"}});
  }
  return report::page(report);
}

Status Story::write(OutputFolder& folder) {
  stop_watching();
  perfetto_.close();
  std::vector<std::string> dots;
  for (const Step& step : steps_) {
    dots.push_back(step.paper_dot);
    dots.push_back(step.confdot_dot);
  }
  const auto svgs = render_svg(dots);
  if (!svgs) return pass_on(svgs);
  if (auto written = write_frames(folder, *svgs); !written) return written;
  for (const auto& [name, contents] : {std::pair{"index.html", page(*svgs)},
                                       {"latency.json", json_text(to_json(latency_), 1) + "\n"},
                                       {"latency.hgrm", to_hgrm(latency_)}}) {
    if (auto written = folder.write(name, contents); !written) return written;
  }
  for (const auto& [name, spill] :
       {std::pair{"events.log", &log_}, {"trace.perfetto.json", &trace_}}) {
    const auto path = folder.reserve(name);
    if (!path) return pass_on(path);
    if (auto written = spill->copy_to(*path); !written) return written;
  }
  const auto waves = folder.reserve("waves.vcd");
  if (!waves) return pass_on(waves);
  return waves_.write(*waves);
}

Status Story::finish(const std::filesystem::path& path) {
  auto folder = OutputFolder::open(path);
  if (!folder) return pass_on(folder);
  if (auto written = write(*folder); !written) return written;
  return folder->commit();
}

}  // namespace biotope::viz
