#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "viz/report/html.h"
#include "viz/report/report.h"
#include "viz/words.h"

namespace biotope::viz::report {
namespace {

// More rows than anybody reads; all are in latency.json.
constexpr size_t kMostRows = 150;

// One scale for all strips: whole decades of ns, left to right.
struct Scale {
  static constexpr double kWidth = 272;
  static constexpr double kMargin = 18;
  double first_decade = 0;
  double last_decade = 1;

  double x(double decade) const {
    const double share = (decade - first_decade) / (last_decade - first_decade);
    return kMargin + std::clamp(share, 0.0, 1.0) * (kWidth - 2 * kMargin);
  }
  double x(int64_t time_ns) const {
    return x(std::log10(static_cast<double>(std::max<int64_t>(1, time_ns))));
  }
};

// What took no time at all stands at the left end and does not stretch the scale to 1 ns.
Scale scale_for(const Histogram& all) {
  Scale scale;
  int64_t least_ns = std::max<int64_t>(1, all.max_ns());
  for (const Histogram::Bin& bin : all.bins()) {
    if (bin.low_ns > 0) least_ns = std::min(least_ns, bin.low_ns);
  }
  scale.first_decade = std::floor(std::log10(static_cast<double>(least_ns)));
  scale.last_decade = std::ceil(std::log10(std::max<double>(1, all.max_ns())));
  if (scale.last_decade <= scale.first_decade) scale.last_decade = scale.first_decade + 1;
  return scale;
}

std::string grid(const Scale& scale) {
  std::string svg;
  for (double decade = scale.first_decade; decade <= scale.last_decade; ++decade) {
    svg += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"24\"/>",
                       scale.x(decade));
  }
  return svg;
}

std::string axis(const Scale& scale) {
  std::string svg = "<svg class=\"axis\" viewBox=\"0 0 272 17\" aria-hidden=\"true\">";
  // A label needs the room of two decades where there are many.
  const int every = scale.last_decade - scale.first_decade > 6 ? 2 : 1;
  for (double decade = scale.first_decade; decade <= scale.last_decade; decade += every) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"12\" text-anchor=\"middle\">{}</text>",
                       scale.x(decade), time_text(std::llround(std::pow(10, decade))));
  }
  return svg + "</svg>";
}

// A thin line from the least to the greatest, a band from the median to p99, ticks at the median,
// p90, p99 and p99.9.
std::string strip(const Scale& scale, const Histogram& served) {
  const auto at = [&](int64_t numerator, int64_t denominator) {
    return scale.x(served.percentile_ns({numerator, denominator}));
  };
  const double median = at(50, 100);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 272 24\" aria-hidden=\"true\">{}"
      "<line class=\"range\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"12\" y2=\"12\"/>"
      "<rect class=\"band\" x=\"{:.1f}\" y=\"7\" width=\"{:.1f}\" height=\"10\"/>",
      grid(scale), scale.x(served.min_ns()), scale.x(served.max_ns()), median,
      std::max(1.0, at(99, 100) - median));
  for (const double x : {at(90, 100), at(99, 100), at(999, 1000)}) {
    svg +=
        fmt::format("<line class=\"tail\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"9\" y2=\"15\"/>", x);
  }
  return svg + fmt::format(
                   "<line class=\"median\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"5\" "
                   "y2=\"19\"/></svg>",
                   median);
}

std::string row(const std::string& name, const Timing& timing, const Scale& scale) {
  const Histogram& served = timing.served;
  std::string html = fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>",
                                 escaped(name), served.count(), timing.failed);
  if (served.empty()) return html + "<td></td><td></td><td></td><td></td><td></td><td></td></tr>\n";
  for (const Quantile q : {Quantile{50, 100}, {90, 100}, {99, 100}, {999, 1000}, {1, 1}}) {
    html += fmt::format("<td>{}</td>", time_text(served.percentile_ns(q)));
  }
  return html + fmt::format("<td class=\"strip\">{}</td></tr>\n", strip(scale, served));
}

std::string group(const std::string& name) {
  return fmt::format("<tr class=\"group\"><th colspan=\"9\" scope=\"rowgroup\">{}</th></tr>\n",
                     escaped(name));
}

class Rows {
 public:
  explicit Rows(const Scale& scale) : scale_(scale) {}

  void add(const std::string& heading, const TimingByCommand& commands) {
    html_ += group(heading);
    for (size_t i = 0; i < commands.size(); ++i) {
      if (commands[i].empty()) continue;
      if (++count_ <= kMostRows) {
        html_ += row(command_name(static_cast<Command>(i)), commands[i], scale_);
      }
    }
  }
  void add(const std::string& heading, const Phases& phases) {
    html_ += group(heading);
    for (int i = 0; i < Phases::kCount; ++i) {
      const auto phase = static_cast<Phases::Phase>(i);
      if (!phases[phase].empty()) html_ += row(Phases::name(phase), {phases[phase], 0}, scale_);
    }
  }
  bool full() const { return count_ >= kMostRows; }
  const std::string& html() const { return html_; }

 private:
  const Scale& scale_;
  size_t count_ = 0;
  std::string html_;
};

using Named = std::pair<std::string, const Layer*>;

// From the top of the mesh down, as requests go.
std::vector<Named> layers_downwards(const Latency& latency) {
  std::vector<Named> layers;
  for (const auto& [name, layer] : latency.layers()) layers.emplace_back(name, &layer);
  std::stable_sort(layers.begin(), layers.end(),
                   [](const Named& a, const Named& b) { return a.second->rank > b.second->rank; });
  return layers;
}

constexpr const char* kIntroduction =
    "<p>Simulated times from entering an edge of the mesh to leaving it upwards, failed requests "
    "aside. Each strip runs from the fastest to the slowest request; the thick mark is the median, "
    "the band reaches to the 99th percentile, and the last thin mark is the 99.9th. Percentiles "
    "are "
    "upper bounds, too high by less than one part in a hundred; the greatest is exact.</p>\n";

}  // namespace

std::string latency_section(const Latency& latency) {
  Histogram all = sum_of(latency.commands()).served;
  for (const auto& [name, layer] : latency.layers()) all.merge(sum_of(layer.commands).served);
  if (all.empty() && latency.layers().empty()) return "<p>No request was issued in this run.</p>\n";
  const Scale scale = scale_for(all);
  Rows rows(scale);
  rows.add("All requests, as issued", latency.commands());
  if (!latency.phases()[Phases::q2c].empty()) {
    rows.add("Their way: issued Q, admitted G, in the disk's queue I, in the drive D, complete C",
             latency.phases());
  }
  size_t left_out = 0;
  for (const auto& [name, layer] : layers_downwards(latency)) {
    if (rows.full()) {
      ++left_out;
    } else {
      rows.add(name, layer->commands);
    }
  }
  std::string html = fmt::format(
      "{}<div class=\"scroll\"><table class=\"times\">\n<thead><tr><th>Layer, command</th>"
      "<th>Served</th><th>Failed</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th>"
      "<th>Greatest</th><th "
      "class=\"strip\">{}</th></tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
      kIntroduction, axis(scale), rows.html());
  if (left_out > 0) html += fmt::format("<p>{} more layers are in latency.json.</p>\n", left_out);
  return html +
         "<p>All bins are in <a href=\"latency.json\">latency.json</a>, percentile tables for "
         "other "
         "tools in <a href=\"latency.hgrm\">latency.hgrm</a>.</p>\n";
}

}  // namespace biotope::viz::report
