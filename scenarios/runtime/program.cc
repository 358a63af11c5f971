#include "scenarios/runtime/program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace biotope::runtime {

namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

std::string contents(std::FILE* file) {
  std::string text;
  std::array<char, 1 << 16> piece;
  std::rewind(file);
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file)) {
    text.append(piece.data(), n);
  }
  return text;
}

// Where the program is; empty when it is nowhere. The tools for disks are where an ordinary user's
// PATH does not look.
std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string folders = sentence(path == nullptr ? "/usr/bin:/bin" : path, ":/usr/sbin:/sbin:");
  for (std::size_t end = folders.find(':'); end != std::string::npos; end = folders.find(':')) {
    const std::string candidate = sentence(folders.substr(0, end), '/', name);
    folders.erase(0, end + 1);
    if (candidate.front() == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

// Nameless files instead of pipes: nobody can block on a full pipe.
struct Channels {
  File input{std::tmpfile()};
  File output{std::tmpfile()};
  File errors{std::tmpfile()};
  bool open() const { return input && output && errors; }
};

// 0, or the errno for which the program could not be started.
int start(const std::string& path, const std::vector<std::string>& arguments,
          const Channels& channels, pid_t& pid) {
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), path);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  std::vector<std::string> settings{"LC_ALL=C",
                                    "TZ=UTC",
                                    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                    "MTOOLSRC=/dev/null",
                                    "MTOOLS_SKIP_CHECK=1",
                                    sentence("SOURCE_DATE_EPOCH=", kMediaDate)};
  std::vector<char*> environment;
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.input.get()), 0);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.output.get()), 1);
  posix_spawn_file_actions_adddup2(&actions, fileno(channels.errors.get()), 2);
  const int error =
      posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// The last line that says something.
std::string last_words(const ToolResult& result) {
  std::string text = result.errors.empty() ? result.output : result.errors;
  while (!text.empty() && std::strchr(" \n", text.back()) != nullptr) text.pop_back();
  const std::size_t line = text.rfind('\n');
  if (line != std::string::npos) text.erase(0, line + 1);
  return text.empty() ? "it said nothing" : text;
}

}  // namespace

Status find_tool(const Tool& tool) {
  if (!find_program(tool.program).empty()) return {};
  return fail(kMissingTool, tool.program, " is not on this machine: install the package ",
              tool.package, " (apt-get install ", tool.package, ")");
}

Result<ToolResult> run_tool(const Tool& tool, const std::vector<std::string>& arguments,
                            std::string_view input) {
  if (Status found = find_tool(tool); !found) return pass_on(found);
  const std::string path = find_program(tool.program);
  const Channels channels;
  if (!channels.open()) return fail(errno, "no temporary file can be made for ", tool.program);
  // An empty view may have no address, which fwrite does not take.
  const std::size_t written =
      input.empty() ? 0 : std::fwrite(input.data(), 1, input.size(), channels.input.get());
  if (written != input.size() || std::fflush(channels.input.get()) != 0) {
    return fail(errno, "the input of ", tool.program, " can not be written; is the disk full?");
  }
  std::rewind(channels.input.get());
  pid_t pid = 0;
  if (const int error = start(path, arguments, channels, pid); error != 0) {
    return fail(error, path, " can not be started: ", std::strerror(error));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return fail(EIO, tool.program, " died of signal ", WTERMSIG(status));
  return ToolResult{WEXITSTATUS(status), contents(channels.output.get()),
                    contents(channels.errors.get())};
}

Status run_tool_well(const Tool& tool, const std::vector<std::string>& arguments,
                     std::string_view input) {
  const Result<ToolResult> result = run_tool(tool, arguments, input);
  if (!result) return pass_on(result);
  if (result->exit_status == 0) return {};
  return fail(EIO, tool.program, " failed with status ", result->exit_status, ": ",
              last_words(*result));
}

}  // namespace biotope::runtime
