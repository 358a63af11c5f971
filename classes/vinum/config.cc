#include "classes/vinum/config.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

namespace biotope::vinum {

namespace {

constexpr std::size_t kLongestName = 31;
constexpr std::int64_t kBlock_bytes = 512;

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  Words words;
  for (;;) {
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == line.npos) return words;
    line.remove_prefix(start);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<std::int64_t> unit_named(std::string_view suffix) {
  static const std::map<std::string_view, std::int64_t> kUnits{
      {"", 1},        {"b", kBlock_bytes}, {"s", kBlock_bytes}, {"k", 1 << 10}, {"K", 1 << 10},
      {"m", 1 << 20}, {"M", 1 << 20},      {"g", 1 << 30},      {"G", 1 << 30}};
  const auto found = kUnits.find(suffix);
  if (found == kUnits.end()) return std::nullopt;
  return found->second;
}

// One line after the other, each with what came before.
class Reader {
 public:
  Reader(const std::string& title, Source source) : title_(title), source_(source) {}

  Result<Config> read(std::string_view text) {
    if (text.size() > kMostTextBytes) {
      return fail(EINVAL, title_, ": a configuration has at most ", kMostTextBytes, " bytes, not ",
                  text.size());
    }
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      words_ = words_of(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      next_ = 0;
      if (words_.empty()) continue;
      if (Status done = object(take()); !done) return pass_on(done);
    }
    if (Status done = whole(); !done) return pass_on(done);
    return std::move(config_);
  }

 private:
  template <class... Parts>
  auto bad(const Parts&... parts) const {
    return fail(EINVAL, title_, ": line ", line_, ": ", parts...);
  }

  bool has_more() const { return next_ < words_.size(); }
  std::string_view take() { return has_more() ? words_[next_++] : std::string_view(); }

  Status object(std::string_view kind) {
    if (kind == "drive") return drive();
    if (kind == "volume" || kind == "vol") return volume();
    if (kind == "plex") return plex();
    if (kind == "sd" || kind == "subdisk") return subdisk();
    return bad("there is no '", kind, "'; there are drive, volume, plex and sd");
  }

  // A new name: each has to be different from all others of its kind.
  Result<std::string> name(std::string_view word, std::string_view kind,
                           std::vector<std::string>& taken) const {
    if (word.empty() || word.size() > kLongestName || word.find('/') != word.npos) {
      return bad("the name of a ", kind, " has 1 to ", kLongestName,
                 " letters and no slash, unlike '", word, "'");
    }
    if (std::ranges::find(taken, word) != taken.end()) {
      return bad("there is a ", kind, " ", word, " already");
    }
    taken.emplace_back(word);
    return std::string(word);
  }

  Result<std::int64_t> size(std::string_view what) {
    const std::string_view word = take();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const auto unit = unit_named(word.substr(static_cast<std::size_t>(end - word.data())));
    if (error != std::errc() || number < 0 || !unit ||
        number > std::numeric_limits<std::int64_t>::max() / *unit) {
      return bad(what, " is a size, such as 512s or 10m, not '", word, "'");
    }
    return number * *unit;
  }
  Status size_into(std::string_view what, std::int64_t& into) {
    const Result<std::int64_t> bytes = size(what);
    if (!bytes) return pass_on(bytes);
    into = *bytes;
    return {};
  }

  Status drive() {
    const Result<std::string> own = name(take(), "drive", drives_);
    if (!own) return pass_on(own);
    const std::string_view keyword = take();
    std::string_view device = take();
    if (keyword != "device" || device.empty() || has_more()) {
      return bad("a drive is written: drive ", *own, " device PROVIDER");
    }
    constexpr std::string_view kFolder = "/dev/";
    if (device.starts_with(kFolder)) device.remove_prefix(kFolder.size());
    for (const Drive& other : config_.drives) {
      if (other.device == device) return bad(device, " is drive ", other.name, " already");
    }
    config_.drives.push_back({*own, std::string(device), line_});
    return {};
  }

  Status volume() {
    const Result<std::string> own = name(take(), "volume", volumes_);
    if (!own) return pass_on(own);
    Volume volume{.name = *own, .preferred = {}, .plexes = {}, .line = line_};
    while (has_more()) {
      const std::string_view keyword = take();
      const std::string_view value = keyword == "readpol" ? take() : std::string_view();
      if (value == "prefer" && has_more()) {
        preferred_[config_.volumes.size()] = take();
      } else if (keyword == "state" && source_ == Source::drive) {
        take();
      } else if (value != "round") {
        return bad("a volume takes 'readpol round' or 'readpol prefer PLEX', not '", keyword, "'");
      }
    }
    config_.volumes.push_back(std::move(volume));
    return {};
  }

  Status organisation(Plex& plex) {
    const std::string_view word = take();
    if (word == "concat") return {};
    if (word != "striped" && word != "raid5") {
      return bad("a plex is organised as 'concat', 'striped SIZE' or 'raid5 SIZE', not as '", word,
                 "'");
    }
    plex.organisation = word == "raid5" ? Plex::Organisation::raid5 : Plex::Organisation::striped;
    if (Status done = size_into("the stripe", plex.stripe_bytes); !done) return done;
    if (plex.stripe_bytes == 0) return bad("a stripe has at least one sector");
    return {};
  }

  Status plex() {
    Plex plex{.name = {},
              .organisation = Plex::Organisation::concat,
              .stripe_bytes = 0,
              .up = true,
              .subdisks = {},
              .line = line_};
    std::string_view wished;
    bool organised = false;
    std::size_t of = config_.volumes.size() - 1;
    while (has_more()) {
      const std::string_view keyword = take();
      Status done;
      if (keyword == "name") {
        wished = take();
      } else if (keyword == "org") {
        organised = true;
        done = organisation(plex);
      } else if (keyword == "volume" || keyword == "vol") {
        done = find(config_.volumes, take(), "volume", of);
      } else if (keyword == "state") {
        done = state(plex.up, "down");
      } else {
        done = bad("a plex has no '", keyword, "'; it has name, org, volume and state");
      }
      if (!done) return done;
    }
    if (config_.volumes.empty()) return bad("a plex needs a volume before it");
    if (!organised)
      return bad("a plex says how it is organised: org concat, org striped SIZE or org raid5 SIZE");
    return add_plex(config_.volumes[of], std::move(plex), wished);
  }
  Status add_plex(Volume& volume, Plex plex, std::string_view wished) {
    if (volume.plexes.size() == kMostPlexes) {
      return bad("volume ", volume.name, " has ", kMostPlexes, " plexes, which is the most");
    }
    const std::string usual = sentence(volume.name, ".p", volume.plexes.size());
    const Result<std::string> own = name(wished.empty() ? usual : wished, "plex", plexes_);
    if (!own) return pass_on(own);
    plex.name = *own;
    latest_ = {static_cast<std::size_t>(&volume - config_.volumes.data()), volume.plexes.size()};
    volume.plexes.push_back(std::move(plex));
    return {};
  }
  Status state(bool& up, std::string_view other) {
    const std::string_view word = take();
    if (source_ == Source::drive) {
      up = word == "up" || word == "degraded" || word == "growable";
      return {};
    }
    if (word != "up" && word != other) {
      return bad("its state is 'up' or '", other, "', not '", word, "'");
    }
    up = word == "up";
    return {};
  }

  // Which of `all` has that name.
  template <class Objects>
  Status find(const Objects& all, std::string_view name, std::string_view kind,
              std::size_t& into) const {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].name != name) continue;
      into = i;
      return {};
    }
    return bad("there is no ", kind, " '", name, "' before this line");
  }

  struct Address {
    std::size_t volume;
    std::size_t plex;
  };
  Status find_plex(std::string_view name, std::optional<Address>& into) const {
    for (std::size_t v = 0; v < config_.volumes.size(); ++v) {
      const std::vector<Plex>& plexes = config_.volumes[v].plexes;
      for (std::size_t p = 0; p < plexes.size(); ++p) {
        if (plexes[p].name != name) continue;
        into = Address{v, p};
        return {};
      }
    }
    return bad("there is no plex '", name, "' before this line");
  }

  struct SubdiskLine {
    Subdisk subdisk;
    std::string_view wished;
    std::optional<Address> plex;
    std::optional<std::int64_t> plexoffset;
    bool has_length = false;
    bool has_drive = false;
  };
  Status subdisk_word(SubdiskLine& line) {
    const std::string_view keyword = take();
    if (keyword == "name") {
      line.wished = take();
      return {};
    }
    if (keyword == "drive") {
      line.has_drive = true;
      if (source_ == Source::drive) return drive_named(take(), line.subdisk.drive);
      return find(config_.drives, take(), "drive", line.subdisk.drive);
    }
    if (keyword == "plex") return find_plex(take(), line.plex);
    if (keyword == "state") return state(line.subdisk.up, "stale");
    if (keyword == "length" || keyword == "len" || keyword == "size") {
      line.has_length = true;
      return size_into("a length", line.subdisk.length_bytes);
    }
    if (keyword == "driveoffset") return size_into("an offset", line.subdisk.start_bytes.emplace());
    if (keyword == "plexoffset") return size_into("an offset", line.plexoffset.emplace());
    return bad("a subdisk has no '", keyword,
               "'; it has name, length, drive, driveoffset, plexoffset, plex and state");
  }

  Status drive_named(std::string_view name, std::size_t& into) {
    const auto known = std::ranges::find(config_.drives, name, &Drive::name);
    into = static_cast<std::size_t>(known - config_.drives.begin());
    if (known != config_.drives.end()) return {};
    const Result<std::string> own = this->name(name, "drive", drives_);
    if (!own) return pass_on(own);
    config_.drives.push_back({*own, {}, line_});
    return {};
  }

  Status subdisk() {
    SubdiskLine line{
        .subdisk = {.name = {}, .drive = 0, .length_bytes = 0, .start_bytes = {}, .line = line_},
        .wished = {},
        .plex = latest_,
        .plexoffset = {}};
    while (has_more()) {
      if (Status done = subdisk_word(line); !done) return done;
    }
    if (!line.plex) return bad("a subdisk needs a plex before it");
    if (!line.has_length || !line.has_drive) {
      return bad("a subdisk says its length and its drive: sd length SIZE drive DRIVE");
    }
    Plex& plex = config_.volumes[line.plex->volume].plexes[line.plex->plex];
    const std::string usual = sentence(plex.name, ".s", plex.subdisks.size());
    const Result<std::string> own =
        name(line.wished.empty() ? usual : line.wished, "subdisk", subdisks_);
    if (!own) return pass_on(own);
    if (line.plexoffset) {
      if (Status in_order = follows(plex, *own, *line.plexoffset); !in_order) return in_order;
    }
    line.subdisk.name = *own;
    plex.subdisks.push_back(std::move(line.subdisk));
    return {};
  }
  // Subdisks lie in a plex in the order in which they are written, without holes.
  Status follows(const Plex& plex, const std::string& subdisk, std::int64_t plexoffset) const {
    std::int64_t expected = 0;
    for (const Subdisk& one : plex.subdisks) {
      expected += plex.stripe_bytes != 0 ? plex.stripe_bytes : one.length_bytes;
    }
    if (plexoffset == expected) return {};
    return bad(subdisk, " is at ", plexoffset, " of plex ", plex.name, ", and the next place is ",
               expected, "; a plex has no holes");
  }

  Status subdisks_of(Plex& plex) {
    const bool raid5 = plex.organisation == Plex::Organisation::raid5;
    const auto stale = std::ranges::count(plex.subdisks, false, &Subdisk::up);
    if (plex.subdisks.empty()) return bad("plex ", plex.name, " has no subdisk");
    if (raid5 && (plex.subdisks.size() < 3 || plex.subdisks.size() > kMostSubdisks)) {
      return bad("plex ", plex.name, ", a raid5, has 3 to ", kMostSubdisks, " subdisks, not ",
                 plex.subdisks.size());
    }
    if (source_ == Source::drive) {
      plex.up = plex.up && stale <= (raid5 ? 1 : 0);
      for (Subdisk& one : plex.subdisks) one.up = one.up || !raid5;
    }
    if (!raid5 && stale > 0 && source_ == Source::user) {
      return bad("plex ", plex.name, " is no raid5, so all of it is up or down, not a subdisk");
    }
    if (raid5 && plex.up && stale > 1) {
      return bad("plex ", plex.name, " lacks ", stale, " subdisks, so it can not be up");
    }
    return {};
  }

  Status whole() {
    for (Volume& volume : config_.volumes) {
      line_ = volume.line;
      if (volume.plexes.empty()) return bad("volume ", volume.name, " has no plex");
      if (source_ == Source::user && std::ranges::none_of(volume.plexes, &Plex::up)) {
        return bad("volume ", volume.name, " has no plex that is up");
      }
      for (Plex& plex : volume.plexes) {
        line_ = plex.line;
        if (Status fine = subdisks_of(plex); !fine) return fine;
      }
    }
    if (config_.volumes.empty()) return fail(EINVAL, title_, ": the configuration has no volume");
    for (const auto& [volume, wished] : preferred_) {
      line_ = config_.volumes[volume].line;
      std::size_t plex = 0;
      const Status found = find(config_.volumes[volume].plexes, wished, "plex", plex);
      if (!found)
        return bad("volume ", config_.volumes[volume].name, " has no plex '", wished, "'");
      config_.volumes[volume].preferred = plex;
    }
    return {};
  }

  std::string title_;
  Source source_;
  std::size_t line_ = 0;
  Words words_;
  std::size_t next_ = 0;
  Config config_;
  std::optional<Address> latest_;
  std::map<std::size_t, std::string_view> preferred_;  // by volume
  std::vector<std::string> drives_, volumes_, plexes_, subdisks_;
};

}  // namespace

std::int64_t Plex::used_of(const Subdisk& one) const {
  if (organisation == Organisation::concat) return one.length_bytes;
  return one.length_bytes / stripe_bytes * stripe_bytes;
}

std::int64_t Plex::size_bytes() const {
  std::int64_t sum = 0;
  for (const Subdisk& one : subdisks) sum += used_of(one);
  return organisation == Organisation::raid5 ? sum - used_of(subdisks.front()) : sum;
}

std::int64_t Volume::size_bytes() const {
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const Plex& plex : plexes) smallest = std::min(smallest, plex.size_bytes());
  return smallest;
}

Result<Config> parse(const std::string& title, std::string_view text, Source source) {
  return Reader(title, source).read(text);
}

namespace {

std::string text_of(const Plex& plex) {
  if (plex.organisation == Plex::Organisation::concat) return "concat";
  return sentence(plex.organisation == Plex::Organisation::raid5 ? "raid5 " : "striped ",
                  plex.stripe_bytes);
}

}  // namespace

void with_parity_to_build(Config& config) {
  for (Volume& volume : config.volumes) {
    for (Plex& plex : volume.plexes) {
      const bool raid5 = plex.organisation == Plex::Organisation::raid5;
      if (raid5 && plex.up && std::ranges::all_of(plex.subdisks, &Subdisk::up)) {
        plex.subdisks.back().up = false;
      }
    }
  }
}

std::string text_of(const Config& config) {
  std::string text;
  for (const Drive& drive : config.drives) {
    text += sentence("drive ", drive.name, " device ", drive.device, '\n');
  }
  for (const Volume& volume : config.volumes) {
    text += sentence("volume ", volume.name);
    if (volume.preferred) {
      text += sentence(" readpol prefer ", volume.plexes[*volume.preferred].name);
    }
    text += '\n';
    for (const Plex& plex : volume.plexes) {
      text += sentence("plex name ", plex.name, " org ", text_of(plex), " volume ", volume.name,
                       " state ", plex.up ? "up" : "down", '\n');
      for (const Subdisk& one : plex.subdisks) {
        text += sentence("sd name ", one.name, " drive ", config.drives[one.drive].name, " plex ",
                         plex.name, " length ", one.length_bytes, " driveoffset ",
                         one.start_bytes.value_or(0), one.up ? "" : " state stale", '\n');
      }
    }
  }
  return text;
}

}  // namespace biotope::vinum
