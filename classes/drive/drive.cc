#include "classes/drive/drive.h"

#include <algorithm>

#include "model/text.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "subdisks",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "its pieces, in bytes: NAME@START+LENGTH, with spaces between"},
};

Result<Subdisk> subdisk_of(const std::string& title, std::string_view word) {
  const std::size_t at = word.find('@');
  const std::size_t plus = word.find('+', at == word.npos ? 0 : at);
  const auto number = [&](std::size_t from, std::size_t to) {
    const bool there = at != word.npos && at != 0 && plus != word.npos;
    return there ? whole_number<std::int64_t>(word.substr(from, to - from)) : std::nullopt;
  };
  const auto start = number(at + 1, plus);
  const auto length = number(plus + 1, word.size());
  if (!start || !length || *start < 0 || *length < 0) {
    return fail(EINVAL, title, ": a subdisk is NAME@START+LENGTH, not '", word, "'");
  }
  return Subdisk{std::string(word.substr(0, at)), *start, *length};
}

Result<std::vector<Subdisk>> subdisks_of(const std::string& title, std::string_view text) {
  std::vector<Subdisk> all;
  for (const std::string_view word : words_of(text)) {
    const Result<Subdisk> one = subdisk_of(title, word);
    if (!one) return pass_on(one);
    all.push_back(*one);
  }
  if (all.empty()) return fail(EINVAL, title, " needs subdisks: NAME@START+LENGTH ...");
  return all;
}

// EINVAL when two of them share bytes.
Status apart(const std::string& title, std::vector<Subdisk> subdisks) {
  std::ranges::sort(subdisks, {}, &Subdisk::start_bytes);
  for (std::size_t i = 1; i < subdisks.size(); ++i) {
    const Subdisk& before = subdisks[i - 1];
    if (subdisks[i].start_bytes - before.start_bytes >= before.length_bytes) continue;
    return fail(EINVAL, title, ": ", before.name, " and ", subdisks[i].name, " share bytes");
  }
  return {};
}

}  // namespace

std::string text_of(const std::vector<Subdisk>& subdisks) {
  std::string text;
  for (const Subdisk& one : subdisks) {
    if (!text.empty()) text += ' ';
    text += sentence(one.name, '@', one.start_bytes, '+', one.length_bytes);
  }
  return text;
}

Drive::Drive(Mesh& mesh, const Class& cls, const Creation& creation, std::vector<Subdisk> subdisks)
    : Geom(mesh, cls, creation.name), values_(creation.values), subdisks_(std::move(subdisks)) {}

Verdict Drive::start(Bio& bio, Provider& provider) {
  bio.shift(subdisks_[provider.index].start_bytes);
  return Verdict::remapped(consumers().front());
}

Status Drive::fits(const Subdisk& one, const Provider& disk) const {
  const std::int64_t sector = disk.sector_size_bytes();
  if (one.length_bytes == 0 || one.start_bytes % sector != 0 || one.length_bytes % sector != 0) {
    return fail(EINVAL, title(), ": ", one.name, ", ", one.length_bytes, " bytes from ",
                one.start_bytes, ", is no whole number of sectors of ", sector);
  }
  if (one.start_bytes > disk.media_size_bytes() ||
      one.length_bytes > disk.media_size_bytes() - one.start_bytes) {
    return fail(EINVAL, title(), ": ", one.name, ", ", one.length_bytes, " bytes from ",
                one.start_bytes, ", is not within ", disk.name(), " of ", disk.media_size_bytes());
  }
  return {};
}

Status Drive::stand_on(Provider& disk) {
  Status fine = apart(title(), subdisks_);
  for (const Subdisk& one : subdisks_) {
    if (fine) fine = fits(one, disk);
  }
  if (!fine) return fine;
  if (const auto edge = mesh().new_consumer(*this, disk); !edge) return pass_on(edge);
  for (std::size_t i = 0; i < subdisks_.size(); ++i) {
    const Result<Provider*> piece = mesh().new_provider(
        *this, sentence(name(), '/', subdisks_[i].name),
        part_of(disk.properties(), subdisks_[i].start_bytes, subdisks_[i].length_bytes));
    if (!piece) return pass_on(piece);
    (*piece)->index = i;
    mesh().publish(**piece);
  }
  return {};
}

bool Drive::resized(Consumer& consumer) {
  return std::ranges::all_of(subdisks_, [&](const Subdisk& one) {
    return one.start_bytes + one.length_bytes <= consumer.provider()->media_size_bytes();
  });
}

Properties Drive::derive(const Provider& own) const {
  const Consumer& below = consumers().front();
  if (below.provider() == nullptr) return own.properties();
  const Subdisk& one = subdisks_[own.index];
  return part_of(below.provider()->properties(), one.start_bytes, one.length_bytes);
}

std::string Drive::about(const Provider& own) const {
  const Subdisk& one = subdisks_[own.index];
  return sentence("subdisk of ", name(), ", ", one.length_bytes, " bytes from ", one.start_bytes);
}

std::span<const Parameter> DriveClass::parameters() const { return kParameters; }

Result<Geom*> DriveClass::create(Mesh& mesh, const Creation& creation) {
  const std::string title = sentence(name(), ' ', creation.name);
  if (creation.below.size() != 1) {
    return fail(EINVAL, title, " stands on one disk, not on ", creation.below.size());
  }
  Result<std::vector<Subdisk>> subdisks = subdisks_of(title, creation.values.text("subdisks"));
  if (!subdisks) return pass_on(subdisks);
  auto& drive = static_cast<Drive&>(
      mesh.add(std::make_unique<Drive>(mesh, *this, creation, std::move(*subdisks))));
  const Status done = drive.stand_on(*creation.below.front());
  if (done) return &drive;
  mesh.wither(drive);
  return pass_on(done);
}

}  // namespace biotope
