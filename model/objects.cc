// The small members of bio, provider, consumer, geom and class.
#include "model/bio.h"
#include "model/check.h"
#include "model/class.h"
#include "model/mesh.h"

namespace biotope {

const char* command_name(Command command) {
  static constexpr const char* kNames[] = {"none",   "READ",  "WRITE",  "DELETE",
                                           "FORMAT", "FLUSH", "GETATTR"};
  const auto index = static_cast<std::size_t>(command);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

void nobody_waits(Bio&) { BIOTOPE_CHECK(false, "a request has somebody to tell when it is done"); }

void BioQueue::insert_by_id(Bio& bio) {
  if (tail_ == nullptr || tail_->id < bio.id) return push(bio);
  Bio** link = &head_;
  while ((*link)->id < bio.id) link = &(*link)->queue_next;
  bio.queue_next = *link;
  *link = &bio;
}

// Provider ---------------------------------------------------------------------------------------

Provider::Provider(Geom& geom, std::uint64_t id, std::string name, Properties properties)
    : geom_(&geom), id_(id), name_(std::move(name)), error_(ENXIO) {
  set_properties(std::move(properties));
}

void Provider::set_properties(Properties properties) {
  properties_ = std::move(properties);
  const auto sector = static_cast<std::uint64_t>(properties_.sector_size_bytes);
  const bool power_of_two = (sector & (sector - 1)) == 0;
  constexpr std::uint64_t kOverflowing = std::uint64_t{3} << 62;
  extent_.forbidden_bits = power_of_two ? (sector - 1) | kOverflowing : ~std::uint64_t{0};
  extent_.size_bytes = static_cast<std::uint64_t>(properties_.media_size_bytes);
}

// Consumer ---------------------------------------------------------------------------------------

std::uint64_t EdgeStatistics::operations() const {
  std::uint64_t sum = 0;
  for (const Line& line : by_command) sum += line.operations;
  return sum;
}

std::string Consumer::name() const {
  return sentence(geom_->title(), " -> ", provider_ == nullptr ? "nothing" : provider_->name());
}

void Consumer::refresh_gate() {
  guarded_ =
      provider_ != nullptr && !past_guards_ && provider_->guards_ > (guard_ != nullptr ? 1U : 0U);
  const bool reads_guarded =
      guarded_ && find_guard([](SectorGuard& guard) { return guard.guards_reads(); }) != nullptr;
  const bool open = provider_ != nullptr && provider_->error_ == 0 && !orphaned_ && !suspended_ &&
                    starved_.empty() && caught_ == 0;
  const Command first = open && access_.r > 0 && !reads_guarded ? Command::read : Command::write;
  const Command last = open && access_.w > 0 && !guarded_ ? Command::format : Command::read;
  first_ = static_cast<std::uint8_t>(first);
  allowed_ = static_cast<std::uint8_t>(static_cast<int>(last) + 1 - first_);
}

// Geom -------------------------------------------------------------------------------------------

Geom::~Geom() = default;

std::string Geom::title() const { return sentence(class_->name(), ' ', name_); }

void Geom::require_union(AccessPlan& plan) {
  Access needed;
  for (const Provider& provider : providers_) {
    const Access open = plan.would_be(provider);
    needed.r |= open.r > 0 ? 1 : 0;
    needed.w |= open.w > 0 ? 1 : 0;
    needed.e |= open.e > 0 || open.w > 0 ? 1 : 0;
  }
  for (Consumer& consumer : consumers_) {
    if (consumer.provider() != nullptr && !consumer.leaving()) plan.need(consumer, needed);
  }
}

Status Geom::demand(AccessPlan& plan) {
  require_union(plan);
  return {};
}

void Geom::access_changed(Provider&, Access, Access) {}

void Geom::orphaned(Consumer&) { mesh_->wither(*this); }

void Geom::spoiled(Consumer& consumer) { orphaned(consumer); }

bool Geom::resized(Consumer&) { return false; }

Properties Geom::derive(const Provider& own) const { return own.properties(); }

void Geom::properties_changed(Consumer&) {}

Status Geom::may_let_go(Consumer&) {
  for (Provider& provider : providers_) {
    for (Consumer& above : provider.consumers()) {
      if (Status fine = above.geom().may_let_go(above); !fine) return fine;
    }
  }
  return {};
}

Task<Status> Geom::let_go(Consumer&) {
  // By number: whoever lets go may be gone before the next is asked.
  std::vector<std::uint64_t> above;
  for (const Provider& provider : providers_) {
    for (const Consumer& consumer : provider.consumers()) above.push_back(consumer.id());
  }
  for (const std::uint64_t id : above) {
    if (Status done = co_await mesh_->let_go(id); !done) co_return done;
  }
  co_return Status{};
}

Result<Consumer*> Geom::bypass() {
  return fail(EOPNOTSUPP, title(), " can not be taken out: what it offers is not what lies below");
}

std::string Geom::status() const { return {}; }

// Class ------------------------------------------------------------------------------------------

Result<Geom*> Class::create(Mesh&, const Creation& creation) {
  return fail(EOPNOTSUPP, "class ", name_, " makes no geom on demand, so none called '",
              creation.name, "': it comes by tasting");
}

Task<Geom*> Class::taste(Taster&) { co_return nullptr; }

Task<void> Class::taste_again(Taster&, Geom&) { co_return; }

namespace {

// A text as one word of a line, whatever bytes are in it.
std::string text_as_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-./:,+%@";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  std::string all = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') all += '\\';
    if (byte >= ' ' && byte < 0x7f) {
      all += c;
    } else {
      const std::string digits = std::to_string(byte);
      all += sentence('\\', std::string(3 - digits.size(), '0'), digits);
    }
  }
  return all + '"';
}

std::string as_word(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text_as_word(*text);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  return std::to_string(std::get<std::int64_t>(value));
}

}  // namespace

std::string recipe_of(const Geom& geom, const Values& values, std::string_view verb,
                      std::span<const std::string> below) {
  std::string line = sentence(geom.cls().name(), ' ', verb, ' ', text_as_word(geom.name()));
  for (const Parameter& p : geom.cls().parameters()) {
    const auto found = values.all().find(p.name);
    if (found == values.all().end() || found->second == p.fallback) continue;
    line += sentence(' ', p.name, '=', as_word(found->second));
  }
  for (const std::string& provider : below) line += sentence(' ', text_as_word(provider));
  return line;
}

std::string recipe_of(const Geom& geom, const Values& values, std::string_view verb) {
  std::vector<std::string> below;
  for (const Consumer& consumer : geom.consumers()) {
    if (consumer.provider() == nullptr || consumer.leaving()) continue;
    below.push_back(consumer.provider()->name());
  }
  return recipe_of(geom, values, verb, below);
}

}  // namespace biotope
