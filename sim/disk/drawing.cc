#include "sim/disk/drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/disk/seek_curve.h"

namespace biotope::sim {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 240;
constexpr double kLeft = 70;
constexpr double kTop = 60;
constexpr double kApart = 330;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

// A frame with both axes' ends named; x runs over 0..x_most, y over 0..y_most.
struct Plot {
  double top;
  double x_most;
  double y_most;

  double x(double value) const { return kLeft + value / x_most * kWidth; }
  double y(double value) const { return top + kHeight - value / y_most * kHeight; }
  std::string frame(std::string_view title, std::string_view y_text,
                    std::string_view x_text) const {
    std::string svg =
        fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", kLeft, top - 12, title);
    svg += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                       kLeft, top, kWidth, kHeight);
    for (int quarter = 0; quarter <= 4; ++quarter) {
      const double share = quarter / 4.0;
      svg += fmt::format("<text class=\"y\" x=\"{}\" y=\"{:.1f}\">{:.4g}</text>\n", kLeft - 8,
                         y(y_most * share) + 4, y_most * share);
      svg += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{}\">{:.0f}</text>\n",
                         x(x_most * share), top + kHeight + 18, x_most * share);
    }
    svg += fmt::format("<text class=\"x\" x=\"{}\" y=\"{}\">{}</text>\n", kLeft + kWidth / 2,
                       top + kHeight + 34, x_text);
    svg += fmt::format("<text class=\"x\" x=\"{}\" y=\"{}\">{}</text>\n", kLeft - 30, top - 12,
                       y_text);
    return svg;
  }
};

std::string draw_seeks(const DiskProfile& profile, double top) {
  const SeekCurve curve(profile.movement.seek);
  const std::int64_t longest = std::max<std::int64_t>(1, profile.geometry.cylinders - 1);
  constexpr std::int64_t kSteps = 360;
  double most_ms = 0;
  for (std::int64_t i = 1; i <= kSteps; ++i) {
    const std::int64_t d = std::max<std::int64_t>(1, longest * i / kSteps);
    most_ms = std::max(most_ms, static_cast<double>(curve.seek_ns(d)) / 1e6);
  }
  const Plot plot{top, static_cast<double>(longest), std::max(most_ms * 1.05, 0.001)};
  std::string svg = plot.frame("seek time", "ms", "distance in cylinders");
  svg += "<polyline class=\"seek\" points=\"";
  for (std::int64_t i = 0; i <= kSteps; ++i) {
    const std::int64_t d = std::max<std::int64_t>(1, longest * i / kSteps);
    svg += fmt::format("{:.1f},{:.1f} ", plot.x(static_cast<double>(d)),
                       plot.y(static_cast<double>(curve.seek_ns(d)) / 1e6));
  }
  svg += "\"/>\n";
  for (const SeekPoint& point : profile.movement.seek.points) {
    if (point.cylinders > longest) continue;
    svg += fmt::format("<circle class=\"point\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\"/>\n",
                       plot.x(static_cast<double>(point.cylinders)),
                       plot.y(static_cast<double>(point.time_ns) / 1e6));
  }
  return svg;
}

std::string draw_zones(const DiskModel& model, double top) {
  double most = 1;
  for (const Zone& zone : model.profile.geometry.zones) {
    most = std::max(most, static_cast<double>(zone.sectors_per_track));
  }
  const Plot plot{top, static_cast<double>(model.profile.geometry.cylinders), most * 1.05};
  std::string svg = plot.frame("zones", "sectors", "cylinder");
  for (const ZoneMap& map : model.layout.zones()) {
    const Zone& zone = map.zone();
    const auto high = static_cast<double>(zone.sectors_per_track);
    const double left = plot.x(static_cast<double>(zone.first_cylinder));
    const double right = plot.x(static_cast<double>(zone.last_cylinder + 1));
    svg += fmt::format(
        "<rect class=\"zone\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
        "<title>cylinders {} to {}: {} sectors a track, sectors {} to {}</title></rect>\n",
        left, plot.y(high), right - left, plot.y(0) - plot.y(high), zone.first_cylinder,
        zone.last_cylinder, zone.sectors_per_track, map.first(), map.end() - 1);
  }
  return svg;
}

}  // namespace

std::string draw_disk(const DiskModel& model) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">\n"
      "<style>text{{font:12px sans-serif}} .title{{font-weight:bold}} .x{{text-anchor:middle}} "
      ".y{{text-anchor:end}} .frame{{fill:none;stroke:#888}} .seek{{fill:none;stroke:#06c}} "
      ".point{{fill:#06c}} .zone{{fill:#cde;stroke:#06c}}</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      kLeft + kWidth + 30, kTop + 2 * kApart);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"20\">{}: {}</text>\n", kLeft,
                     escaped(model.profile.name), escaped(model.profile.description));
  svg += draw_seeks(model.profile, kTop);
  svg += draw_zones(model, kTop + kApart);
  return svg + "</svg>\n";
}

}  // namespace biotope::sim
