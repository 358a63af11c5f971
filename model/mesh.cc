#include "model/mesh.h"

#include <algorithm>

#include "model/check.h"
#include "model/rank.h"

namespace biotope {

Mesh::Mesh(Executor& executor)
    : executor_(executor), facts_(executor), path_(executor, facts_, *this), events_(executor) {}

Mesh::~Mesh() {
  overdue_.clear();
  events_.clear();
  while (!geoms_.empty()) {
    Geom& geom = geoms_.front();
    while (!geom.consumers_.empty()) {
      Consumer& consumer = geom.consumers_.front();
      if (consumer.provider_ != nullptr) {
        consumer.provider_->consumers_.erase(consumer.provider_->consumers_.iterator_to(consumer));
      }
      geom.consumers_.pop_front_and_dispose([](Consumer* c) { delete c; });
    }
    while (!geom.providers_.empty()) {
      // Those above that are still there keep a stale pointer, which only this loop could follow.
      for (Consumer& above : geom.providers_.front().consumers_) above.provider_ = nullptr;
      geom.providers_.front().consumers_.clear();
      geom.providers_.pop_front_and_dispose([](Provider* p) { delete p; });
    }
    geoms_.pop_front_and_dispose([](Geom* g) { delete g; });
  }
}

// Objects ----------------------------------------------------------------------------------------

Geom& Mesh::add(std::unique_ptr<Geom> owned) {
  Geom& geom = *owned.release();
  geom.id_ = ++last_id_;
  geoms_.push_back(geom);
  geoms_by_id_.emplace(geom.id_, &geom);
  ++geom.class_->geom_count_;
  tell(FactKind::geom_created, geom);
  return geom;
}

Provider* Mesh::live_provider(const std::string& name) const {
  const auto [first, last] = providers_by_name_.equal_range(name);
  const auto live = std::find_if(first, last, [](const auto& p) { return !p.second->orphaned_; });
  return live == last ? nullptr : live->second;
}

Result<Provider*> Mesh::new_provider(Geom& geom, std::string name, Properties properties) {
  if (geom.withering_) return fail(ENXIO, geom.title(), " is going away and offers nothing new");
  if (Status fine = validate(properties, name); !fine) return pass_on(fine);
  if (const Provider* other = live_provider(name)) {
    return fail(EEXIST, geom.title(), " can not offer '", name, "': ", other->geom().title(),
                " offers one of that name already");
  }
  auto* provider = new Provider(geom, ++last_id_, std::move(name), std::move(properties));
  geom.providers_.push_back(*provider);
  providers_.emplace(provider->id_, provider);
  providers_by_name_.emplace(provider->name_, provider);
  tell(FactKind::provider_created, geom, provider);
  return provider;
}

void Mesh::publish(Provider& provider) {
  if (provider.published_ || provider.orphaned_) return;
  provider.published_ = true;
  provider.error_ = 0;
  tell(FactKind::provider_published, provider.geom(), &provider);
  taste(provider);
}

Result<Consumer*> Mesh::new_consumer(Geom& geom) {
  if (geom.withering_) return fail(ENXIO, geom.title(), " is going away and attaches to nothing");
  auto* consumer = new Consumer(geom, ++last_id_);
  geom.consumers_.push_back(*consumer);
  consumers_.emplace(consumer->id_, consumer);
  return consumer;
}

Result<Consumer*> Mesh::new_consumer(Geom& geom, Provider& provider) {
  Result<Consumer*> consumer = new_consumer(geom);
  if (!consumer) return consumer;
  if (Status attached = attach(**consumer, provider); !attached) {
    free_consumer(**consumer);
    return pass_on(attached);
  }
  return consumer;
}

Status Mesh::may_attach(const Consumer& consumer, const Provider& provider) const {
  const std::string who = consumer.geom().title();
  if (consumer.provider_ != nullptr) {
    return fail(EBUSY, who, " can not attach to ", provider.name(), ": it is attached to ",
                consumer.provider_->name(), " already");
  }
  if (provider.orphaned_ || provider.geom().withering_) {
    return fail(ENXIO, who, " can not attach to ", provider.name(), ": it is gone");
  }
  if (consumer.geom().withering_) return fail(ENXIO, who, " is going away and attaches to nothing");
  return {};
}

Status Mesh::attach(Consumer& consumer, Provider& provider) {
  if (Status fine = may_attach(consumer, provider); !fine) return fine;
  if (Rank(*this).reaches(provider.geom(), consumer.geom())) {
    return fail(ELOOP, consumer.geom().title(), " can not attach to ", provider.name(),
                ": it would stand on itself");
  }
  link(consumer, provider);
  tell(FactKind::attached, consumer.geom(), &provider, &consumer);
  return {};
}

void Mesh::link(Consumer& consumer, Provider& provider) {
  consumer.provider_ = &provider;
  consumer.orphaned_ = false;
  consumer.spoiled_ = false;
  provider.consumers_.push_back(consumer);
  if (consumer.guard_ != nullptr) count_guards(provider, 1);
  consumer.refresh_gate();
  Rank(*this).attached(consumer.geom(), provider.geom());
}

Status Mesh::detach(Consumer& consumer) {
  if (consumer.provider_ == nullptr) return {};
  if (!consumer.access_.closed()) {
    return fail(EBUSY, consumer.name(), " can not be detached: it is open ",
                consumer.access_.text());
  }
  if (!consumer.idle()) {
    return fail(EBUSY, consumer.name(), " can not be detached: ", consumer.in_flight_,
                " of its requests are in flight");
  }
  tell_detached(consumer);
  unlink(consumer);
  return {};
}

void Mesh::tell_detached(const Consumer& consumer) {
  tell(FactKind::detached, consumer.geom(), consumer.provider_, &consumer);
}

void Mesh::unlink(Consumer& consumer) {
  Provider& provider = *consumer.provider_;
  provider.consumers_.erase(provider.consumers_.iterator_to(consumer));
  consumer.provider_ = nullptr;
  consumer.orphaned_ = false;
  consumer.spoiled_ = false;
  if (consumer.guard_ != nullptr) count_guards(provider, -1);
  consumer.refresh_gate();
  Rank(*this).detached(consumer.geom(), provider.geom());
  if (provider.orphaned_ || provider.geom().withering_) wash(provider.geom());
}

void Mesh::guard(Consumer& consumer, SectorGuard* guard) {
  const int change = (guard != nullptr ? 1 : 0) - (consumer.guard_ != nullptr ? 1 : 0);
  consumer.guard_ = guard;
  if (consumer.provider_ != nullptr) count_guards(*consumer.provider_, change);
}

void Mesh::guard(Provider& provider, SectorGuard* guard) {
  const int change = (guard != nullptr ? 1 : 0) - (provider.guard_ != nullptr ? 1 : 0);
  provider.guard_ = guard;
  count_guards(provider, change);
}

void Mesh::count_guards(Provider& provider, int change) {
  provider.guards_ += static_cast<std::uint32_t>(change);
  for (Consumer& consumer : provider.consumers_) consumer.refresh_gate();
}

void Mesh::free_consumer(Consumer& consumer) {
  consumers_.erase(consumer.id_);
  consumer.geom_->consumers_.erase(consumer.geom_->consumers_.iterator_to(consumer));
  delete &consumer;
}

void Mesh::free_provider(Provider& provider) {
  tell(FactKind::provider_freed, provider.geom(), &provider);
  providers_.erase(provider.id_);
  const auto [first, last] = providers_by_name_.equal_range(provider.name_);
  providers_by_name_.erase(
      std::find_if(first, last, [&](const auto& p) { return p.second == &provider; }));
  provider.geom_->providers_.erase(provider.geom_->providers_.iterator_to(provider));
  delete &provider;
}

void Mesh::free_geom(Geom& geom) {
  tell(FactKind::geom_freed, geom);
  geoms_by_id_.erase(geom.id_);
  geoms_.erase(geoms_.iterator_to(geom));
  const Class& cls = geom.cls();
  --cls.geom_count_;
  delete &geom;
  forget_if_unused(cls);
}

// Look-ups ---------------------------------------------------------------------------------------

Provider* Mesh::provider(std::string_view name) const {
  const std::string key(name);
  if (Provider* live = live_provider(key)) return live;
  const auto found = providers_by_name_.find(key);
  return found == providers_by_name_.end() ? nullptr : found->second;
}

Geom* Mesh::geom(std::string_view class_name, std::string_view name) const {
  for (const Geom& geom : geoms_) {
    if (geom.cls().name() == class_name && geom.name() == name && !geom.withering()) {
      return const_cast<Geom*>(&geom);
    }
  }
  return nullptr;
}

namespace {
template <class T>
T* find_by_id(const std::unordered_map<std::uint64_t, T*>& objects, std::uint64_t id) {
  const auto found = objects.find(id);
  return found == objects.end() ? nullptr : found->second;
}
}  // namespace

Provider* Mesh::provider_by_id(std::uint64_t id) const { return find_by_id(providers_, id); }
Consumer* Mesh::consumer_by_id(std::uint64_t id) const { return find_by_id(consumers_, id); }
Geom* Mesh::geom_by_id(std::uint64_t id) const { return find_by_id(geoms_by_id_, id); }

Census Mesh::census() const {
  return {geoms_by_id_.size(), providers_.size(),  consumers_.size(),
          path_.bios_out(),    path_.trails_out(), events_.queued()};
}

// Waiting and telling ----------------------------------------------------------------------------

bool Mesh::settle() {
  while (!settled()) {
    if (!executor_.step()) return false;
  }
  return true;
}

void Mesh::tell(FactKind kind, const Geom& geom, const Provider* provider, const Consumer* consumer,
                int error) {
  if (!facts_.watched()) return;
  Fact fact;
  fact.kind = kind;
  fact.error = error;
  fact.geom = &geom;
  fact.provider = provider;
  fact.consumer = consumer;
  facts_.emit(fact);
}

void Mesh::tell_class(FactKind kind, const Class& cls, const Provider* provider, const Geom* geom) {
  if (!facts_.watched()) return;
  Fact fact;
  fact.kind = kind;
  fact.cls = &cls;
  fact.provider = provider;
  fact.geom = geom;
  facts_.emit(fact);
}

void Mesh::note(const Geom& geom, std::string_view text) {
  Fact fact;
  fact.kind = FactKind::note;
  fact.geom = &geom;
  fact.text = text;
  facts_.emit(fact);
}

}  // namespace biotope
