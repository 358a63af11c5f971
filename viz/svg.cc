#include "viz/svg.h"

#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include <fmt/format.h>

extern "C" char** environ;

namespace biotope::viz {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// The child's standard input, output and error are nameless files, not pipes: nobody can block on a
// full pipe, and a child that dies early sends us no signal.
struct Channels {
  File input{std::tmpfile()};
  File output{std::tmpfile()};
  File errors{std::tmpfile()};

  bool open() const { return input && output && errors; }
};

struct Outcome {
  bool ended_well;
  std::string output;
  std::string errors;
};

std::string contents(std::FILE* file) {
  std::string text;
  std::array<char, 1 << 16> piece;
  std::rewind(file);
  while (const size_t n = std::fread(piece.data(), 1, piece.size(), file)) {
    text.append(piece.data(), n);
  }
  return text;
}

// 0, or the errno for which the program could not be started.
int start(const std::string& program, const Channels& channels, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.input.get()), 0);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.output.get()), 1);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.errors.get()), 2);
  std::string name = program;
  std::string format = "-Tsvg";
  char* argv[] = {name.data(), format.data(), nullptr};
  const int error = posix_spawnp(&pid, name.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

Result<Outcome> run(const std::string& program, const std::string& input) {
  const Channels channels;
  if (!channels.open()) return fail(errno, "no temporary file can be made for ", program);
  if (std::fwrite(input.data(), 1, input.size(), channels.input.get()) != input.size() ||
      std::fflush(channels.input.get()) != 0) {
    return fail(errno, "the temporary file for ", program,
                " can not be written; is the disk full?");
  }
  std::rewind(channels.input.get());

  pid_t pid = 0;
  if (const int error = start(program, channels, pid); error == ENOENT) {
    return fail(kMissingProgram, program, " is not on this machine, and without it no diagram can ",
                "be drawn: install graphviz (apt-get install graphviz)");
  } else if (error != 0) {
    return fail(error, program, " can not be started (errno ", error, ")");
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return Outcome{WIFEXITED(status) && WEXITSTATUS(status) == 0, contents(channels.output.get()),
                 contents(channels.errors.get())};
}

// From its second document on, the program puts the page before the id of the graph.
std::string without_page(std::string document) {
  constexpr std::string_view kPage = "page0,1_";
  const size_t id = document.find("<g id=\"");
  const size_t page = document.find(kPage, id);
  if (id != std::string::npos && page == document.find('"', id) + 1) {
    document.erase(page, kPage.size());
  }
  return document;
}

// The program writes one document after the other.
std::vector<std::string> split_documents(const std::string& text) {
  constexpr std::string_view kStart = "<?xml ";
  std::vector<std::string> documents;
  size_t begin = text.find(kStart);
  while (begin != std::string::npos) {
    const size_t end = text.find(kStart, begin + 1);
    documents.push_back(without_page(text.substr(begin, end - begin)));
    begin = end;
  }
  return documents;
}

}  // namespace

Result<std::vector<std::string>> render_svg(const std::vector<std::string>& dots,
                                            const std::string& program) {
  if (dots.empty()) return std::vector<std::string>{};
  const auto outcome = run(program, fmt::format("{}\n", fmt::join(dots, "\n")));
  if (!outcome) return pass_on(outcome);
  auto documents = split_documents(outcome->output);
  if (!outcome->ended_well || documents.size() != dots.size()) {
    return fail(EINVAL, program, " made ", documents.size(), " diagrams of ", dots.size(), ": ",
                outcome->errors.empty() ? "it said nothing" : outcome->errors);
  }
  return documents;
}

}  // namespace biotope::viz
