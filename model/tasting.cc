// Discovery: classes, and how what appears is offered to them.
#include <algorithm>

#include "model/check.h"
#include "model/taster.h"

namespace biotope {

namespace {

// Holds a provider open while somebody looks at it. Offers nothing, so it is asked nothing; stays
// until he looks away, whatever becomes of the provider.
class TastingGeom final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
  void orphaned(Consumer&) override {}
};

// A geom on its way out does not count: it will be gone, and nobody would look again. Null when
// there is no other.
Geom* standing_on(const Class& cls, const Provider& provider) {
  for (const Consumer& c : provider.consumers()) {
    if (&c.geom().cls() == &cls && !c.orphaned() && !c.geom().withering()) return &c.geom();
  }
  return nullptr;
}

}  // namespace

Task<Result<Bytes>> Taster::read(std::int64_t offset_bytes, std::int64_t length_bytes) const {
  const std::int64_t sector = properties().sector_size_bytes;
  const std::int64_t size = properties().media_size_bytes;
  if (offset_bytes < 0 || length_bytes < 0 || offset_bytes > size ||
      length_bytes > size - offset_bytes) {
    co_return fail(EIO, provider_.name(), " ends at ", size, " bytes, before ", length_bytes,
                   " bytes at ", offset_bytes);
  }
  const std::int64_t first = offset_bytes / sector * sector;
  const std::int64_t rest = (offset_bytes + length_bytes) % sector;
  const std::int64_t end = offset_bytes + length_bytes + (rest == 0 ? 0 : sector - rest);
  Result<Bytes> sectors = co_await biotope::read(consumer_, first, end - first);
  if (!sectors) co_return sectors;
  sectors->erase(sectors->begin(), sectors->begin() + (offset_bytes - first));
  sectors->resize(static_cast<std::size_t>(length_bytes));
  co_return sectors;
}

Task<std::string> Taster::attribute(const char* name) const {
  const Result<std::string> text = co_await get_attribute_text(consumer_, name);
  co_return text ? *text : std::string();
}

// Classes ----------------------------------------------------------------------------------------

Status Mesh::load(std::unique_ptr<Class> cls) {
  for (const auto& other : classes_) {
    if (other->name() == cls->name()) {
      return fail(EEXIST, "class ", cls->name(), " is loaded already");
    }
  }
  classes_.push_back(std::move(cls));
  const Class& loaded = *classes_.back();
  tell_class(FactKind::class_loaded, loaded, nullptr, nullptr);
  if (!loaded.tastes() || !tasting_) return {};
  for (const Geom& geom : geoms_) {
    for (const Provider& provider : geom.providers_) {
      // One that is about to be offered to all will be to this one too.
      if (!provider.published_ || provider.taste_queued_) continue;
      events_.post(
          [this, id = provider.id_, name = loaded.name()] { return taste_event(id, name); });
    }
  }
  return {};
}

Status Mesh::unload(std::string_view class_name) {
  const auto found = std::find_if(classes_.begin(), classes_.end(),
                                  [&](const auto& c) { return c->name() == class_name; });
  if (found == classes_.end()) return fail(ENOENT, "class ", class_name, " is not loaded");
  Class& cls = **found;
  for (const Geom& geom : geoms_) {
    if (&geom.cls() != &cls) continue;
    if (Status unused = nothing_open(geom); !unused) return unused;
  }
  cls.unloading_ = true;
  wither_all(cls);
  forget_if_unused(cls);
  return {};
}

Status Mesh::nothing_open(const Geom& geom) {
  const auto in_use = [&](const auto& what, Access open) {
    return fail(EBUSY, "class ", geom.cls().name(), " can not be unloaded: ", what, " is open (",
                open.text(), "); close it first");
  };
  for (const Provider& provider : geom.providers_) {
    if (!provider.access_.closed()) return in_use(provider.name(), provider.access_);
  }
  for (const Consumer& consumer : geom.consumers_) {
    if (!consumer.access_.closed()) return in_use(consumer.name(), consumer.access_);
  }
  return {};
}

void Mesh::wither_all(const Class& cls) {
  for (Geom& geom : geoms_) {
    if (&geom.cls() == &cls) wither(geom);
  }
}

void Mesh::forget_if_unused(const Class& cls) {
  if (!cls.unloading_ || cls.geom_count_ > 0 || cls.being_asked_) return;
  std::erase_if(classes_, [&](const auto& c) { return c.get() == &cls; });
}

const Class* Mesh::find_class(std::string_view class_name) const {
  for (const auto& cls : classes_) {
    if (cls->name() == class_name && !cls->unloading_) return cls.get();
  }
  return nullptr;
}

std::vector<const Class*> Mesh::classes() const {
  std::vector<const Class*> all;
  for (const auto& cls : classes_) all.push_back(cls.get());
  return all;
}

Result<Class*> Mesh::class_named(std::string_view class_name) const {
  if (const Class* cls = find_class(class_name)) return const_cast<Class*>(cls);
  std::vector<std::string_view> names;
  for (const auto& c : classes_) names.push_back(c->name());
  const std::string_view near = nearest(class_name, names);
  return fail(ENOENT, "there is no class '", class_name, "'",
              near.empty() ? "" : sentence("; did you mean '", near, "'?"));
}

Status Mesh::configure(std::string_view class_name, const Values& given) {
  const Result<Class*> cls = class_named(class_name);
  if (!cls) return pass_on(cls);
  const Result<Values> values = resolve((*cls)->options(), given, sentence("class ", class_name));
  if (!values) return pass_on(values);
  (*cls)->configure(*values);
  return {};
}

Result<Geom*> Mesh::create(std::string_view class_name, std::string name,
                           std::vector<Provider*> below, const Values& given) {
  const Result<Class*> cls = class_named(class_name);
  if (!cls) return pass_on(cls);
  Result<Values> values = resolve((*cls)->parameters(), given, sentence(class_name, ' ', name));
  if (!values) return pass_on(values);
  return (*cls)->create(*this, Creation{std::move(name), std::move(below), std::move(*values)});
}

// Tasting ----------------------------------------------------------------------------------------

void Mesh::taste(Provider& provider) {
  if (!tasting_ || provider.taste_queued_ || !worth_tasting(provider)) return;
  provider.taste_queued_ = true;
  events_.post([this, id = provider.id_] { return taste_event(id, {}); });
}

// What is being written is not looked at: it would be stale at once. The last close brings us back.
bool Mesh::worth_tasting(const Provider& provider) const {
  return provider.published_ && provider.error_ == 0 && provider.access_.w == 0 &&
         !provider.geom().withering();
}

Task<void> Mesh::taste_event(std::uint64_t provider_id, std::string only_class) {
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr) co_return;
  if (only_class.empty()) provider->taste_queued_ = false;
  if (!worth_tasting(*provider)) co_return;
  const Result<Consumer*> consumer = look(*provider);
  if (!consumer) co_return;
  Taster taster(*this, *provider, **consumer);
  co_await offer(taster, std::move(only_class));
  look_away(**consumer);
}

Result<Consumer*> Mesh::look(Provider& provider) {
  Geom& geom = add(std::make_unique<TastingGeom>(*this, tasting_class_, provider.name()));
  const Result<Consumer*> consumer = new_consumer(geom, provider);
  if (!consumer) {
    free_geom(geom);
    return consumer;
  }
  (*consumer)->past_guards_ = true;
  if (const Status opened = access(**consumer, kReadOnly); !opened) {
    look_away(**consumer);
    return pass_on(opened);
  }
  return consumer;
}

// Every read has been waited for, so it can go at once.
void Mesh::look_away(Consumer& edge) {
  Geom& geom = edge.geom();
  take_away(edge);
  free_geom(geom);
}

Task<void> Mesh::offer(Taster& taster, std::string only_class) {
  std::vector<std::string> names;
  for (const auto& cls : classes_) names.push_back(cls->name());
  for (const std::string& name : names) {
    if (!only_class.empty() && name != only_class) continue;
    auto* cls = const_cast<Class*>(find_class(name));
    if (cls == nullptr || !cls->tastes() || !worth_tasting(taster.provider())) continue;
    cls->being_asked_ = true;
    if (Geom* there = standing_on(*cls, taster.provider())) {
      co_await cls->taste_again(taster, *there);
    } else {
      co_await offer_to(taster, *cls);
    }
    cls->being_asked_ = false;
    if (cls->unloading_) wither_all(*cls);
    forget_if_unused(*cls);
  }
}

Task<void> Mesh::offer_to(Taster& taster, Class& cls) {
  tell_class(FactKind::tasting, cls, &taster.provider(), nullptr);
  Geom* made = co_await cls.taste(taster);
  tell_class(FactKind::tasted, cls, &taster.provider(), made);
  if (made != nullptr && taster.stale()) doubt_made(*made, taster);
}

// The geom was made of what had been read before somebody wrote, or before the medium changed. It
// came too late to be told with the others.
void Mesh::doubt_made(Geom& made, const Taster& taster) {
  for (Consumer& consumer : made.consumers_) {
    if (consumer.provider_ != &taster.provider()) continue;
    if (taster.lost()) {
      lose(consumer);
    } else {
      spoil(consumer);
    }
  }
}

void Mesh::retaste(const Class& cls) {
  events_.post([this, name = cls.name()] { return retaste_event(name); });
}

Task<void> Mesh::retaste_event(std::string class_name) {
  const Class* cls = find_class(class_name);
  if (cls == nullptr) co_return;
  for (Geom& geom : geoms_) {
    for (Provider& provider : geom.providers_) {
      if (!provider.published_ || !provider.access_.closed()) continue;
      for (Consumer& consumer : provider.consumers_) {
        if (&consumer.geom().cls() == cls) wither(consumer.geom());
      }
      events_.post([this, id = provider.id_, class_name] { return taste_event(id, class_name); });
    }
  }
}

}  // namespace biotope
