#pragma once

#include <cstdint>
#include <string_view>

#include "model/access.h"

namespace biotope {

class Class;
class Consumer;
class Geom;
class Provider;
struct Bio;

// Everything that happens, as one stream. Which members of a Fact are set is said beside each kind;
// `text` may be set with any of them.
enum class FactKind : std::uint8_t {
  class_loaded,        // cls
  geom_created,        // geom
  geom_withers,        // geom
  geom_freed,          // geom, last sight of it
  provider_created,    // geom, provider
  provider_published,  // geom, provider: it may be opened from now on
  provider_orphaned,   // geom, provider, error
  provider_freed,      // geom, provider, last sight of it
  attached,            // geom, consumer, provider
  detached,            // geom, consumer, provider
  consumer_orphaned,   // geom, consumer, provider: the geom is about to be told
  consumer_spoiled,    // geom, consumer, provider: somebody else opened it for writing
  tasting,             // cls, provider: the class is about to look
  tasted,              // cls, provider, geom: the geom it made, or null
  access_asked,        // geom, provider, before, after: the geom is asked whether that would do
  access_granted,      // geom (who holds), consumer, provider, before, after
  access_refused,      // geom (who refuses), provider, error, text is the reason
  properties_changed,  // geom, provider
  resized,             // geom, provider
  media_changed,       // geom, provider
  eject_asked,         // provider
  eject_refused,       // provider, error, text
  ejected,             // provider: all users have let go
  suspended,           // consumer, provider
  resumed,             // consumer, provider, duration_ns of the pause
  surgery_done,        // geom
  surgery_failed,      // geom, error, text: the mesh is as it was
  bio_issued,          // bio, consumer, provider: on the edge it was issued to
  bio_remapped,        // bio, consumer, provider: on each further edge
  bio_parked,          // bio, consumer: waits at a suspended edge
  bio_replayed,        // bio: out of memory below, goes again from the top
  bio_passed,          // bio, consumer, provider, error, duration_ns: it has left this edge upwards
  bio_done,            // bio, consumer, error: its issuer is about to be told
  note,                // geom or none: what a module or the machine has to tell in words
  machine,             // text and component: media, power, faults
};

const char* fact_name(FactKind kind);

// Valid during the call of Observer::on_fact only: whoever wants to keep something copies it.
struct Fact {
  FactKind kind{};
  int error = 0;
  std::int64_t time_ns = 0;
  std::uint64_t number = 0;  // 1, 2, 3, ... over the whole run
  const Class* cls = nullptr;
  const Geom* geom = nullptr;
  const Provider* provider = nullptr;
  const Consumer* consumer = nullptr;
  const Bio* bio = nullptr;
  Access before;
  Access after;
  std::int64_t duration_ns = 0;
  std::string_view component;
  std::string_view text;
};

// Watches, and changes nothing.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_fact(const Fact& fact) = 0;
};

}  // namespace biotope
