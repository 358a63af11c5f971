#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/import/parv_tree.h"

namespace biotope::sim {

// Takes values out of a block, and remembers which were asked for. The first thing that is wrong
// is kept and all after it are zero: read everything, then look at `error`.
class ParvBlockReader {
 public:
  // `error` and `notes` are shared by the readers of one import; all must outlive the reader.
  ParvBlockReader(const ParvBlock& block, Status& error, std::vector<std::string>& notes)
      : block_(block), error_(error), notes_(notes) {}

  const ParvBlock& block() const { return block_; }
  bool has(std::string_view key) const { return block_.find(key) != nullptr; }

  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
  bool flag(std::string_view key) { return integer(key, 0, 1) != 0; }
  double number(std::string_view key, double least, double most);
  // Milliseconds, given as ns. At most a thousand seconds.
  std::int64_t time_ns(std::string_view key, double least_ms = 0);
  std::string text(std::string_view key);
  // Null when it is missing or something else.
  const std::vector<ParvValue>* list(std::string_view key);
  const ParvBlock* block(std::string_view key);
  const ParvValue* value(std::string_view key);

  // Known, and without effect here.
  void pass_over(std::initializer_list<std::string_view> keys) {
    known_.insert(keys.begin(), keys.end());
  }
  // Notes every key that was neither asked for nor passed over, and those passed over.
  void note_the_rest();
  void refuse(const ParvWhere& where, std::string_view key, std::string_view why);

 private:
  const ParvValue* find(std::string_view key);

  const ParvBlock& block_;
  Status& error_;
  std::vector<std::string>& notes_;
  std::set<std::string, std::less<>> asked_;
  std::set<std::string, std::less<>> known_;
};

// A number of milliseconds in whole ns.
inline std::int64_t ns_of_ms(double ms) { return std::llround(ms * 1e6); }

}  // namespace biotope::sim
