#include <fmt/format.h>

#include "sim/disk/profile_fields.h"
#include "sim/disk/profile_file.h"

namespace biotope::sim {
namespace {

std::string in_quotes(std::string_view text) {
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

std::string toml(std::int64_t value) { return std::to_string(value); }
std::string toml(bool value) { return value ? "true" : "false"; }
std::string toml(double value) { return fmt::format("{}", value); }
std::string toml(const std::string& value) { return in_quotes(value); }
std::string toml(const Remap& r) { return fmt::format("[{}, {}]", r.bad, r.replacement); }
std::string toml(const SeekPoint& p) { return fmt::format("[{}, {}]", p.cylinders, p.time_ns); }

// Figures as they stand; lists and sections that have nothing in them are left out.
class Writer {
 public:
  Writer(std::string& text, std::string path) : text_(text), path_(std::move(path)) {}

  Writer& needed() { return *this; }

  template <class T>
  void value(std::string_view name, T& figure) {
    text_ += fmt::format("{} = {}\n", name, toml(figure));
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
      text_ +=
          fmt::format("{}{}{}", i == 0 ? "" : ",", i % kOnALine == 0 ? "\n  " : " ", toml(rows[i]));
    }
    text_ += "\n]\n";
  }
  template <class T>
  void section(std::string_view name, T& figures) {
    if (figures == T()) return;
    const std::string path = path_ + std::string(name);
    text_ += fmt::format("\n[{}]\n", path);
    Writer inside(text_, path + ".");
    visit_fields(inside, figures);
  }
  template <class T>
  void sections(std::string_view name, std::vector<T>& all) {
    const std::string path = path_ + std::string(name);
    for (T& figures : all) {
      text_ += fmt::format("\n[[{}]]\n", path);
      Writer inside(text_, path + ".");
      visit_fields(inside, figures);
    }
  }

 private:
  std::string& text_;
  std::string path_;
};

}  // namespace

std::string profile_text(const DiskProfile& profile) {
  DiskProfile copy = profile;
  std::string text;
  Writer writer(text, "");
  visit_fields(writer, copy);
  return text;
}

}  // namespace biotope::sim
