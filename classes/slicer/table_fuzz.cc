// Mutated tables for the parser of one convention, and changes to what it accepts. The first byte
// of the input says what the medium is like, the rest is what is on it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include BIOTOPE_FUZZ_HEADER
#include "classes/slicer/document.h"
#include "model/check.h"

namespace biotope {
namespace {

const Scheme& scheme() { return BIOTOPE_FUZZ_SCHEME::scheme(); }

struct Medium {
  Properties properties;
  Surroundings where;
  Bytes bytes;  // behind them are zeros
};

Medium medium_of(std::span<const std::byte> input) {
  const auto kind = std::to_integer<unsigned>(input.front());
  constexpr std::int64_t kSectorBytes[] = {512, 512, 2048, 4096};
  Medium medium;
  medium.bytes.assign(input.begin() + 1, input.end());
  medium.properties.sector_size_bytes = kSectorBytes[kind & 3];
  const auto size = static_cast<std::int64_t>(medium.bytes.size());
  const std::int64_t behind = (kind & 4) != 0 ? 1 << 24 : 0;
  const std::int64_t whole = medium.properties.sector_size_bytes;
  medium.properties.media_size_bytes = (size + whole - 1) / whole * whole + behind;
  if (scheme().name() == "EBR") medium.where = {.scheme = "MBR", .type = "0x05", .depth = 1};
  return medium;
}

ReadBytes bytes_of(const Medium& medium) {
  return [&](std::int64_t offset, std::int64_t length) -> Result<Bytes> {
    Bytes bytes(static_cast<std::size_t>(length));
    const auto size = static_cast<std::int64_t>(medium.bytes.size());
    const std::int64_t there = std::clamp<std::int64_t>(size - offset, 0, length);
    std::copy_n(medium.bytes.begin() + std::min(offset, size), there, bytes.begin());
    return bytes;
  };
}

Result<Document> read(const Medium& medium) {
  return read_table(scheme(), medium.where, medium.properties, bytes_of(medium));
}

// What is refused can be taken away, unless it is spread too far.
void take_away(const Medium& medium) {
  const Result<Document> gone =
      Document::wiped(scheme(), medium.where, medium.properties, bytes_of(medium));
  BIOTOPE_CHECK(gone || !gone.error().text.empty(), "a refusal has a reason");
  if (!gone) return;
  Sectors left = gone->sectors();
  const Result<Table> table = scheme().parse(left, medium.where);
  BIOTOPE_CHECK(!table && table.error().code != EINVAL, "what is wiped is no table");
}

// What is accepted can be worked with, and stays as it was when that is refused.
void work_with(Document document) {
  const Table before = document.table();
  BIOTOPE_CHECK(accept(before, document.medium()), "an accepted table keeps to the rules");
  (void)document.add({});
  if (!before.slices.empty()) {
    (void)document.resize(before.slices.front().index, document.medium().sector_size_bytes);
    (void)document.remove(before.slices.back().index);
  }
  (void)document.recover();
  (void)document.steps();
  document.undo();
  BIOTOPE_CHECK(document.table() == before, "undo brings back what was there");
}

void look_at(std::span<const std::byte> input) {
  const Medium medium = medium_of(input);
  const Result<Document> first = read(medium);
  const Result<Document> second = read(medium);
  BIOTOPE_CHECK(first.has_value() == second.has_value(), "the same bytes give the same answer");
  if (!first) {
    BIOTOPE_CHECK(!first.error().text.empty(), "a refusal has a reason");
    if (first.error().code != kNoTable && medium.bytes.size() < 8192) take_away(medium);
    return;
  }
  BIOTOPE_CHECK(first->table() == second->table(), "the same bytes give the same table");
  if ((std::to_integer<unsigned>(input.front()) & 8) != 0) work_with(*first);
}

// A table of our own to start from, as input for medium `kind`; empty where none can be made.
Bytes seed(unsigned kind) {
  Medium medium = medium_of(Bytes(1 + (1 << 18), std::byte(kind)));
  Result<Document> document = Document::create(scheme(), medium.properties, medium.where, {});
  if (!document) return {};
  for (int i = 0; i < 3; ++i) {
    NewPartition wanted;
    wanted.length_bytes = medium.properties.media_size_bytes / 8;
    (void)document->add(wanted);
  }
  Bytes input{std::byte(kind)};
  for (const Step& step : document->steps()) {
    const auto at = static_cast<std::size_t>(step.sector * medium.properties.sector_size_bytes) + 1;
    if (at + step.bytes.size() > (1 << 18)) continue;
    input.resize(std::max(input.size(), at + step.bytes.size()));
    std::ranges::copy(step.bytes, input.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return input;
}

}  // namespace

// Instead of fuzzing: writes the seeds into the folder $BIOTOPE_SEEDS.
int write_seeds(const std::string& folder) {
  for (unsigned kind = 0; kind < 16; ++kind) {
    const Bytes input = seed(kind);
    if (input.empty()) continue;
    std::FILE* file = std::fopen((folder + "/seed" + std::to_string(kind)).c_str(), "wb");
    if (file == nullptr) return 1;
    std::fwrite(input.data(), 1, input.size(), file);
    std::fclose(file);
  }
  return 0;
}

}  // namespace biotope

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("BIOTOPE_SEEDS");
  if (folder != nullptr) std::exit(biotope::write_seeds(folder));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) biotope::look_at(std::as_bytes(std::span(data, size)));
  return 0;
}
