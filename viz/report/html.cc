#include "viz/report/html.h"

#include <algorithm>

#include <fmt/format.h>

#include "viz/json_text.h"

namespace biotope::viz::report {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// Text with well-formed UTF-8 only; the JSON writer knows how.
std::string clean(std::string_view text) {
  return nlohmann::json::parse(json_text(std::string(text))).get<std::string>();
}

// Every second stretch between backticks is code; one without a partner stands for itself.
std::string with_code(std::string_view text) {
  std::string html;
  bool code = false;
  while (true) {
    const size_t tick = text.find('`');
    const bool last = tick == std::string_view::npos ||
                      (!code && text.find('`', tick + 1) == std::string_view::npos);
    html += escaped(last ? text : text.substr(0, tick));
    if (last) return html;
    html += code ? "</code>" : "<code>";
    code = !code;
    text.remove_prefix(tick + 1);
  }
}

// Value of an XML attribute on the line, or nothing.
std::string_view attribute(std::string_view line, std::string_view name) {
  const std::string start = fmt::format(" {}=\"", name);
  const size_t begin = line.find(start);
  if (begin == std::string_view::npos) return {};
  const size_t value = begin + start.size();
  return line.substr(value, line.find('"', value) - value);
}

std::string without_id(std::string_view line) {
  const std::string id = fmt::format(" id=\"{}\"", attribute(line, "id"));
  std::string result(line);
  if (const size_t at = result.find(id); at != std::string::npos) result.erase(at, id.size());
  return result;
}

// dot writes one element a line. Its tooltips come as links to nowhere, which no browser shows.
std::string page_line(std::string_view line) {
  if (line.starts_with("<!--") || line.starts_with("<title>") || line == "</a>") return {};
  const size_t link = line.find("<a xlink:title=\"");
  if (link == std::string_view::npos) return without_id(line) + "\n";
  const std::string_view tooltip = attribute(line.substr(link), "xlink:title");
  const std::string title = tooltip == " " ? "" : fmt::format("<title>{}</title>", tooltip);
  return without_id(line.substr(0, link)) + title + "\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html = clean(text);
  replace_all(html, "&", "&amp;");
  replace_all(html, "<", "&lt;");
  replace_all(html, ">", "&gt;");
  replace_all(html, "\"", "&quot;");
  replace_all(html, "'", "&#39;");
  return html;
}

std::string paragraphs(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\n\n"), text.size());
    const std::string_view paragraph = text.substr(0, end);
    if (paragraph.find_first_not_of(" \n\t") != std::string_view::npos) {
      html += fmt::format("<p>{}</p>\n", with_code(paragraph));
    }
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return html;
}

std::string script_safe(std::string json) {
  // Outside of strings JSON has no "<", and inside them the escape means the same.
  replace_all(json, "<", "\\u003c");
  return json;
}

std::string filled(std::string_view page,
                   const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string result;
  while (true) {
    const size_t begin = page.find("{{");
    const size_t end = begin == std::string_view::npos ? begin : page.find("}}", begin);
    if (end == std::string_view::npos) return result + std::string(page);
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    const auto value = std::find_if(values.begin(), values.end(),
                                    [&](const auto& candidate) { return candidate.first == name; });
    result += page.substr(0, begin);
    if (value != values.end()) result += value->second;
    page.remove_prefix(end + 2);
  }
}

std::string inline_svg(std::string_view document) {
  document.remove_prefix(std::min(document.find("<svg"), document.size()));
  std::string svg;
  while (!document.empty()) {
    const size_t end = std::min(document.find('\n'), document.size());
    svg += page_line(document.substr(0, end));
    document.remove_prefix(std::min(end + 1, document.size()));
  }
  return svg;
}

}  // namespace biotope::viz::report
