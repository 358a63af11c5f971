#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classes/slicer/sectors.h"
#include "classes/slicer/table.h"
#include "classes/slicer/type_names.h"

namespace biotope {

// Where a provider lies, as the layers below it say.
struct Surroundings {
  std::string scheme;  // of the table it is an entry of; empty outside tables
  std::string type;    // that entry's
  bool leaf = false;   // no table is to be looked for here
  int depth = 0;       // how many tables there are below
};

// One thing to do on the way from one state of a table to another.
struct Step {
  std::int64_t sector = 0;
  Bytes bytes;  // whole sectors from there on; empty: everything before is to be on stable storage

  bool flush() const { return bytes.empty(); }
};

// What a new table is to be like. What a convention has no use for it does not look at.
struct Blank {
  std::int64_t entries = 0;  // how many there is to be room for; 0 for the usual number
  std::string id;            // of the disk; empty for one that follows from the medium
};

// A partition convention: what it is on the medium and nothing of how it gets there. Knows no mesh,
// has no state, waits for nothing: functions over sectors.
//
// To read is all that a convention must be able to. To change a table is to say the whole of what
// it is to be like (encode); who calls has it read again and compares.
class Scheme {
 public:
  virtual ~Scheme() = default;

  // "MBR": Table::scheme.
  virtual std::string_view name() const = 0;

  // What is on the medium, accept()ed. kNoTable when that is no table of this kind, or one that is
  // not looked for `where` it lies; kNotRead (from Sectors::at) to be called again; any other error
  // refuses a table. Sectors it can live without (a second copy) may be unreadable.
  virtual Result<Table> parse(Sectors& sectors, const Surroundings& where) const = 0;

  // Optional, all of the below. Each changes the sectors of a table that parse() has read, and
  // fetches none. Bytes that mean nothing to it, and those of partitions that stay as they are, it
  // leaves alone. What comes out is parsed and thrown away if it does not say what was meant; so
  // these need not check what parse() does. Default: EOPNOTSUPP.

  // The table becomes `after`, which was `before`. EINVAL for what it can not say, with the reason.
  virtual Status encode(Sectors& sectors, const Table& before, const Table& after) const;
  // A table without partitions, on a medium of which nothing is known. ENOSPC when it is too small.
  virtual Status create(Sectors& sectors, const Blank& blank) const;
  // Nothing that anybody would take for the table.
  virtual Status erase(Sectors& sectors, const Table& table) const;
  // Repairs a corrupt table from what is good of it.
  virtual Status recover(Sectors& sectors, const Table& table) const;
  // The program that a computer starts. EFBIG when there is no room for it.
  virtual Status boot(Sectors& sectors, std::span<const std::byte> program) const;

  // Optional. Gives the partitions the numbers they will have where those follow from their order.
  // Default: they keep the ones they have.
  virtual void renumber(Table&) const {}
  // Optional. What the provider of entry `index` has after the disk's name. Default: "s1".
  virtual std::string suffix(int index) const { return sentence('s', index); }
  // Optional. The slice as parse() would give it: a type that people call by another name becomes
  // what it is called here, what is empty becomes what is usual. EINVAL when the convention has no
  // such type. Default: unchanged.
  virtual Result<Slice> complete(const Table& table, Slice slice) const;
  // Optional. What types of partitions are called; the first name that a type has is the one to
  // show. Default: they have no names.
  virtual std::span<const TypeName> type_names() const { return {}; }
  // Optional. How many bytes before a new partition the table needs for itself. Default: none.
  virtual std::int64_t lead_bytes(const Table&, const Properties&) const { return 0; }

  // Optional, together: what the numbers of the table count from, in sectors before the start of
  // what it lies on; and the sectors that say the same, counted from elsewhere. Bytes that are no
  // table stay. Default: they count from the start.
  virtual std::int64_t origin(Sectors&) const { return 0; }
  virtual void set_origin(Sectors&, std::int64_t) const {}

  // Optional. What to write, in which order, so that a power cut after any step leaves a table that
  // parse() accepts: the old one or the new one. Default: the changed sectors in order and a flush.
  virtual std::vector<Step> steps(const Sectors& before, const Sectors& after) const;
  // Optional. True when that can not be for several changes at once: then each is written by
  // itself, and a power cut leaves the table as it was between two of them.
  virtual bool one_by_one() const { return false; }
};

// For steps(): those of `sectors` that were changed, neighbours joined, without a flush.
std::vector<Step> writes_of(const Sectors& after, const std::vector<std::int64_t>& sectors);

}  // namespace biotope
