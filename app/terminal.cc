#include "app/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace biotope::app {

namespace {

bool coloured() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') &&
         terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool needs_no_quotes(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./=:,+@%").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), needs_no_quotes)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void complain(std::string_view sentence) {
  const bool red = coloured();
  fmt::print(stderr, "{}biotope:{} {}\n", red ? "\033[1;31m" : "", red ? "\033[0m" : "", sentence);
}

void tell(std::string_view line) { fmt::print(stderr, "{}\n", line); }

int refuse(const Error& error) {
  complain(error.text);
  return kRefused;
}

int exit_status(const Status& done) { return done ? 0 : refuse(done.error()); }

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quoted(word);
  return line;
}

}  // namespace biotope::app
