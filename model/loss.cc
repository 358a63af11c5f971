// Loss and change: how what happens to a provider reaches those above, and how what is lost is
// cleared away from the top down.
#include "model/check.h"
#include "model/mesh.h"

namespace biotope {

namespace {

std::vector<std::uint64_t> ids_of(const LinkedList<Consumer, ByProvider>& consumers) {
  std::vector<std::uint64_t> ids;
  for (const Consumer& consumer : consumers) ids.push_back(consumer.id());
  return ids;
}

}  // namespace

// Orphans ----------------------------------------------------------------------------------------

void Mesh::orphan(Provider& provider, int error) {
  if (provider.orphaned_) return;
  provider.orphaned_ = true;
  // Requests answered with one of these would go on, or go again for ever.
  provider.error_ = error == 0 || error == ENOMEM ? ENXIO : error;
  for (Consumer& consumer : provider.consumers_) consumer.refresh_gate();
  tell(FactKind::provider_orphaned, provider.geom(), &provider, nullptr, provider.error_);
  events_.post_loss([this, id = provider.id_] { return orphan_event(id); });
  end_ejection_of(provider);
}

Task<void> Mesh::orphan_event(std::uint64_t provider_id) {
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr) co_return;
  for (const std::uint64_t id : ids_of(provider->consumers_)) {
    if (Consumer* consumer = consumer_by_id(id)) lose(*consumer);
  }
  wash(provider->geom());
}

void Mesh::lose(Consumer& consumer) {
  if (consumer.orphaned_) return;
  consumer.orphaned_ = true;
  consumer.refresh_gate();
  tell(FactKind::consumer_orphaned, consumer.geom(), consumer.provider_, &consumer);
  consumer.geom().orphaned(consumer);
}

// Withering --------------------------------------------------------------------------------------

void Mesh::wither(Geom& geom) {
  if (geom.withering_) return;
  geom.withering_ = true;
  tell(FactKind::geom_withers, geom);
  for (Provider& provider : geom.providers_) orphan(provider, ENXIO);
  wash(geom);
}

Status Mesh::destroy(Geom& geom) {
  for (const Provider& provider : geom.providers_) {
    for (const Consumer& above : provider.consumers_) {
      if (above.access_.closed()) continue;
      return fail(EBUSY, geom.title(), " can not be destroyed: ", above.geom().title(), " has ",
                  provider.name(), " open (", above.access_.text(), "); close that first");
    }
  }
  wither(geom);
  return {};
}

void Mesh::drop(Consumer& consumer) {
  consumer.leaving_ = true;
  consumer.orphaned_ = true;
  consumer.refresh_gate();
  wash(consumer.geom());
}

void Mesh::wash(Geom& geom) {
  if (geom.wash_queued_) return;
  geom.wash_queued_ = true;
  events_.post_washing([this, id = geom.id_] { return wash_event(id); });
}

// A geom is cleared from the top: its providers go when nobody is attached any more, its consumers
// after its providers, the geom last. Whatever is still in use asks for another wash when it is
// not.
Task<void> Mesh::wash_event(std::uint64_t geom_id) {
  Geom* geom = geom_by_id(geom_id);
  if (geom == nullptr) co_return;
  geom->wash_queued_ = false;
  if (geom->stays_ > 0) {
    geom->wash_put_off_ = true;
    co_return;
  }
  for (auto p = geom->providers_.begin(); p != geom->providers_.end();) {
    Provider& provider = *p++;
    if (provider.orphaned_ && provider.consumers_.empty()) free_provider(provider);
  }
  const bool all = geom->withering_ && geom->providers_.empty();
  for (auto c = geom->consumers_.begin(); c != geom->consumers_.end();) {
    Consumer& consumer = *c++;
    if (all || consumer.leaving_) take_away(consumer);
  }
  if (all && geom->consumers_.empty()) free_geom(*geom);
}

void Mesh::take_away(Consumer& consumer) {
  if (!consumer.idle()) {
    consumer.wants_idle_ = true;
    return;
  }
  if (consumer.provider_ != nullptr) {
    const Status closed = close(consumer);
    BIOTOPE_CHECK(closed.has_value(), "closing is never refused");
    tell_detached(consumer);
    unlink(consumer);
  }
  free_consumer(consumer);
}

void Mesh::edge_idle(Consumer& edge) {
  edge.wants_idle_ = false;
  if (const auto waiting = std::exchange(edge.drained_, nullptr)) {
    later_.post([waiting] { waiting.resume(); });
  }
  if (edge.leaving_ || edge.geom().withering_) wash(edge.geom());
}

// Spoiling ---------------------------------------------------------------------------------------

void Mesh::spoil(Consumer& consumer) {
  if (consumer.spoiled_ || consumer.orphaned_) return;
  consumer.spoiled_ = true;
  events_.post([this, id = consumer.id_] { return spoil_event(id); });
}

void Mesh::doubt(Provider& provider) {
  for (Consumer& consumer : provider.consumers_) {
    if (consumer.access_.w == 0) spoil(consumer);
  }
}

Task<void> Mesh::spoil_event(std::uint64_t consumer_id) {
  Consumer* consumer = consumer_by_id(consumer_id);
  if (consumer == nullptr || !consumer->spoiled_) co_return;
  consumer->spoiled_ = false;
  tell(FactKind::consumer_spoiled, consumer->geom(), consumer->provider_, consumer);
  consumer->geom().spoiled(*consumer);
}

// Change -----------------------------------------------------------------------------------------

Status Mesh::media_changed(Provider& provider, Properties properties) {
  if (Status fine = validate(properties, provider.name_); !fine) return fine;
  if (provider.orphaned_) return fail(ENXIO, provider.name_, " is gone; it holds no medium");
  provider.set_properties(std::move(properties));
  ++provider.medium_;
  tell(FactKind::media_changed, provider.geom(), &provider);
  std::vector<std::uint64_t> losing;
  for (Consumer& consumer : provider.consumers_) {
    if (consumer.orphaned_) continue;
    consumer.spoiled_ = true;
    consumer.orphaned_ = true;
    consumer.refresh_gate();
    losing.push_back(consumer.id_);
  }
  events_.post_loss(
      [this, id = provider.id_, losing = std::move(losing)] { return media_event(id, losing); });
  end_ejection_of(provider);
  return {};
}

Task<void> Mesh::media_event(std::uint64_t provider_id, std::vector<std::uint64_t> losing) {
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr) co_return;
  for (const std::uint64_t id : losing) {
    Consumer* consumer = consumer_by_id(id);
    // Who has attached anew meanwhile has come to the new medium.
    if (consumer == nullptr || consumer->provider_ != provider || !consumer->spoiled_) continue;
    consumer->spoiled_ = false;
    consumer->orphaned_ = false;
    lose(*consumer);
  }
  taste(*provider);
}

Status Mesh::resize(Provider& provider, std::int64_t media_size_bytes) {
  Properties resized = provider.properties_;
  resized.media_size_bytes = media_size_bytes;
  if (Status fine = validate(resized, provider.name_); !fine) return fine;
  events_.post([this, id = provider.id_, medium = provider.medium_, media_size_bytes] {
    return resize_event(id, medium, media_size_bytes);
  });
  return {};
}

Task<void> Mesh::resize_event(std::uint64_t provider_id, std::uint64_t medium,
                              std::int64_t media_size_bytes) {
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr || provider->orphaned_ || provider->medium_ != medium) co_return;
  const std::int64_t before_bytes = provider->media_size_bytes();
  if (before_bytes == media_size_bytes) co_return;
  Properties resized = provider->properties_;
  resized.media_size_bytes = media_size_bytes;
  provider->set_properties(std::move(resized));
  tell(FactKind::resized, provider->geom(), provider);
  for (const std::uint64_t id : ids_of(provider->consumers_)) {
    Consumer* consumer = consumer_by_id(id);
    if (consumer == nullptr || consumer->geom().withering()) continue;
    const bool follows = consumer->geom().resized(*consumer);
    if (!follows && media_size_bytes < before_bytes) lose(*consumer);
  }
  taste(*provider);
}

Status Mesh::change_properties(Provider& provider, Properties properties) {
  if (Status fine = validate(properties, provider.name_); !fine) return fine;
  if (properties.media_size_bytes != provider.media_size_bytes()) {
    return fail(EINVAL, provider.name_, ": its size is changed by resizing it");
  }
  if (properties == provider.properties_) return {};
  provider.set_properties(std::move(properties));
  announce(provider);
  return {};
}

void Mesh::announce(Provider& provider) {
  tell(FactKind::properties_changed, provider.geom(), &provider);
  events_.post([this, id = provider.id_] { return properties_event(id); });
}

Task<void> Mesh::properties_event(std::uint64_t provider_id) {
  Provider* provider = provider_by_id(provider_id);
  if (provider == nullptr) co_return;
  for (const std::uint64_t id : ids_of(provider->consumers_)) {
    Consumer* consumer = consumer_by_id(id);
    if (consumer == nullptr) continue;
    Geom& geom = consumer->geom();
    for (Provider& own : geom.providers_) {
      Properties derived = geom.derive(own);
      if (derived == own.properties_) continue;
      own.set_properties(std::move(derived));
      announce(own);
    }
    geom.properties_changed(*consumer);
  }
}

}  // namespace biotope
