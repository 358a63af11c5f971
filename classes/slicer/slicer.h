#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classes/slicer/document.h"
#include "classes/slicer/table_guard.h"
#include "model/mesh.h"

namespace biotope {

// The geom of every partition class: one consumer below, and one provider for each entry of its
// table, which lies at a fixed place of what is below. All it keeps of the convention is the table.
//
// Opens: the union rule, and an open is refused while a partition that shares bytes with it is open
// in a way that would not go together with it on one disk (geom.md A4).
//
// Attributes answered here, as texts (Taster::attribute): PART::scheme, PART::type, PART::label,
// PART::uuid (its own id), PART::index, PART::offset (bytes from the start of the provider below),
// PART::depth (tables below this one), PART::isleaf ("1": look for no table in here). All others
// are passed on.
//
// The verbs are those of gpart. What they change is held until commit() has written it or undo()
// has dropped it; meanwhile the disk below is open r1w1e1. Besides what Document says, EBUSY with
// the holder's name is the answer to what would take an open partition away, shrink, move or rename
// it; EPERM, EROFS or ENXIO when the disk below can not be opened so; EOPNOTSUPP for a table that
// was not read from a disk.
class Slicer : public Geom {
 public:
  // Makes a slicer on `below` with all its providers, published and named `below`'s name and the
  // slice's suffix (that of what the table below lies on, where they are named beside each other);
  // or leaves nothing. `depth` is what PART::depth says. EEXIST when a live provider has one of the
  // names, ENXIO when `below` is lost.
  static Result<Slicer*> build(Mesh& mesh, const Class& cls, Provider& below, Table table,
                               int depth);
  // Likewise, of a table that can be changed; its sectors are guarded if wanted.
  static Result<Slicer*> build(Mesh& mesh, const Class& cls, Provider& below, Document document,
                               bool guard);

  // Null for a geom of another kind.
  static const Slicer* of(const Geom& geom) { return dynamic_cast<const Slicer*>(&geom); }
  static Slicer* of(Geom& geom) { return dynamic_cast<Slicer*>(&geom); }

  Slicer(Mesh& mesh, const Class& cls, std::string name, Table table, int depth)
      : Geom(mesh, cls, std::move(name)), table_(std::move(table)), depth_(depth) {}

  // Verbs --------------------------------------------------------------------------------------
  Result<int> add(const NewPartition& wanted);
  Status remove(int index);
  Status resize(int index, std::int64_t length_bytes);
  Status modify(int index, const Modification& modification);
  Status boot(std::span<const std::byte> program);
  Status recover();
  Status erase(bool with_partitions);
  // Opens the disk below for what is held, as the first change does.
  Status hold();
  // Writes what is held, in an order that leaves a readable table wherever the power goes; then the
  // providers follow: new ones appear, those of removed partitions are lost, others change their
  // size. After erase() the geom goes. When a write fails what is held stays held.
  Task<Status> commit();
  // Drops what is held, and writes back what a failed commit() has written. The geom of a table
  // that was never on the disk goes.
  Task<Status> undo();
  // The table as it is to be and as it is on the disk; null when it can not be changed.
  const Document* document() const { return document_ ? &*document_ : nullptr; }

  // What others write -------------------------------------------------------------------------
  // Somebody else writes this table, see TableGuard: EBUSY with the holder's name when it would
  // take an open partition away or give it another type, or while changes are held. And once it is
  // written.
  Status may_adopt(const Document& written) const;
  void adopt(Document written);
  bool guarded() const { return guard_ != nullptr; }
  // True from when somebody else opened what the table lies on for writing until settle_doubt().
  bool doubted() const { return doubted_; }
  // `found` is what is there now. The providers follow if open ones can stay, else they stay as
  // they are until they are closed. Where there is no table any more the geom goes.
  void settle_doubt(Result<Document> found);

  // Geom ---------------------------------------------------------------------------------------
  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  // Stays when its table is guarded, unless the writer has all of it exclusively.
  void spoiled(Consumer& consumer) override;
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
  Status offer(const Slice& slice, Provider& below);
  std::string base_name(const Provider& below) const;
  void find_overlaps();
  Status check_overlap(const AccessPlan& plan, const Provider& opened,
                       const Provider& sibling) const;
  Verdict answer(Bio& bio, Provider& provider);
  Verdict ask_for_path(Bio& bio, Provider& provider);
  static void path_found(Bio& part);

  template <class Edit>
  auto edit(Edit change) -> decltype(change(std::declval<Document&>()));
  Status may_edit() const;
  // Whether or not what they are for may change.
  Status open_partitions_stay(const Table& after, bool as_they_are = false) const;
  void let_go_of_hold();
  Task<Status> write_out(std::vector<Step> steps);
  Status follow();

  Table table_;  // as the providers are
  int depth_;
  // Provider::index is where the slice starts, in bytes: all that a request needs to know.
  std::map<std::uint64_t, Slice> slice_by_provider_;                  // numbers of providers
  std::vector<std::pair<std::uint64_t, std::uint64_t>> overlapping_;  // numbers of providers

  std::optional<Document> document_;
  bool holds_ = false;    // the disk below is open for the sake of what is held
  bool writing_ = false;  // a commit() or undo() is on its way
  bool torn_ = false;     // a commit() has failed amid its writes
  bool doubted_ = false;
  std::unique_ptr<TableGuard> guard_;
};

// Where `provider` starts on the disk under all the tables it is in, in bytes. Counts through
// modules that serve the same bytes at the same place (Geom::bypass), such as a label.
std::int64_t start_on_disk_bytes(const Provider& provider);

}  // namespace biotope
