#include "sim/disk/import/parv_lexer.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace biotope::sim {
namespace {

constexpr int kDeepest = 32;
constexpr std::uintmax_t kMostBytes = 64 << 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_mark(char c) { return std::string_view("{}[],=").find(c) != std::string_view::npos; }
bool is_illegal(char c) { return c == ';' || c == '?' || c == ':' || c == '\0'; }
bool ends_word(char c) { return is_blank(c) || c == '\f' || is_mark(c) || is_illegal(c); }

class Lexer {
 public:
  Status read(const std::filesystem::path& path, int depth) {
    if (depth > kDeepest) {
      return fail(ELOOP, path.string(), ": files are sourced more than ", kDeepest,
                  " deep; one of them sources itself");
    }
    const auto text = read_text_file(path);
    if (!text) return pass_on(text);
    read_ += text->size();
    if (read_ > kMostBytes) return fail(EFBIG, path.string(), ": more than 64 MB are sourced");
    return split(*text, path, depth);
  }

  std::vector<ParvToken> take() { return std::move(tokens_); }

 private:
  Status split(const std::string& text, const std::filesystem::path& path, int depth) {
    const std::string file = path.filename().string();
    int line = 1;
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at];
      const ParvWhere where{file, line};
      if (c == '\n') ++line;
      if (is_blank(c) || c == '\f') {
        ++at;
      } else if (c == '#') {
        at = std::min(text.find('\n', at), text.size());
      } else if (is_illegal(c)) {
        return fail(EINVAL, where.text(), ": '", c, "' has no meaning in a file of parameters");
      } else if (is_mark(c)) {
        tokens_.push_back({ParvToken::Kind::mark, std::string(1, c), where});
        ++at;
      } else {
        const std::size_t begin = at;
        while (at < text.size() && !ends_word(text[at])) ++at;
        tokens_.push_back({ParvToken::Kind::word, text.substr(begin, at - begin), where});
        if (const Status status = source_after_word(path, depth); !status) return status;
      }
    }
    return {};
  }

  // `source FILE` is replaced as soon as both words are there.
  Status source_after_word(const std::filesystem::path& path, int depth) {
    if (tokens_.size() < 2 || !tokens_[tokens_.size() - 2].is_word("source")) return {};
    const ParvToken name = tokens_.back();
    tokens_.resize(tokens_.size() - 2);
    const std::filesystem::path file = find_parv_file(name.text, path.parent_path());
    if (file.empty()) {
      return fail(ENOENT, name.where.text(), ": there is no file '", name.text,
                  "' beside this one or in the folders of LP_PATH");
    }
    return read(file, depth + 1);
  }

  std::vector<ParvToken> tokens_;
  std::uintmax_t read_ = 0;
};

}  // namespace

std::filesystem::path find_parv_file(const std::string& name, const std::filesystem::path& beside) {
  std::error_code ignored;
  if (std::filesystem::exists(beside / name, ignored)) return beside / name;
  const char* folders = std::getenv("LP_PATH");
  std::string_view left = folders == nullptr ? "" : folders;
  while (!left.empty()) {
    const std::string_view folder = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(left.size(), folder.size() + 1));
    const std::filesystem::path path = std::filesystem::path(folder) / name;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

Result<std::string> read_text_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    return fail(EISDIR, path.string(), " is a folder; a file is wanted");
  }
  const std::uintmax_t size =
      std::filesystem::is_regular_file(status) ? std::filesystem::file_size(path, error) : 0;
  if (!error && size > kMostBytes) {
    return fail(EFBIG, path.string(), " has ", static_cast<std::int64_t>(size),
                " bytes; at most 64 MB are read");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int code = errno != 0 ? errno : EIO;
    return fail(code, path.string(), " can not be read: ", std::strerror(code));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::vector<ParvToken>> read_parv_tokens(const std::filesystem::path& path) {
  Lexer lexer;
  if (const Status status = lexer.read(path, 0); !status) return pass_on(status);
  std::vector<ParvToken> tokens = lexer.take();
  ParvWhere where{path.filename().string(), 0};
  if (!tokens.empty()) where = tokens.back().where;
  tokens.push_back({ParvToken::Kind::end, "the end of the file", where});
  return tokens;
}

}  // namespace biotope::sim
