#include "classes/dust/dust.h"

#include <charconv>

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "bad",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "the bad sectors: numbers and ranges, as in 5,16-31"},
    {.name = "enabled",
     .kind = Parameter::Kind::boolean,
     .fallback = true,
     .help = "whether the list matters"},
    {.name = "heals",
     .kind = Parameter::Kind::boolean,
     .fallback = true,
     .help = "a write makes a bad sector good; otherwise it fails as well"},
};

// A number at the start of `text`, which is then shorter by it; -1 when there is none.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = -1;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || number < 0) return -1;
  text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
  return number;
}

}  // namespace

Dust::Dust(Mesh& mesh, const Class& cls, const Creation& creation)
    : Through(mesh, cls, creation),
      enabled_(values().boolean("enabled")),
      heals_(values().boolean("heals")) {
  if (Result<Runs> runs = parsed(*this, values().text("bad"))) bad_ = std::move(*runs);
}

Result<Dust::Runs> Dust::parsed(const Geom& geom, const std::string& list) {
  Runs runs;
  std::string_view left = list;
  while (!left.empty()) {
    const std::int64_t first = take_number(left);
    std::int64_t last = first;
    if (left.starts_with('-')) {
      left.remove_prefix(1);
      last = take_number(left);
    }
    const bool more = left.size() > 1 && left.front() == ',';
    if (first < 0 || last < first || last == INT64_MAX || (!left.empty() && !more)) {
      return fail(EINVAL, geom.title(), ": 'bad' is '", list,
                  "'; it must be numbers and ranges of sectors, as in 5,16-31");
    }
    if (more) left.remove_prefix(1);
    runs += Run(first, last + 1);
  }
  return runs;
}

Result<Properties> Dust::offered(const Properties& below, const std::string& name) const {
  const Result<Runs> runs = parsed(*this, values().text("bad"));
  if (!runs) return pass_on(runs);
  if (!runs->empty() && boost::icl::last(*runs) >= below.sector_count()) {
    return fail(EINVAL, title(), ": sector ", boost::icl::last(*runs), " is not on ", name,
                ", which has ", below.sector_count());
  }
  return below;
}

Dust::Run Dust::run_of(const Bio& bio) const {
  const std::int64_t size = providers().front().sector_size_bytes();
  return Run(bio.position_bytes / size, (bio.position_bytes + bio.length_bytes) / size);
}

Verdict Dust::start(Bio& bio, Provider&) {
  if (!enabled_ || bad_.empty() || !has_range(bio.command)) return pass();
  if (!boost::icl::intersects(bad_, run_of(bio))) return pass();
  if (bio.command == Command::write && heals_) {
    bio.driver1 = this;
    return pass_and_hear(bio, &Dust::write_done);
  }
  // What is given up need not be readable, and giving it up makes nothing good.
  if (bio.command == Command::remove) return pass();
  ++refused_;
  return Verdict::done(EIO);
}

void Dust::write_done(Bio& part) {
  Bio& bio = *part.parent;
  auto& self = *static_cast<Dust*>(bio.driver1);
  if (part.error == 0) {
    const std::int64_t before = self.bad_count();
    self.bad_ -= self.run_of(bio);
    self.healed_ += before - self.bad_count();
  }
  Children::part_done(part);
}

Result<Dust::Run> Dust::checked(std::int64_t first, std::int64_t count) const {
  const std::int64_t all = providers().front().properties().sector_count();
  if (first >= 0 && count >= 1 && first < all && count <= all - first) {
    return Run(first, first + count);
  }
  return fail(EINVAL, title(), ": ", count, " sectors from ", first, " on are not on it; it has ",
              all);
}

Status Dust::add_bad(std::int64_t first, std::int64_t count) {
  const Result<Run> run = checked(first, count);
  if (!run) return pass_on(run);
  bad_ += *run;
  return {};
}

Status Dust::remove_bad(std::int64_t first, std::int64_t count) {
  const Result<Run> run = checked(first, count);
  if (!run) return pass_on(run);
  bad_ -= *run;
  return {};
}

bool Dust::is_bad(std::int64_t sector) const { return boost::icl::contains(bad_, sector); }

std::int64_t Dust::bad_count() const { return boost::icl::cardinality(bad_); }

// With the list as it is now.
std::string Dust::recipe() const {
  std::string list;
  for (const Run& run : bad_) {
    const std::int64_t last = run.upper() - 1;
    list += sentence(list.empty() ? "" : ",", run.lower());
    if (last > run.lower()) list += sentence('-', last);
  }
  Values now = values();
  now.set("bad", std::move(list));
  now.set("enabled", enabled_);
  return recipe_of(*this, now);
}

std::string Dust::status() const {
  return sentence(enabled_ ? "" : "disabled; ", bad_count(), " bad sectors, ", refused_,
                  " requests refused, ", healed_, " sectors healed");
}

std::span<const Parameter> DustClass::parameters() const { return kParameters; }

Result<Geom*> DustClass::create(Mesh& mesh, const Creation& creation) {
  return create_through<Dust>(mesh, *this, creation);
}

}  // namespace biotope
