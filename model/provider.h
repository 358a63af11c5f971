#pragma once

#include <cstdint>
#include <string>

#include "model/access.h"
#include "model/links.h"
#include "model/properties.h"

namespace biotope {

class SectorGuard;

// What a geom offers upward: a "disk". Belongs to exactly one geom; any number of consumers may be
// attached. Born with error ENXIO; Mesh::publish makes it usable, Mesh::orphan takes it away for
// good. A device that comes back is a new provider, whatever its name.
class Provider : public Link<ByGeom> {
 public:
  Provider(Geom& geom, std::uint64_t id, std::string name, Properties properties);
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  Geom& geom() const { return *geom_; }
  std::uint64_t id() const { return id_; }
  const std::string& name() const { return name_; }
  const Properties& properties() const { return properties_; }
  std::int64_t media_size_bytes() const { return properties_.media_size_bytes; }
  std::int64_t sector_size_bytes() const { return properties_.sector_size_bytes; }

  // 0 while usable, else what every new request and open gets.
  int error() const { return error_; }
  bool orphaned() const { return orphaned_; }
  // Sum over the attached consumers.
  Access access() const { return access_; }
  const LinkedList<Consumer, ByProvider>& consumers() const { return consumers_; }
  LinkedList<Consumer, ByProvider>& consumers() { return consumers_; }

  // A fact of the owning geom about this provider: which partition it is, where it starts.
  // The core never looks at it.
  std::uint64_t index = 0;

 private:
  friend class Mesh;
  friend class AccessPlan;
  friend class Consumer;
  friend class RequestPath;
  friend class Surgery;

  // What every request is checked against, precomputed.
  struct Extent {
    std::uint64_t size_bytes = 0;
    // Bits that an offset or a length at a glance fine does not have: those below the sector size,
    // those that would make a sum overflow, and all of them where the sector is no power of two.
    std::uint64_t forbidden_bits = 0;
  };
  void set_properties(Properties properties);

  Extent extent_;
  Geom* geom_;
  std::uint64_t id_;
  std::string name_;
  Properties properties_;
  int error_;
  bool orphaned_ = false;
  bool published_ = false;
  bool taste_queued_ = false;
  std::uint64_t medium_ = 0;  // which medium, counted
  Access access_;
  Access would_be_delta_;         // of the access plan being made
  SectorGuard* guard_ = nullptr;  // of the geom that offers it
  std::uint32_t guards_ = 0;      // that one, and those of geoms that are attached
  LinkedList<Consumer, ByProvider> consumers_;
};

}  // namespace biotope
