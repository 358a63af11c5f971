#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classes/slicer/table.h"
#include "model/mesh.h"

namespace biotope {

// The geom of every partition class: one consumer below, and one provider for each entry of its
// table, which lies at a fixed place of what is below. All it keeps of the convention is the table.
//
// Opens: the union rule, and an open is refused while a partition that shares bytes with it is open
// in a way that would not go together with it on one disk (geom.md A4).
//
// Attributes answered here, as texts (Taster::attribute): PART::scheme, PART::type, PART::label,
// PART::index, PART::offset (bytes from the start of the provider below), PART::depth (tables below
// this one), PART::isleaf ("1": look for no table in here). All others are passed on.
class Slicer : public Geom {
 public:
  // Makes a slicer on `below` with all its providers, published and named `below`'s name and the
  // slice's suffix (that of what the table below lies on, where they are named beside each other);
  // or leaves nothing. `depth` is what PART::depth says. EEXIST when a live provider has one of the
  // names, ENXIO when `below` is lost.
  static Result<Slicer*> build(Mesh& mesh, const Class& cls, Provider& below, Table table,
                               int depth);

  // Null for a geom of another kind.
  static const Slicer* of(const Geom& geom) { return dynamic_cast<const Slicer*>(&geom); }

  Slicer(Mesh& mesh, const Class& cls, std::string name, Table table, int depth)
      : Geom(mesh, cls, std::move(name)), table_(std::move(table)), depth_(depth) {}

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  Properties derive(const Provider& own) const override;
  // Partitions that still fit stay; those that do not are lost.
  bool resized(Consumer& consumer) override;
  std::string status() const override;
  std::string about(const Provider& own) const override;

  const Table& table() const { return table_; }
  // The entry that one of this geom's providers stands for. Some of the table's entries may have no
  // provider any more, since what is below has shrunk.
  const Slice& slice_of(const Provider& own) const;
  // What the table lies on; null when that is gone.
  const Provider* below() const;

 private:
  Status populate(Provider& below);
  std::string base_name(const Provider& below) const;
  void find_overlaps();
  Status check_overlap(const AccessPlan& plan, const Provider& opened,
                       const Provider& sibling) const;
  Verdict answer(Bio& bio, Provider& provider);

  Table table_;
  int depth_;
  // Provider::index is where the slice starts, in bytes: all that a request needs to know.
  std::map<std::uint64_t, std::size_t> slice_by_provider_;            // numbers of providers
  std::vector<std::pair<std::uint64_t, std::uint64_t>> overlapping_;  // numbers of providers
};

// Where `provider` starts on the disk under all the tables it is in, in bytes.
std::int64_t start_on_disk_bytes(const Provider& provider);

}  // namespace biotope
