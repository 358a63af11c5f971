#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "classes/slicer/scheme.h"

namespace biotope {

// A partition to be made. What is not said follows from the table.
struct NewPartition {
  int index = 0;                     // 0: the lowest free
  std::int64_t start_bytes = -1;     // negative: the first place with room enough
  std::int64_t length_bytes = 0;     // 0: as much as there is
  std::int64_t alignment_bytes = 0;  // of start and length; 0: whole sectors
  std::string type{};                // empty: the convention's usual one
  std::string label{};
  std::string id{};  // empty: one that follows from the disk's and the place
  std::set<std::string> attributes{};
};

// What is to change of a partition; the rest stays.
struct Modification {
  std::optional<std::string> type{};
  std::optional<std::string> label{};
  std::set<std::string> set{};  // attributes
  std::set<std::string> unset{};
};

// Is given an offset and a length in bytes, of whole sectors.
using ReadBytes = std::function<Result<Bytes>(std::int64_t, std::int64_t)>;

// One table: as it is on the medium, and as it is to be. Changes are held until the steps() have
// been written, or dropped. Each is refused whole, with the table as it was before: EINVAL for what
// the convention can not say or accept() refuses, ENOENT for a partition that is not there, EEXIST
// for one that is, ENOSPC when there is no room, EPERM while the table is corrupt.
class Document {
 public:
  // A table without partitions, not on the medium yet.
  static Result<Document> create(const Scheme& scheme, const Properties& medium,
                                 const Surroundings& where, const Blank& blank);

  // A table that is refused in all its copies, to be taken away: the fewest of the sectors that
  // were read become zeros, so that it is nobody's table. EINVAL when it is not refused, ENOENT
  // when there is none.
  static Result<Document> wiped(const Scheme& scheme, const Surroundings& where,
                                const Properties& medium, const ReadBytes& read);

  const Scheme& scheme() const { return *scheme_; }
  const Surroundings& where() const { return where_; }
  const Properties& medium() const { return now().medium(); }
  // As it is to be; equal to on_medium() when nothing is held. Erased: without slices.
  const Table& table() const { return table_; }
  const Table& on_medium() const { return first_table_; }
  const Sectors& sectors() const { return now(); }
  const Sectors& sectors_on_medium() const { return versions_.front(); }
  bool erased() const { return erased_; }
  bool created() const { return created_; }  // it is on no medium
  // True when something is to be written.
  bool changed() const { return versions_.size() > 1; }

  // The index of the partition made.
  Result<int> add(const NewPartition& wanted);
  Status remove(int index);
  Status resize(int index, std::int64_t length_bytes);
  Status modify(int index, const Modification& modification);
  Status boot(std::span<const std::byte> program);
  Status recover();
  // All partitions must have been removed, or `with_partitions`; EBUSY otherwise.
  Status erase(bool with_partitions);
  // Drops what is held.
  void undo();

  // What to write, in this order; and, once that is done, that it has been.
  std::vector<Step> steps() const;
  void committed();
  // What to write to get back to on_medium() from somewhere amid steps().
  std::vector<Step> steps_back() const;

 private:
  friend class Reading;
  Document(const Scheme& scheme, Surroundings where, Sectors sectors, Table table);

  const Sectors& now() const { return versions_.back(); }
  Status may_change() const;
  // The sectors become what `edit` makes of them, if parse() then finds `wanted` there. Null: any
  // table will do.
  template <class Edit>
  Status change(Edit edit, const Table* wanted);
  Status become(Table wanted);

  const Scheme* scheme_;
  Surroundings where_;
  std::vector<Sectors> versions_;  // the medium's, and after each change
  Table first_table_;
  Table table_;
  bool created_ = false;
  bool erased_ = false;
};

// Reads a table, wherever the bytes come from:
//
//   Reading reading(scheme, where, properties);
//   while (const auto range = reading.next()) reading.supply(*range, <those sectors>);
//   Result<Document> document = reading.result();
class Reading {
 public:
  // `scheme` must outlive what comes of it.
  Reading(const Scheme& scheme, Surroundings where, const Properties& medium);

  // The next sectors to fetch; nothing when the result is there.
  std::optional<Sectors::Range> next();
  void supply(Sectors::Range range, const Result<Bytes>& answer);
  // kNoTable when there is none of this kind; any other error refuses one.
  Result<Document> result();

 private:
  void parse();

  const Scheme& scheme_;
  Surroundings where_;
  Sectors sectors_;
  std::vector<Sectors::Range> wanted_;
  Result<Table> table_;
};

// The ways to the bytes.
Result<Document> read_table(const Scheme& scheme, const Surroundings& where,
                            const Properties& medium, const ReadBytes& read);
// A medium in memory; a sector that `image` ends in can not be read.
Result<Document> read_table(const Scheme& scheme, const Surroundings& where,
                            const Properties& medium, std::span<const std::byte> image);
}  // namespace biotope
