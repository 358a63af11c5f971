#include "classes/vinum/on_disk.h"

#include <zlib.h>

#include <vector>

#include "classes/layout.h"
#include "model/text.h"

namespace biotope::vinum {

namespace {

constexpr std::uint64_t kMagic = 0x56494E554D2D3100;     // "VINUM-1"
constexpr std::uint64_t kOldMagic = 0x494E2056494E4F00;  // "IN VINO", in the order of its machine
constexpr std::uint64_t kOldMagicSwapped = 0x004F4E4956204E49;
constexpr std::uint64_t kMicrosecondsInOne = 1'000'000;
constexpr std::uint64_t kNever = std::uint64_t{1} << 62;  // no time is so late

struct Fields {
  static constexpr auto magic = layout::be64(0);
  static constexpr auto config_length = layout::be64(8);
  static constexpr layout::Text set{16, 32};
  static constexpr layout::Text name{48, 32};
  static constexpr auto born_seconds = layout::be64(80);
  static constexpr auto born_microseconds = layout::be64(88);
  static constexpr auto updated_seconds = layout::be64(96);
  static constexpr auto updated_microseconds = layout::be64(104);
  static constexpr auto size = layout::be64(112);
};

constexpr std::string_view kMarker = "# biotope ";
constexpr std::string_view kSeen = "# seen ";
constexpr std::string_view kPrefer = "# prefer ";

std::uint32_t crc_of(const Stamp& stamp, std::string_view text) {
  const std::string all = sentence(stamp.seconds, ' ', stamp.microseconds, '\n', text);
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(all.data()), static_cast<uInt>(all.size())));
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::optional<Stamp> stamp_in(std::string_view seconds, std::string_view microseconds) {
  const auto whole = whole_number<std::uint64_t>(seconds);
  const auto rest = whole_number<std::uint64_t>(microseconds);
  if (!whole || !rest) return std::nullopt;
  return Stamp{*whole, *rest};
}

// In blocks, as gvinum has it, where that is possible.
std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t kBlock_bytes = 512;
  return bytes % kBlock_bytes == 0 ? sentence(bytes / kBlock_bytes, 's') : sentence(bytes);
}

std::string organisation_text(const Plex& plex) {
  if (plex.organisation == Plex::Organisation::concat) return "concat ";
  return sentence(plex.organisation == Plex::Organisation::raid5 ? "raid5 " : "striped ",
                  size_text(plex.stripe_bytes), ' ');
}

const char* state_text(const Plex& plex) {
  if (!plex.up) return "down";
  for (const Subdisk& one : plex.subdisks) {
    if (!one.up) return "degraded";
  }
  return "up";
}

std::string subdisk_lines(const Config& config, const Plex& plex) {
  std::string text;
  std::int64_t at = 0;
  for (const Subdisk& one : plex.subdisks) {
    const bool up = plex.organisation == Plex::Organisation::raid5 ? one.up : plex.up;
    text += sentence("sd name ", one.name, " drive ", config.drives[one.drive].name, " len ",
                     size_text(one.length_bytes), " driveoffset ", size_text(*one.start_bytes),
                     " plex ", plex.name, " plexoffset ", size_text(at), " state ",
                     up ? "up" : "stale", '\n');
    at += plex.stripe_bytes != 0 ? plex.stripe_bytes : one.length_bytes;
  }
  return text;
}

}  // namespace

Stamp Stamp::next() const {
  if (microseconds + 1 < kMicrosecondsInOne) return {seconds, microseconds + 1};
  return {seconds + 1, 0};
}

// The header --------------------------------------------------------------------------------------

Bytes encode(const Header& header) {
  Bytes sector(static_cast<std::size_t>(kHeaderLength_bytes));
  Fields::magic.set(sector, kMagic);
  Fields::config_length.set(sector, static_cast<std::uint64_t>(kCopyLength_bytes));
  Fields::set.set(sector, header.set);
  Fields::name.set(sector, header.name);
  Fields::born_seconds.set(sector, header.born.seconds);
  Fields::born_microseconds.set(sector, header.born.microseconds);
  Fields::updated_seconds.set(sector, header.updated.seconds);
  Fields::updated_microseconds.set(sector, header.updated.microseconds);
  Fields::size.set(sector, static_cast<std::uint64_t>(header.size_bytes));
  return sector;
}

Result<Header> decode(std::span<const std::byte> sector) {
  const std::uint64_t magic = Fields::magic.get(sector);
  if (magic == kOldMagic || magic == kOldMagicSwapped) {
    return fail(EOPNOTSUPP,
                "it holds a drive of vinum as it was before gvinum's present layout; "
                "let that write it anew, or clear it");
  }
  if (magic != kMagic) return fail(ENOENT, "it holds no drive of vinum");
  if (Fields::config_length.get(sector) != static_cast<std::uint64_t>(kCopyLength_bytes)) {
    return fail(EOPNOTSUPP, "its drive of vinum says a configuration of ",
                Fields::config_length.get(sector), " bytes, and only ", kCopyLength_bytes,
                " are known here; clear it if the disk is to be used otherwise");
  }
  Header header{
      .set = Fields::set.get(sector),
      .name = Fields::name.get(sector),
      .born = {Fields::born_seconds.get(sector), Fields::born_microseconds.get(sector)},
      .updated = {Fields::updated_seconds.get(sector), Fields::updated_microseconds.get(sector)},
      .size_bytes = static_cast<std::int64_t>(Fields::size.get(sector))};
  const bool named = !header.set.empty() && !header.name.empty();
  if (named && header.size_bytes > 0 && header.updated.seconds < kNever) return header;
  return fail(EINVAL, "its drive of vinum says the name '", header.name, "', of '", header.set,
              "', and ", header.size_bytes, " bytes, which can not be; clear it");
}

// The configuration -------------------------------------------------------------------------------

std::string text_of(const Kept& kept) {
  std::string text;
  for (const auto& [drive, stamp] : kept.seen) {
    text += sentence(kSeen, drive, ' ', stamp.seconds, ' ', stamp.microseconds, '\n');
  }
  std::string plexes;
  std::string subdisks;
  for (const Volume& volume : kept.config.volumes) {
    bool up = false;
    for (const Plex& plex : volume.plexes) {
      up = up || plex.up;
      plexes += sentence("plex name ", plex.name, " org ", organisation_text(plex), "vol ",
                         volume.name, " state ", state_text(plex), '\n');
      subdisks += subdisk_lines(kept.config, plex);
    }
    if (volume.preferred) {
      text += sentence(kPrefer, volume.name, ' ', volume.plexes[*volume.preferred].name, '\n');
    }
    text += sentence("volume ", volume.name, " state ", up ? "up" : "down", '\n');
  }
  return text + plexes + subdisks;
}

Result<Kept> parse_kept(const std::string& title, std::string_view text) {
  Result<Config> config = parse(title, text, Source::drive);
  if (!config) return pass_on(config);
  Kept kept{.config = std::move(*config), .seen = {}};
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto words = words_of(line);
    if (line.starts_with(kSeen) && words.size() == 5) {
      const auto stamp = stamp_in(words[3], words[4]);
      if (!stamp) return fail(EINVAL, title, ": '", line, "' says no time");
      kept.seen[std::string(words[2])] = *stamp;
    }
    if (!line.starts_with(kPrefer) || words.size() != 4) continue;
    for (Volume& volume : kept.config.volumes) {
      for (std::size_t i = 0; volume.name == words[2] && i < volume.plexes.size(); ++i) {
        if (volume.plexes[i].name == words[3]) volume.preferred = i;
      }
    }
  }
  return kept;
}

Bytes encode_copy(const Stamp& stamp, std::string_view text) {
  const std::string all = sentence(kMarker, stamp.seconds, ' ', stamp.microseconds, ' ',
                                   crc_of(stamp, text), '\n', text);
  Bytes bytes(static_cast<std::size_t>(kCopyLength_bytes));
  layout::Text(0, bytes.size()).set(bytes, all);
  return bytes;
}

std::optional<Copy> decode_copy(std::span<const std::byte> bytes, const Header& header) {
  // The first NUL ends it, also where blanks come before.
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return std::nullopt;
  if (!text.starts_with(kMarker)) return Copy{header.updated, std::string(text)};
  const auto words = words_of(take_line(text));
  if (words.size() != 5) return std::nullopt;
  const auto stamp = stamp_in(words[2], words[3]);
  if (!stamp || stamp->seconds >= kNever) return std::nullopt;
  if (whole_number<std::uint64_t>(words[4]) != crc_of(*stamp, text)) return std::nullopt;
  return Copy{*stamp, std::string(text)};
}

Task<Status> wipe(Consumer& edge) {
  const Bytes nothing(static_cast<std::size_t>(kHeader_bytes - kHeaderAt_bytes));
  const auto header = static_cast<std::size_t>(kHeaderLength_bytes);
  Status done = co_await write(edge, kHeaderAt_bytes, std::span(nothing).first(header));
  if (done) done = co_await flush(edge);
  if (done) done = co_await write(edge, copy_at_bytes(0), std::span(nothing).subspan(header));
  if (done) done = co_await flush(edge);
  co_return done;
}

}  // namespace biotope::vinum
