#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/class.h"
#include "model/event_queue.h"
#include "model/executor.h"
#include "model/fact_stream.h"
#include "model/geom.h"
#include "model/request_path.h"

namespace biotope {

// How many of everything there are. Two censuses are equal when nothing was left behind.
struct Census {
  std::uint64_t geoms = 0;
  std::uint64_t providers = 0;
  std::uint64_t consumers = 0;
  std::uint64_t bios = 0;    // taken from the pool
  std::uint64_t trails = 0;  // requests in flight hold at least one
  std::uint64_t events = 0;
  friend bool operator==(const Census&, const Census&) = default;
};

// All geoms, providers and consumers and what holds them together. One thread; everything that is
// not a request happens as an event of one queue, in simulated time given by the executor.
//
// Changes come in two kinds. What a geom does to itself (new_provider, attach, access, ...) happens
// at once. What concerns everyone (publish, orphan, wither, resize, media, eject, surgery) is noted
// at once, so that no new request slips through, and carried out by the event queue; settle() waits
// for that.
class Mesh final : private RequestPath::IdleListener {
 public:
  // `executor` must outlive the mesh.
  explicit Mesh(Executor& executor);
  // Frees everything at once and tells nobody. Drivers must not deliver afterwards.
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  Executor& executor() { return executor_; }
  FactStream& facts() { return facts_; }
  RequestPath& path() { return path_; }
  EventQueue& events() { return events_; }

  // Classes ------------------------------------------------------------------------------------
  // EEXIST for a second class of one name. Every provider there is is then offered to it.
  Status load(std::unique_ptr<Class> cls);
  // EBUSY while a geom of the class is open, or has something open; else its geoms wither and the
  // class goes with the last of them. ENOENT when there is none.
  Status unload(std::string_view class_name);
  // Null when there is none, or it is being unloaded.
  const Class* find_class(std::string_view class_name) const;
  std::vector<const Class*> classes() const;  // in the order of loading
  // Sets the options of a class; what is not given is as its table says. ENOENT for a class that is
  // not loaded, EINVAL for what does not fit the table.
  Status configure(std::string_view class_name, const Values& given);
  // Makes a geom by name of its class, with the parameters checked against the class's table.
  Result<Geom*> create(std::string_view class_name, std::string name, std::vector<Provider*> below,
                       const Values& given = {});

  // Objects ------------------------------------------------------------------------------------
  // Takes the geom over; it has neither providers nor consumers yet.
  Geom& add(std::unique_ptr<Geom> geom);
  // A provider with error ENXIO until it is published. EINVAL for impossible properties, EEXIST
  // while a live provider has the name, ENXIO when the geom withers.
  Result<Provider*> new_provider(Geom& geom, std::string name, Properties properties);
  // The provider may be opened from now on, and will be tasted.
  void publish(Provider& provider);
  // An unattached consumer. ENXIO when the geom withers.
  Result<Consumer*> new_consumer(Geom& geom);
  // ENXIO when the provider is lost, ELOOP when the geom would come to stand on itself, EBUSY when
  // the consumer is attached already.
  Status attach(Consumer& consumer, Provider& provider);
  // EBUSY while the consumer is open or has requests in flight.
  Status detach(Consumer& consumer);
  // new_consumer and attach, or neither.
  Result<Consumer*> new_consumer(Geom& geom, Provider& provider);
  // The geom is to go: its providers are lost, and it is freed when nothing hangs on it any more.
  // What its consumers still have open is closed for it once they are idle.
  void wither(Geom& geom);
  // As wither, but EBUSY with the holder's name when a provider of the geom is open.
  Status destroy(Geom& geom);
  // The consumer is to go, and its geom stays: it is closed, detached and freed once it is idle.
  void drop(Consumer& consumer);

  // Null when there is none. Of several providers of one name the live one is meant.
  Provider* provider(std::string_view name) const;
  Geom* geom(std::string_view class_name, std::string_view name) const;
  // By number; null when the object is gone. Numbers are never used twice.
  Provider* provider_by_id(std::uint64_t id) const;
  Consumer* consumer_by_id(std::uint64_t id) const;
  Geom* geom_by_id(std::uint64_t id) const;
  const LinkedList<Geom, ByMesh>& geoms() const { return geoms_; }
  LinkedList<Geom, ByMesh>& geoms() { return geoms_; }
  Census census() const;

  // Access -------------------------------------------------------------------------------------
  // Adds `change` to what `consumer` has open: the whole plan or nothing. See AccessPlan. EPERM,
  // EROFS, EBUSY or the provider's error with who refuses and why; EINVAL for a count below zero;
  // EBUSY for a last close with requests in flight. Pure closing is never refused otherwise.
  Status access(Consumer& consumer, Access change);
  Status close(Consumer& consumer) { return access(consumer, Access{} - consumer.access()); }

  // Requests (RequestPath) ---------------------------------------------------------------------
  void submit(Bio& bio, Consumer& edge) { path_.submit(bio, edge); }
  void deliver(Bio& bio, int error) { path_.deliver(bio, error); }

  // Discovery ----------------------------------------------------------------------------------
  // Offers `provider` to every class that tastes, in order of loading. Providers that are lost or
  // being written are left alone, and so is a class that has a geom on it already.
  void taste(Provider& provider);
  // For every provider that nobody has open: the class's geom on it withers, if there is one, and
  // it is offered to the class again.
  void retaste(const Class& cls);
  // Without tasting, unless retaste asks for it, stacks are built by hand (paper section 6, static
  // stacking).
  void set_tasting(bool on) { tasting_ = on; }

  // Loss and change ----------------------------------------------------------------------------
  // `provider` is gone: from now on requests and opens get `error`; those attached are told, in an
  // event that goes before others. Once.
  void orphan(Provider& provider, int error = ENXIO);
  // The size changes: announced, shrinking is the end for those that can not follow, then tasting.
  // EINVAL for a size that is no whole number of sectors.
  Status resize(Provider& provider, std::int64_t media_size_bytes);
  // The same provider holds another medium, with other properties perhaps: for everyone attached it
  // is as lost, but the provider stays and is tasted again. EINVAL for impossible properties.
  Status media_changed(Provider& provider, Properties properties);
  // Any property but the size. Announced to those attached if it is a change.
  Status change_properties(Provider& provider, Properties properties);

  enum class OnTimeout { refuse, surprise };
  struct EjectOptions {
    std::int64_t deadline_ns = 0;  // 0: however long it takes
    OnTimeout on_timeout = OnTimeout::refuse;
  };
  // The medium of `provider` is about to leave. Everyone above is first asked, which changes
  // nothing if one objects (EBUSY, who and why), then told to finish and close; then the provider
  // is lost in good order. `then` gets success when the medium may leave. At the deadline
  // ETIMEDOUT, or the provider is torn away from the users and that counts as success.
  void eject(Provider& provider, EjectOptions options, std::function<void(Status)> then);

  // Surgery on a mesh in use -------------------------------------------------------------------
  // Puts `geom` in the middle of an edge: the consumer then stands on `upper`, a provider of
  // `geom`, and `lower`, an unattached consumer of `geom`, on what was below. Requests wait
  // meanwhile; none is lost, reordered or refused. All or nothing.
  void interpose(Consumer& edge, Provider& upper, Consumer& lower,
                 std::function<void(Status)> then);
  // Takes a geom out of the middle: its users then stand on what its bypass() says. The geom is
  // freed. All or nothing.
  void remove(Geom& geom, std::function<void(Status)> then);
  // Puts `with`, which stands on nothing and has no users, in the place of `geom`: it gets what
  // that stands on, consumer by consumer in order, and its users, provider by provider. Meant for
  // another class with the same map. `geom` is freed. All or nothing.
  void exchange(Geom& geom, Geom& with, std::function<void(Status)> then);

  // Guards -------------------------------------------------------------------------------------
  // `guard` looks after the provider below `consumer`, whatever that is, against all its other
  // edges; or after a provider of one's own, against all of them. Null for none any more. To be set
  // again when SectorGuard::guards_reads() changes. Must outlive the consumer or provider.
  void guard(Consumer& consumer, SectorGuard* guard);
  void guard(Provider& provider, SectorGuard* guard);
  // What `provider` holds may have changed though nobody has opened it for writing: those who do
  // not write to it are told as if somebody had.
  void doubt(Provider& provider);
  // An edge of the mesh's own that is open for reading, past all guards, until look_away. It stays
  // though the provider is lost; then reads fail.
  Result<Consumer*> look(Provider& provider);
  void look_away(Consumer& edge);

  // Waiting ------------------------------------------------------------------------------------
  // True when no event is queued or running.
  bool settled() const { return events_.idle(); }
  // Runs the executor until settled. False when it ran dry before: some request never completed.
  bool settle();

  // For modules --------------------------------------------------------------------------------
  // Has the geom of that consumer finish and close, see Geom::let_go; done when there is none.
  Task<Status> let_go(std::uint64_t consumer_id);
  // Tells the observers something in words.
  void note(const Geom& geom, std::string_view text);
  void emit(const Fact& fact) { facts_.emit(fact); }

 private:
  friend class AccessPlan;
  friend class Rank;
  friend class Stay;
  friend class Surgery;

  void edge_idle(Consumer& edge) override;
  struct Change {
    Provider* provider;
    Access before;
  };
  // What a plan has changed.
  struct Granted {
    std::vector<Consumer*> edges;
    std::vector<Change> changes;
  };
  // All of it or nothing; those concerned are yet to be told, by after_grant().
  Result<Granted> grant(const std::vector<AccessPlan::Wish>& wishes);
  void after_grant(const Granted& granted);
  Granted commit(AccessPlan& plan);
  void after_change(Provider& provider, Access before);
  void note_access(const Consumer& consumer, Access before);
  void tell(FactKind kind, const Geom& geom, const Provider* provider = nullptr,
            const Consumer* consumer = nullptr, int error = 0);
  void tell_class(FactKind kind, const Class& cls, const Provider* provider, const Geom* geom);
  static Status nothing_open(const Geom& geom);
  Result<Class*> class_named(std::string_view class_name) const;
  void wither_all(const Class& cls);
  void forget_if_unused(const Class& cls);
  Status may_attach(const Consumer& consumer, const Provider& provider) const;
  void link(Consumer& consumer, Provider& provider);
  static void count_guards(Provider& provider, int change);
  void unlink(Consumer& consumer);
  void tell_detached(const Consumer& consumer);
  Provider* live_provider(const std::string& name) const;

  bool worth_tasting(const Provider& provider) const;
  Task<void> taste_event(std::uint64_t provider_id, std::string only_class);
  Task<void> offer(Taster& taster, std::string only_class);
  Task<void> offer_to(Taster& taster, Class& cls);
  void doubt_made(Geom& made, const Taster& taster);
  Task<void> retaste_event(std::string class_name);

  void operate(std::uint64_t geom_id, std::function<void(Status)> then,
               std::function<Task<Status>()> operation);
  Task<void> eject_event(std::uint64_t provider_id, EjectOptions options,
                         std::function<void(Status)> then);
  struct Ejection;
  Task<void> let_all_go(std::shared_ptr<Ejection> ejection);
  void end_ejection_of(const Provider& lost);
  Status leave_in_order(Provider& provider);

  Task<void> orphan_event(std::uint64_t provider_id);
  void spoil(Consumer& consumer);
  Task<void> spoil_event(std::uint64_t consumer_id);
  void lose(Consumer& consumer);
  Task<void> media_event(std::uint64_t provider_id, std::vector<std::uint64_t> losing);
  Task<void> resize_event(std::uint64_t provider_id, std::uint64_t medium,
                          std::int64_t media_size_bytes);
  Task<void> properties_event(std::uint64_t provider_id);
  void announce(Provider& provider);
  void wash(Geom& geom);
  Task<void> wash_event(std::uint64_t geom_id);
  void take_away(Consumer& consumer);
  void free_consumer(Consumer& consumer);
  void free_provider(Provider& provider);
  void free_geom(Geom& geom);

  Executor& executor_;
  Lifeline later_{executor_};
  FactStream facts_;
  RequestPath path_;
  EventQueue events_;
  std::shared_ptr<Ejection> ejection_;  // the one that waits for its users
  std::list<Task<void>> overdue_;       // users that did not let go by the deadline of an eject
  bool tasting_ = true;
  Class tasting_class_{"taste"};  // of the geoms that hold a provider while classes look at it
  std::uint64_t last_id_ = 0;
  std::uint64_t last_walk_ = 0;
  std::vector<std::unique_ptr<Class>> classes_;
  LinkedList<Geom, ByMesh> geoms_;
  std::unordered_multimap<std::string, Provider*> providers_by_name_;
  std::unordered_map<std::uint64_t, Provider*> providers_;
  std::unordered_map<std::uint64_t, Consumer*> consumers_;
  std::unordered_map<std::uint64_t, Geom*> geoms_by_id_;
};

}  // namespace biotope
