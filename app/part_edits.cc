#include "app/part_edits.h"

#include <fstream>
#include <utility>

#include "app/part_text.h"

namespace biotope::app {

namespace {

std::string name_of(const Document& document, const PartArguments& a, int index) {
  const Slice* slice = document.table().slice(index);
  // Logical partitions are named beside the extended one that they lie in.
  const std::string base = document.table().beside ? a.on.substr(0, a.on.rfind('s')) : a.on;
  return base + (slice == nullptr ? document.scheme().suffix(index) : slice->suffix);
}

}  // namespace

Result<std::string> add_partition(Document& document, const PartArguments& a) {
  NewPartition wanted;
  wanted.index = a.index;
  wanted.type = a.type;
  wanted.label = a.label;
  wanted.attributes.insert(a.set.begin(), a.set.end());
  const std::pair<const std::string*, std::int64_t*> sizes[] = {
      {&a.start, &wanted.start_bytes},
      {&a.size, &wanted.length_bytes},
      {&a.alignment, &wanted.alignment_bytes},
  };
  constexpr const char* kNames[] = {"--start", "--size", "--align"};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    if (sizes[i].first->empty()) continue;
    const auto bytes = bytes_of(*sizes[i].first, a.sector_size_bytes, kNames[i]);
    if (!bytes) return pass_on(bytes);
    *sizes[i].second = *bytes;
  }
  const Result<int> index = document.add(wanted);
  if (!index) return pass_on(index);
  return name_of(document, a, *index) + " added";
}

Result<std::string> delete_partition(Document& document, const PartArguments& a) {
  const std::string name = name_of(document, a, a.index);
  if (const Status done = document.remove(a.index); !done) return pass_on(done);
  return name + " deleted";
}

Result<std::string> resize_partition(Document& document, const PartArguments& a) {
  std::int64_t length = 0;
  if (!a.size.empty()) {
    const auto bytes = bytes_of(a.size, a.sector_size_bytes, "--size");
    if (!bytes) return pass_on(bytes);
    if (*bytes == 0) return fail(EINVAL, "--size is 0; 'part delete' takes a partition away");
    length = *bytes;
  }
  if (const Status done = document.resize(a.index, length); !done) return pass_on(done);
  return name_of(document, a, a.index) + " resized";
}

Result<std::string> modify_partition(Document& document, const PartArguments& a) {
  Modification change;
  if (!a.type.empty()) change.type = a.type;
  if (a.has_label) change.label = a.label;
  change.set.insert(a.set.begin(), a.set.end());
  change.unset.insert(a.unset.begin(), a.unset.end());
  if (!change.type && !change.label && change.set.empty() && change.unset.empty()) {
    return fail(EINVAL, "nothing is to be modified; say --type, --label, --set or --unset");
  }
  if (const Status done = document.modify(a.index, change); !done) return pass_on(done);
  return name_of(document, a, a.index) + " modified";
}

Result<std::string> write_bootcode(Document& document, const PartArguments& a) {
  // No convention has room for more than this.
  constexpr std::streamsize kMostBytes = 1 << 20;
  std::ifstream file(a.program, std::ios::binary);
  std::string program(kMostBytes + 1, '\0');
  file.read(program.data(), kMostBytes + 1);
  program.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || program.empty() || file.gcount() > kMostBytes) {
    return fail(EINVAL, "the program '", a.program,
                "' can not be read, is empty or is longer than ", kMostBytes, " bytes");
  }
  const Status done = document.boot(std::as_bytes(std::span(program)));
  if (!done) return pass_on(done);
  return "bootcode written to " + a.on;
}

Result<std::string> recover_table(Document& document, const PartArguments& a) {
  if (!document.table().corrupt) return a.on + " needs no recovery";
  if (const Status done = document.recover(); !done) return pass_on(done);
  return a.on + " recovered";
}

Result<std::string> destroy_table(Document& document, const PartArguments& a) {
  if (const Status done = document.erase(a.force); !done) {
    const std::string hint = done.error().code == EBUSY ? "; --force takes them along" : "";
    return fail(done.error().code, done.error().text, hint);
  }
  return a.on + " destroyed";
}

}  // namespace biotope::app
