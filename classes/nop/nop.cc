#include "classes/nop/nop.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "model/control_io.h"

namespace biotope {

namespace {

constexpr const char* kInherit = "inherit";
constexpr std::int64_t kMaxSector_bytes = std::int64_t{1} << 20;

const Parameter kParameters[] = {
    {.name = "offset",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "where the window begins; a multiple of the sector size"},
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "how long the window is; 0 for all there is, also when that changes"},
    {.name = "sector_size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .max = kMaxSector_bytes,
     .help = "what a sector is; a multiple of the sector below; 0 for the same"},
    {.name = "stripe_size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "the natural boundary; 0 for that below"},
    {.name = "stripe_offset",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "where byte 0 lies inside a stripe of that size"},
    {.name = "physpath",
     .kind = Parameter::Kind::text,
     .fallback = std::string(kInherit),
     .help = "the physical path it tells; 'inherit' for that below"},
    {.name = "error",
     .fallback = std::int64_t{EIO},
     .min = 1,
     .max = 133,
     .help = "the errno of what fails; not ENOMEM, which only means later"},
    {.name = "read_fail_percent",
     .fallback = std::int64_t{0},
     .max = 100,
     .help = "how many READs fail"},
    {.name = "write_fail_percent",
     .fallback = std::int64_t{0},
     .max = 100,
     .help = "how many WRITEs fail"},
    {.name = "count_until_fail",
     .fallback = std::int64_t{0},
     .help = "after so many READs and WRITEs all of them fail; 0 for never"},
    {.name = "delay", .unit = "ns", .fallback = std::int64_t{0}, .help = "how long some wait"},
    {.name = "read_delay_percent",
     .fallback = std::int64_t{0},
     .max = 100,
     .help = "how many READs wait"},
    {.name = "write_delay_percent",
     .fallback = std::int64_t{0},
     .max = 100,
     .help = "how many WRITEs wait"},
    {.name = "seed", .fallback = std::int64_t{0}, .help = "of what is random"},
};

// The knobs that say how it troubles, not what it is like.
constexpr std::array<std::string_view, 7> kConfigurable{
    "error", "read_fail_percent",  "write_fail_percent", "count_until_fail",
    "delay", "read_delay_percent", "write_delay_percent"};

RandomStream stream(const Nop& nop, const Values& values, std::string_view what) {
  return {static_cast<std::uint64_t>(values.integer("seed")), sentence(nop.title(), ' ', what)};
}

bool happens(std::int64_t percent, RandomStream& stream) {
  return percent > 0 && stream.between(0, 99) < percent;
}

}  // namespace

bool Nop::Knobs::idle() const {
  return read_fail_percent == 0 && write_fail_percent == 0 && count_until_fail == 0 &&
         (delay_ns == 0 || (read_delay_percent == 0 && write_delay_percent == 0));
}

Nop::Knobs Nop::knobs_of(const Values& values) {
  return {.error = static_cast<int>(values.integer("error")),
          .read_fail_percent = values.integer("read_fail_percent"),
          .write_fail_percent = values.integer("write_fail_percent"),
          .count_until_fail = values.integer("count_until_fail"),
          .delay_ns = values.integer("delay"),
          .read_delay_percent = values.integer("read_delay_percent"),
          .write_delay_percent = values.integer("write_delay_percent")};
}

Nop::Nop(Mesh& mesh, const Class& cls, const Creation& creation)
    : Through(mesh, cls, creation),
      offset_bytes_(values().integer("offset")),
      other_path_(values().text("physpath") != kInherit),
      failing_reads_(stream(*this, values(), "failing reads")),
      failing_writes_(stream(*this, values(), "failing writes")),
      waiting_reads_(stream(*this, values(), "waiting reads")),
      waiting_writes_(stream(*this, values(), "waiting writes")),
      later_(mesh.executor()) {
  turn(knobs_of(values()));
}

void Nop::turn(const Knobs& knobs) {
  knobs_ = knobs;
  meddles_ = other_path_ || !knobs.idle();
}

Status Nop::configure(const Values& given) {
  for (const auto& [name, value] : given.all()) {
    if (std::ranges::find(kConfigurable, name) != kConfigurable.end()) continue;
    return fail(EINVAL, title(), ": '", name, "' can not be changed; make another nop");
  }
  Values all = values();
  for (const auto& [name, value] : given.all()) all.set(name, value);
  Result<Values> checked = resolve(kParameters, all, title());
  if (!checked) return pass_on(checked);
  if (checked->integer("error") == ENOMEM) return fail(EINVAL, title(), ": 'error' is ENOMEM");
  set_values(std::move(*checked));
  turn(knobs_of(values()));
  return {};
}

namespace {

Status check_stripe(const Nop& nop, std::int64_t stripe, std::int64_t offset, std::int64_t sector) {
  if (stripe == 0 && offset == 0) return {};
  if (stripe % sector == 0 && offset % sector == 0 && offset < stripe) return {};
  return fail(EINVAL, nop.title(), ": stripe_size ", stripe, " and stripe_offset ", offset,
              " are no boundary; they must be multiples of the sector size ", sector,
              ", the offset less than the size");
}

}  // namespace

// The window on the disk below, in whole sectors of its own, with what else is to be other.
Result<Properties> Nop::offered(const Properties& below, const std::string& name) const {
  const std::int64_t size = values().integer("size");
  const std::int64_t lower = below.sector_size_bytes;
  const std::int64_t wished = values().integer("sector_size");
  const std::int64_t sector = wished == 0 ? lower : wished;
  if (sector % lower != 0) {
    return fail(EINVAL, title(), ": sector_size ", sector, " is no multiple of that of ", name,
                ", which is ", lower);
  }
  const bool whole = offset_bytes_ % lower == 0 && size % lower == 0;
  if (!whole || offset_bytes_ > below.media_size_bytes ||
      size > below.media_size_bytes - offset_bytes_) {
    return fail(EINVAL, title(), ": offset ", offset_bytes_, " and size ", size,
                " are no window on ", name, ", which has ", below.media_size_bytes,
                " bytes in sectors of ", lower);
  }
  const std::int64_t stripe = values().integer("stripe_size");
  const std::int64_t stripe_offset = values().integer("stripe_offset");
  if (Status fine = check_stripe(*this, stripe, stripe_offset, lower); !fine) return pass_on(fine);
  if (values().integer("error") == ENOMEM) return fail(EINVAL, title(), ": 'error' is ENOMEM");
  const std::int64_t length = size > 0 ? size : below.media_size_bytes - offset_bytes_;
  Properties own = part_of(below, offset_bytes_, length - length % sector);
  own.sector_size_bytes = sector;
  if (stripe > 0) {
    own.stripe_size_bytes = stripe;
    own.stripe_offset_bytes = stripe_offset;
  }
  return own;
}

Result<Consumer*> Nop::bypass() {
  if (offset_bytes_ != 0) return Geom::bypass();
  return Through::bypass();
}

Verdict Nop::meddle(Bio& bio) {
  if (bio.command == Command::getattr && other_path_ &&
      std::strcmp(bio.attribute, "GEOM::physpath") == 0) {
    return answer_attribute(bio, values().text("physpath"));
  }
  bio.shift(offset_bytes_);
  if (bio.command != Command::read && bio.command != Command::write) return pass();
  if (fails(bio.command)) {
    ++failed_;
    return Verdict::done(knobs_.error);
  }
  const std::int64_t delay_ns = waits_ns(bio.command);
  if (delay_ns == 0) return pass();
  ++delayed_;
  later_.after(delay_ns, [this, &bio] { go_on(bio); });
  return Verdict::held();
}

bool Nop::fails(Command command) {
  if (knobs_.count_until_fail > 0 && --knobs_.count_until_fail == 0) {
    knobs_.read_fail_percent = knobs_.write_fail_percent = 100;
    return false;
  }
  return command == Command::read ? happens(knobs_.read_fail_percent, failing_reads_)
                                  : happens(knobs_.write_fail_percent, failing_writes_);
}

std::int64_t Nop::waits_ns(Command command) {
  if (knobs_.delay_ns == 0) return 0;
  const bool waits = command == Command::read
                         ? happens(knobs_.read_delay_percent, waiting_reads_)
                         : happens(knobs_.write_delay_percent, waiting_writes_);
  return waits ? knobs_.delay_ns : 0;
}

std::string Nop::status() const {
  if (consumers().empty()) return {};
  const Consumer& below = consumers().front();
  std::string text;
  for (const Command c : {Command::read, Command::write, Command::remove, Command::flush}) {
    const EdgeStatistics::Line& line = below.statistics()[c];
    if (line.operations == 0) continue;
    text += sentence(text.empty() ? "" : ", ", line.operations, ' ', command_name(c), " of ",
                     line.completed_bytes, " bytes");
  }
  if (text.empty()) text = "nothing passed";
  if (failed_ + delayed_ > 0) text += sentence("; ", failed_, " failed, ", delayed_, " delayed");
  return text;
}

std::span<const Parameter> NopClass::parameters() const { return kParameters; }

Result<Geom*> NopClass::create(Mesh& mesh, const Creation& creation) {
  return create_through<Nop>(mesh, *this, creation);
}

}  // namespace biotope
