#include "classes/log_writes/log_writes.h"

#include <algorithm>

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "limit",
     .unit = "bytes",
     .fallback = std::int64_t{1} << 30,
     .help = "how much data is remembered; writes beyond that fail with ENOSPC"},
};

bool is_logged(Command c) {
  return c == Command::write || c == Command::remove || c == Command::format || c == Command::flush;
}

}  // namespace

LogWrites::LogWrites(Mesh& mesh, const Class& cls, const Creation& creation)
    : Through(mesh, cls, creation), limit_bytes_(values().integer("limit")) {}

Verdict LogWrites::start(Bio& bio, Provider&) {
  if (!is_logged(bio.command)) return pass();
  if (bio.command == Command::write && bio.length_bytes > limit_bytes_ - held_bytes_) {
    return Verdict::done(ENOSPC);
  }
  bio.driver1 = this;
  bio.driver2 = reinterpret_cast<void*>(log_.size());
  const Verdict verdict = pass_and_hear(bio, &LogWrites::part_done);
  if (verdict.is_held() && bio.command == Command::write) held_bytes_ += bio.length_bytes;
  return verdict;
}

void LogWrites::part_done(Bio& part) {
  auto& self = *static_cast<LogWrites*>(part.parent->driver1);
  if (part.error == 0) {
    self.remember(*part.parent);
  } else if (part.command == Command::write) {
    self.held_bytes_ -= part.length_bytes;
  }
  Children::part_done(part);
}

void LogWrites::remember(const Bio& bio) {
  Entry& entry = log_.emplace_back();
  entry.command = bio.command;
  entry.ordered = (bio.flags & kBioOrdered) != 0;
  entry.force_unit_access = (bio.flags & kBioForceUnitAccess) != 0;
  entry.offset_bytes = has_range(bio.command) ? bio.position_bytes : 0;
  entry.length_bytes = has_range(bio.command) ? bio.length_bytes : 0;
  entry.issued_after = reinterpret_cast<std::size_t>(bio.driver2);
  if (bio.command != Command::write) return;
  entry.data.resize(static_cast<std::size_t>(bio.length_bytes));
  bio.data.copy_out(entry.data);
}

void LogWrites::mark(std::string text) {
  Entry& entry = log_.emplace_back();
  entry.issued_after = log_.size() - 1;
  entry.text = std::move(text);
}

Result<std::size_t> LogWrites::find_mark(std::string_view text) const {
  const auto found = std::ranges::find_if(
      log_, [&](const Entry& e) { return e.command == Command{} && e.text == text; });
  if (found == log_.end()) return fail(ENOENT, title(), " has no mark '", text, "' in its log");
  return static_cast<std::size_t>(found - log_.begin());
}

Status LogWrites::fits(std::int64_t media_size_bytes, std::size_t count) const {
  if (count > log_.size()) {
    return fail(EINVAL, title(), " has ", log_.size(), " entries, not ", count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& e = log_[i];
    if (e.offset_bytes + e.length_bytes <= media_size_bytes) continue;
    return fail(EINVAL, title(), ": entry ", i, " ends at ", e.offset_bytes + e.length_bytes,
                ", beyond the ", media_size_bytes, " bytes it is to be replayed on");
  }
  return {};
}

Status LogWrites::replay(std::span<std::byte> medium, std::size_t count) const {
  const auto size = static_cast<std::int64_t>(medium.size());
  if (Status fine = fits(size, count); !fine) return fine;
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& e = log_[i];
    const auto place = medium.subspan(static_cast<std::size_t>(e.offset_bytes),
                                      static_cast<std::size_t>(e.length_bytes));
    if (e.command == Command::write) {
      std::ranges::copy(e.data, place.begin());
    } else {
      std::ranges::fill(place, std::byte{0});
    }
  }
  return {};
}

Task<Status> LogWrites::replay(Consumer& edge, std::size_t count) const {
  Status fine = fits(edge.provider()->media_size_bytes(), count);
  for (std::size_t i = 0; i < count && fine; ++i) {
    const Entry& e = log_[i];
    if (e.command == Command::write) fine = co_await write(edge, e.offset_bytes, e.data);
    if (e.command == Command::remove) fine = co_await remove(edge, e.offset_bytes, e.length_bytes);
    if (e.command == Command::flush) fine = co_await flush(edge);
  }
  co_return fine;
}

std::string LogWrites::status() const {
  return sentence(log_.size(), " entries, ", held_bytes_, " of ", limit_bytes_, " bytes");
}

std::span<const Parameter> LogWritesClass::parameters() const { return kParameters; }

Result<Geom*> LogWritesClass::create(Mesh& mesh, const Creation& creation) {
  return create_through<LogWrites>(mesh, *this, creation);
}

}  // namespace biotope
