#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/disk/import/parv_lexer.h"

namespace biotope::sim {

struct ParvBlock;
struct ParvValue;

// One `key = value` of a block.
struct ParvEntry {
  std::string key;  // its words joined by one blank
  ParvWhere where;
  std::shared_ptr<ParvValue> value;
};

// `TYPE NAME { ... }`, or `TYPE { ... }` without a name.
struct ParvBlock {
  std::string type;
  std::string name;
  ParvWhere where;
  std::vector<ParvEntry> entries;

  const ParvEntry* find(std::string_view key) const;
};

// A number is kept as it was written: which kinds there are depends on who reads it.
struct ParvValue {
  ParvWhere where;
  std::variant<std::string, std::vector<ParvValue>, std::shared_ptr<ParvBlock>> what;

  const std::string* word() const { return std::get_if<std::string>(&what); }
  const std::vector<ParvValue>* list() const { return std::get_if<std::vector<ParvValue>>(&what); }
  const ParvBlock* block() const;
  // Integers, also hexadecimal ones, and decimals of the form digits.digits with an exponent or
  // not.
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;
};

// `TYPE NAME [ children ]` of the topology.
struct ParvNode {
  std::string type;
  std::string name;
  std::vector<ParvNode> children;
};

// A file of parameters with all it sources: what is defined, what of it exists, and how that hangs
// together.
struct ParvFile {
  std::vector<std::shared_ptr<ParvBlock>> blocks;
  struct Instance {
    std::string name;
    std::string of;  // the block's name
  };
  std::vector<Instance> instances;
  std::optional<ParvNode> topology;
  std::vector<std::string> notes;  // what was passed over, with its place

  const ParvBlock* block(std::string_view name) const;
  const ParvBlock* block_of_instance(std::string_view instance) const;
};

// Errors: as of read_parv_tokens(); EINVAL where the text breaks the rules of its form.
Result<ParvFile> read_parv(const std::filesystem::path& path);

}  // namespace biotope::sim
