#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Figures as TOML, by what visit_fields() lists of them.
namespace biotope::sim {

inline std::string toml_in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

inline std::string toml_value(std::int64_t value) { return std::to_string(value); }
inline std::string toml_value(bool value) { return value ? "true" : "false"; }
inline std::string toml_value(double value) { return fmt::format("{}", value); }
inline std::string toml_value(const std::string& value) { return toml_in_quotes(value); }

// Figures as they stand; lists and sections that have nothing in them are left out.
class TomlWriter {
 public:
  TomlWriter(std::string& text, std::string path) : text_(text), path_(std::move(path)) {}

  TomlWriter& needed() { return *this; }

  template <class T>
  void value(std::string_view name, T& figure) {
    text_ += fmt::format("{} = {}\n", name, toml_value(figure));
  }
  template <class T, class Names>
  void choice(std::string_view name, T& figure, const Names& names) {
    text_ += fmt::format("{} = \"{}\"\n", name, names[static_cast<std::size_t>(figure)]);
  }
  template <class T>
  void rows(std::string_view name, std::vector<T>& rows) {
    if (rows.empty()) return;
    text_ += fmt::format("{} = [", name);
    constexpr std::size_t kOnALine = 8;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      text_ += fmt::format("{}{}{}", i == 0 ? "" : ",", i % kOnALine == 0 ? "\n  " : " ",
                           toml_value(rows[i]));
    }
    text_ += "\n]\n";
  }
  template <class T>
  void section(std::string_view name, T& figures) {
    if (figures == T()) return;
    const std::string path = path_ + std::string(name);
    text_ += fmt::format("\n[{}]\n", path);
    TomlWriter inside(text_, path + ".");
    visit_fields(inside, figures);
  }
  template <class T>
  void sections(std::string_view name, std::vector<T>& all) {
    const std::string path = path_ + std::string(name);
    for (T& figures : all) {
      text_ += fmt::format("\n[[{}]]\n", path);
      TomlWriter inside(text_, path + ".");
      visit_fields(inside, figures);
    }
  }

 private:
  std::string& text_;
  std::string path_;
};

template <class T>
std::string figures_text(T figures) {
  std::string text;
  TomlWriter writer(text, "");
  visit_fields(writer, figures);
  return text;
}

}  // namespace biotope::sim
