#include "sim/disk/import/parv_block_reader.h"

#include <fmt/format.h>
#include <cerrno>

namespace biotope::sim {

void ParvBlockReader::refuse(const ParvWhere& where, std::string_view key, std::string_view why) {
  if (!error_) return;
  error_ = fail(EINVAL, where.text(), ": '", key, "' ", why);
}

const ParvValue* ParvBlockReader::find(std::string_view key) {
  asked_.insert(std::string(key));
  const ParvEntry* entry = block_.find(key);
  if (entry != nullptr) return entry->value.get();
  const std::string whose = block_.name.empty() ? block_.type : block_.type + " " + block_.name;
  refuse(block_.where, key, "is missing in " + whose);
  return nullptr;
}

std::int64_t ParvBlockReader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const ParvValue* given = find(key);
  if (given == nullptr) return 0;
  const auto whole = given->integer();
  if (!whole) {
    refuse(given->where, key, "must be a whole number");
  } else if (*whole < least || *whole > most) {
    refuse(given->where, key, fmt::format("is {}; it must be from {} to {}", *whole, least, most));
  } else {
    return *whole;
  }
  return 0;
}

double ParvBlockReader::number(std::string_view key, double least, double most) {
  const ParvValue* given = find(key);
  if (given == nullptr) return 0;
  const auto number = given->number();
  if (!number) {
    refuse(given->where, key, "must be a number, with digits on both sides of its point");
  } else if (!(*number >= least && *number <= most)) {
    refuse(given->where, key, fmt::format("is {}; it must be from {} to {}", *number, least, most));
  } else {
    return *number;
  }
  return 0;
}

std::int64_t ParvBlockReader::time_ns(std::string_view key, double least_ms) {
  return ns_of_ms(number(key, least_ms, 1e6));
}

std::string ParvBlockReader::text(std::string_view key) {
  const ParvValue* given = find(key);
  if (given == nullptr) return {};
  if (given->word() == nullptr) {
    refuse(given->where, key, "must be a word");
    return {};
  }
  return *given->word();
}

const std::vector<ParvValue>* ParvBlockReader::list(std::string_view key) {
  const ParvValue* given = find(key);
  if (given == nullptr) return nullptr;
  if (given->list() == nullptr) refuse(given->where, key, "must be a list");
  return given->list();
}

const ParvBlock* ParvBlockReader::block(std::string_view key) {
  const ParvValue* given = find(key);
  if (given == nullptr) return nullptr;
  if (given->block() == nullptr) refuse(given->where, key, "must be a block");
  return given->block();
}

const ParvValue* ParvBlockReader::value(std::string_view key) { return find(key); }

void ParvBlockReader::note_the_rest() {
  for (const ParvEntry& entry : block_.entries) {
    if (asked_.contains(entry.key)) continue;
    const char* what = known_.contains(entry.key) ? "' is not used" : "' is not known; ignored";
    notes_.push_back(sentence(entry.where.text(), ": '", entry.key, what));
  }
}

}  // namespace biotope::sim
