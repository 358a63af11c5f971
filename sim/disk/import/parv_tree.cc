#include "sim/disk/import/parv_tree.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace biotope::sim {

const ParvEntry* ParvBlock::find(std::string_view key) const {
  for (const ParvEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

const ParvBlock* ParvValue::block() const {
  const auto* held = std::get_if<std::shared_ptr<ParvBlock>>(&what);
  return held == nullptr ? nullptr : held->get();
}

const ParvBlock* ParvFile::block(std::string_view name) const {
  for (const auto& block : blocks) {
    if (block->name == name) return block.get();
  }
  return nullptr;
}

const ParvBlock* ParvFile::block_of_instance(std::string_view instance) const {
  for (const Instance& made : instances) {
    if (made.name == instance) return block(made.of);
  }
  return nullptr;
}

// --- numbers ------------------------------------------------------------------------------------

std::optional<std::int64_t> ParvValue::integer() const {
  const std::string* text = word();
  if (text == nullptr) return std::nullopt;
  const bool negative = text->starts_with('-');
  std::string_view digits = std::string_view(*text).substr(negative ? 1 : 0);
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
  if (error != std::errc() || at != end || digits.starts_with('-')) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> ParvValue::number() const {
  if (const auto whole = integer()) return static_cast<double>(*whole);
  const std::string* text = word();
  if (text == nullptr) return std::nullopt;
  const auto dot = text->find('.');
  const auto is_digit = [&](std::size_t at) {
    return at < text->size() && (*text)[at] >= '0' && (*text)[at] <= '9';
  };
  const bool has_form =
      dot != std::string::npos && dot > 0 && is_digit(dot - 1) && is_digit(dot + 1);
  double value = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, value, std::chars_format::general);
  if (!has_form || error != std::errc() || at != end) return std::nullopt;
  return value;
}

// --- the grammar --------------------------------------------------------------------------------

namespace {

constexpr int kDeepestNesting = 64;
constexpr std::int64_t kLongestRange = 1 << 16;

class Parser {
 public:
  explicit Parser(std::vector<ParvToken> tokens) : tokens_(std::move(tokens)) {}

  Result<ParvFile> file() {
    while (peek().kind != ParvToken::Kind::end) {
      if (const Status status = statement(); !status) return pass_on(status);
    }
    return std::move(file_);
  }

 private:
  const ParvToken& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const ParvToken& next() {
    const ParvToken& token = peek();
    if (token.kind != ParvToken::Kind::end) ++at_;
    return token;
  }
  tl::unexpected<Error> unexpected(std::string_view wanted) const {
    return fail(EINVAL, peek().where.text(), ": found ",
                peek().kind == ParvToken::Kind::end ? "" : "'", peek().text,
                peek().kind == ParvToken::Kind::end ? "" : "'", " where ", wanted, " should stand");
  }
  Status expect(std::string_view mark) {
    if (!peek().is(mark)) return unexpected(sentence("'", mark, "'"));
    next();
    return {};
  }
  Result<std::string> word(std::string_view wanted) {
    if (peek().kind != ParvToken::Kind::word) return unexpected(wanted);
    return next().text;
  }

  Status statement();
  Status instantiate();
  Result<ParvNode> node(int depth);
  Result<std::vector<std::string>> names();
  Result<ParvValue> value(int depth);
  Result<ParvValue> list(int depth);
  Status range(std::vector<std::string>& names, const std::string& last, const ParvWhere& where);
  Result<std::shared_ptr<ParvBlock>> block(int depth);
  Status entry(ParvBlock& block, int depth);
  Result<std::string> key();
  void inherit(ParvBlock& block) const;
  void define(std::shared_ptr<ParvBlock> block);

  std::vector<ParvToken> tokens_;
  std::size_t at_ = 0;
  ParvFile file_;
};

Status Parser::statement() {
  if (peek().is_word("instantiate")) return instantiate();
  if (peek().is_word("topology")) {
    next();
    auto tree = node(0);
    if (!tree) return pass_on(tree);
    file_.topology = *std::move(tree);
    return {};
  }
  auto made = block(0);
  if (!made) return pass_on(made);
  if ((*made)->name.empty()) {
    return fail(EINVAL, (*made)->where.text(), ": a ", (*made)->type, " without a name");
  }
  return {};
}

void Parser::define(std::shared_ptr<ParvBlock> block) {
  if (block->name.empty()) return;
  if (file_.block(block->name) != nullptr) {
    file_.notes.push_back(
        sentence(block->where.text(), ": '", block->name, "' is defined already; ignored"));
    return;
  }
  file_.blocks.push_back(std::move(block));
}

Status Parser::instantiate() {
  next();
  const auto made = names();
  if (!made) return pass_on(made);
  if (!peek().is_word("as")) return unexpected("'as'");
  next();
  const auto of = word("the name of a definition");
  if (!of) return pass_on(of);
  for (const std::string& name : *made) file_.instances.push_back({name, *of});
  return {};
}

Result<ParvNode> Parser::node(int depth) {
  if (depth > kDeepestNesting) return fail(EINVAL, peek().where.text(), ": nested too deep");
  ParvNode made;
  auto type = word("a type");
  if (!type) return pass_on(type);
  auto name = word("a name");
  if (!name) return pass_on(name);
  made.type = *type;
  made.name = *name;
  if (const Status open = expect("["); !open) return pass_on(open);
  while (!peek().is("]")) {
    auto child = node(depth + 1);
    if (!child) return child;
    made.children.push_back(*std::move(child));
    if (peek().is(",")) next();
  }
  next();
  return made;
}

Result<std::vector<std::string>> Parser::names() {
  const auto all = list(0);
  if (!all) return pass_on(all);
  std::vector<std::string> names;
  for (const ParvValue& one : *all->list()) {
    if (one.word() == nullptr) return fail(EINVAL, one.where.text(), ": a name is wanted here");
    names.push_back(*one.word());
  }
  return names;
}

Result<ParvValue> Parser::value(int depth) {
  if (depth > kDeepestNesting) return fail(EINVAL, peek().where.text(), ": nested too deep");
  const ParvWhere where = peek().where;
  if (peek().is("[")) return list(depth);
  const bool is_block =
      peek(1).is("{") || (peek(1).kind == ParvToken::Kind::word && peek(2).is("{"));
  if (peek().kind == ParvToken::Kind::word && is_block) {
    auto made = block(depth);
    if (!made) return pass_on(made);
    return ParvValue{where, *std::move(made)};
  }
  auto text = word("a value");
  if (!text) return pass_on(text);
  return ParvValue{where, *std::move(text)};
}

// Adds what lies between the last name and `last`: disk0 .. disk3.
Status Parser::range(std::vector<std::string>& names, const std::string& last,
                     const ParvWhere& where) {
  const auto split = [](const std::string& name) {
    const auto stem = name.find_last_not_of("0123456789") + 1;
    std::int64_t number = -1;
    std::from_chars(name.data() + stem, name.data() + name.size(), number);
    return std::pair(name.substr(0, stem), number);
  };
  const auto [from_stem, from] =
      names.empty() ? std::pair(std::string(), std::int64_t{-1}) : split(names.back());
  const auto [to_stem, to] = split(last);
  if (from < 0 || from_stem != to_stem || to < from || to - from > kLongestRange) {
    return fail(EINVAL, where.text(),
                ": a range goes from a name to one that differs only in a "
                "higher number at its end");
  }
  for (std::int64_t n = from + 1; n <= to; ++n) names.push_back(from_stem + std::to_string(n));
  return {};
}

Result<ParvValue> Parser::list(int depth) {
  ParvValue made{peek().where, std::vector<ParvValue>()};
  if (const Status open = expect("["); !open) return pass_on(open);
  auto& values = std::get<std::vector<ParvValue>>(made.what);
  while (!peek().is("]")) {
    if (peek().is_word("..")) {
      next();
      const ParvWhere where = peek().where;
      const auto last = word("the last name of a range");
      if (!last) return pass_on(last);
      std::vector<std::string> names;
      if (!values.empty() && values.back().word() != nullptr)
        names.push_back(*values.back().word());
      if (const Status added = range(names, *last, where); !added) return pass_on(added);
      for (std::size_t i = 1; i < names.size(); ++i) values.push_back({where, names[i]});
    } else {
      auto one = value(depth + 1);
      if (!one) return one;
      values.push_back(*std::move(one));
    }
    if (peek().is(",")) {
      next();
    } else if (!peek().is("]") && !peek().is_word("..")) {
      return unexpected("',' or ']'");
    }
  }
  next();
  return made;
}

Result<std::shared_ptr<ParvBlock>> Parser::block(int depth) {
  auto made = std::make_shared<ParvBlock>();
  made->where = peek().where;
  auto type = word("a type");
  if (!type) return pass_on(type);
  made->type = *type;
  if (peek().kind == ParvToken::Kind::word) made->name = next().text;
  if (const Status open = expect("{"); !open) return pass_on(open);
  if (peek().is(",")) next();
  while (!peek().is("}")) {
    if (const Status status = entry(*made, depth); !status) return pass_on(status);
    if (peek().is(",")) {
      next();
    } else if (!peek().is("}")) {
      return unexpected("',' or '}'");
    }
  }
  next();
  inherit(*made);
  define(made);
  return made;
}

Result<std::string> Parser::key() {
  std::string key;
  while (peek().kind == ParvToken::Kind::word) {
    key += (key.empty() ? "" : " ") + next().text;
  }
  if (key.empty()) return unexpected("a key");
  return key;
}

Status Parser::entry(ParvBlock& block, int depth) {
  const ParvWhere where = peek().where;
  std::vector<std::string> keys;
  if (peek().is("[")) {
    next();
    while (!peek().is("]")) {
      auto one = key();
      if (!one) return pass_on(one);
      keys.push_back(*std::move(one));
      if (peek().is(",")) next();
    }
    next();
  } else {
    auto one = key();
    if (!one) return pass_on(one);
    keys.push_back(*std::move(one));
  }
  if (const Status equals = expect("="); !equals) return equals;
  auto given = value(depth + 1);
  if (!given) return pass_on(given);
  const auto shared = std::make_shared<ParvValue>(*std::move(given));
  for (const std::string& one : keys) {
    if (const ParvEntry* before = block.find(one); before != nullptr) {
      return fail(EINVAL, where.text(), ": '", one, "' is set a second time, after ",
                  before->where.text());
    }
    block.entries.push_back({one, where, shared});
  }
  return {};
}

// A type that is the name of an earlier block: what is not set is taken from that one.
void Parser::inherit(ParvBlock& block) const {
  const ParvBlock* parent = file_.block(block.type);
  if (parent == nullptr) return;
  block.type = parent->type;
  for (const ParvEntry& entry : parent->entries) {
    if (block.find(entry.key) == nullptr) block.entries.push_back(entry);
  }
}

}  // namespace

Result<ParvFile> read_parv(const std::filesystem::path& path) {
  auto tokens = read_parv_tokens(path);
  if (!tokens) return pass_on(tokens);
  return Parser(*std::move(tokens)).file();
}

}  // namespace biotope::sim
