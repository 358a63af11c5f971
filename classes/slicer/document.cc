#include "classes/slicer/document.h"

#include <algorithm>

#include "classes/slicer/room.h"

namespace biotope {

namespace {

// What parse() says of sectors of which no more can be fetched.
Result<Table> parse_closed(const Scheme& scheme, Sectors sectors, const Surroundings& where) {
  for (;;) {
    Result<Table> table = scheme.parse(sectors, where);
    if (table || table.error().code != kNotRead) return table;
    for (const Sectors::Range& range : sectors.take_wanted()) {
      sectors.supply(range, fail(EIO, "it is not looked at"));
    }
  }
}

std::string difference(const Slice& wanted, const Slice& got) {
  if (wanted.type != got.type) return sentence("the type '", wanted.type, "'");
  if (wanted.label != got.label) return sentence("the label '", wanted.label, "'");
  if (wanted.attributes != got.attributes) return "these attributes";
  if (wanted.id != got.id) return sentence("the id '", wanted.id, "'");
  return sentence(wanted.length_bytes, " bytes from ", wanted.start_bytes);
}

// EINVAL when the two do not say the same of partitions, with what can not be said.
Status same(const Table& wanted, const Table& got) {
  for (const Slice& slice : wanted.slices) {
    const Slice* there = got.slice(slice.index);
    if (there != nullptr && *there == slice) continue;
    return fail(EINVAL, "an ", got.scheme, " table can not give partition ", slice.suffix, ' ',
                there == nullptr ? "this number" : difference(slice, *there));
  }
  if (got.slices.size() == wanted.slices.size()) return {};
  return fail(EINVAL, "an ", got.scheme, " table can not do without one of its partitions");
}

tl::unexpected<Error> no_such(int index) { return fail(ENOENT, "there is no partition ", index); }
tl::unexpected<Error> no_length(std::int64_t length_bytes) {
  return fail(EINVAL, "no partition has ", length_bytes,
              " bytes; 0 is as many as there is room for");
}

}  // namespace

Document::Document(const Scheme& scheme, Surroundings where, Sectors sectors, Table table)
    : scheme_(&scheme),
      where_(std::move(where)),
      versions_{std::move(sectors)},
      first_table_(table),
      table_(std::move(table)) {}

Result<Document> Document::create(const Scheme& scheme, const Properties& medium,
                                  const Surroundings& where, const Blank& blank) {
  Document document(scheme, where, Sectors(medium), {});
  document.first_table_.scheme = scheme.name();
  document.created_ = true;
  const Status made =
      document.change([&](Sectors& sectors) { return scheme.create(sectors, blank); }, nullptr);
  if (!made) return pass_on(made);
  return document;
}

// Changes ----------------------------------------------------------------------------------------

Status Document::may_change() const {
  if (erased_)
    return fail(EPERM, "the ", scheme_->name(), " table is to be erased; undo that first");
  if (table_.corrupt) {
    return fail(EPERM, "the ", scheme_->name(), " table is corrupt; recover it first");
  }
  return {};
}

template <class Edit>
Status Document::change(Edit edit, const Table* wanted) {
  Sectors sectors = now();
  if (Status edited = edit(sectors); !edited) return edited;
  Result<Table> table = parse_closed(*scheme_, sectors, where_);
  if (!table && table.error().code == kNoTable) {
    return fail(EINVAL, "that would not be an ", scheme_->name(), " table: ", table.error().text);
  }
  if (!table) return pass_on(table);
  if (wanted != nullptr) {
    if (Status fine = same(*wanted, *table); !fine) return fine;
  }
  versions_.push_back(std::move(sectors));
  table_ = std::move(*table);
  return {};
}

Status Document::become(Table wanted) {
  std::ranges::sort(wanted.slices, {}, &Slice::index);
  Table numbered = wanted;
  scheme_->renumber(numbered);
  return change([&](Sectors& sectors) { return scheme_->encode(sectors, table_, wanted); },
                &numbered);
}

Result<int> Document::add(const NewPartition& wanted) {
  if (const Status fine = may_change(); !fine) return pass_on(fine);
  if (wanted.length_bytes < 0) return no_length(wanted.length_bytes);
  const Result<int> index = free_index(table_, wanted.index);
  if (!index) return index;
  const Result<Extent> place =
      find_room(table_, medium(), scheme_->lead_bytes(table_, medium()), wanted);
  if (!place) return pass_on(place);
  const Result<Slice> slice =
      scheme_->complete(table_, {.index = *index,
                                 .suffix = scheme_->suffix(*index),
                                 .start_bytes = place->start_bytes,
                                 .length_bytes = place->end_bytes - place->start_bytes,
                                 .type = wanted.type,
                                 .label = wanted.label,
                                 .id = wanted.id,
                                 .attributes = wanted.attributes});
  if (!slice) return pass_on(slice);
  Table after = table_;
  after.slices.push_back(*slice);
  if (const Status done = become(std::move(after)); !done) return pass_on(done);
  const auto made = std::ranges::find(table_.slices, place->start_bytes, &Slice::start_bytes);
  return made == table_.slices.end() ? *index : made->index;
}

Status Document::remove(int index) {
  if (Status fine = may_change(); !fine) return fine;
  if (table_.slice(index) == nullptr) return no_such(index);
  Table after = table_;
  std::erase_if(after.slices, [&](const Slice& slice) { return slice.index == index; });
  return become(std::move(after));
}

Status Document::resize(int index, std::int64_t length_bytes) {
  if (Status fine = may_change(); !fine) return fine;
  Table after = table_;
  Slice* slice = after.slice(index);
  if (slice == nullptr) return no_such(index);
  if (length_bytes < 0) return no_length(length_bytes);
  slice->length_bytes =
      length_bytes > 0 ? length_bytes : room_behind(table_, medium(), *slice) - slice->start_bytes;
  return become(std::move(after));
}

Status Document::modify(int index, const Modification& modification) {
  if (Status fine = may_change(); !fine) return fine;
  Table after = table_;
  Slice* slice = after.slice(index);
  if (slice == nullptr) return no_such(index);
  if (modification.type) slice->type = *modification.type;
  if (modification.label) slice->label = *modification.label;
  for (const std::string& name : modification.set) slice->attributes.insert(name);
  for (const std::string& name : modification.unset) slice->attributes.erase(name);
  Result<Slice> complete = scheme_->complete(table_, *slice);
  if (!complete) return pass_on(complete);
  *slice = std::move(*complete);
  return become(std::move(after));
}

Status Document::boot(std::span<const std::byte> program) {
  if (Status fine = may_change(); !fine) return fine;
  const Table as_it_was = table_;
  return change([&](Sectors& sectors) { return scheme_->boot(sectors, program); }, &as_it_was);
}

Status Document::recover() {
  if (!table_.corrupt) return {};
  const Table as_it_was = table_;
  if (Status done =
          change([&](Sectors& sectors) { return scheme_->recover(sectors, table_); }, &as_it_was);
      !done) {
    return done;
  }
  if (!table_.corrupt) return {};
  return fail(EIO, "the ", scheme_->name(), " table is still corrupt: ", table_.notes.front());
}

Status Document::erase(bool with_partitions) {
  if (erased_) return {};
  if (!table_.slices.empty() && !with_partitions) {
    return fail(EBUSY, "the ", scheme_->name(), " table has ", table_.slices.size(),
                " partitions; remove them first, or insist");
  }
  Sectors sectors = now();
  if (Status done = scheme_->erase(sectors, table_); !done) return done;
  versions_.push_back(std::move(sectors));
  erased_ = true;
  table_.slices.clear();
  return {};
}

void Document::undo() {
  versions_.resize(1);
  table_ = first_table_;
  erased_ = false;
}

// Writing ----------------------------------------------------------------------------------------

std::vector<Step> Document::steps() const {
  if (!scheme_->one_by_one()) return scheme_->steps(versions_.front(), versions_.back());
  std::vector<Step> all;
  for (std::size_t i = 1; i < versions_.size(); ++i) {
    const std::vector<Step> some = scheme_->steps(versions_[i - 1], versions_[i]);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<Step> Document::steps_back() const {
  return scheme_->steps(versions_.back(), versions_.front());
}

void Document::committed() {
  versions_ = {versions_.back()};
  first_table_ = table_;
  created_ = false;
}

// Reading ----------------------------------------------------------------------------------------

Reading::Reading(const Scheme& scheme, Surroundings where, const Properties& medium)
    : scheme_(scheme), where_(std::move(where)), sectors_(medium) {
  parse();
}

void Reading::parse() {
  table_ = scheme_.parse(sectors_, where_);
  wanted_ = sectors_.take_wanted();
  if (table_ || table_.error().code != kNotRead) wanted_.clear();
}

std::optional<Sectors::Range> Reading::next() {
  if (wanted_.empty()) return std::nullopt;
  return wanted_.front();
}

void Reading::supply(Sectors::Range range, const Result<Bytes>& answer) {
  sectors_.supply(range, answer);
  wanted_.erase(wanted_.begin());
  if (wanted_.empty()) parse();
}

Result<Document> Reading::result() {
  if (!table_) return pass_on(table_);
  return Document(scheme_, where_, sectors_, *table_);
}

Result<Document> read_table(const Scheme& scheme, const Surroundings& where,
                            const Properties& medium, const ReadBytes& read) {
  Reading reading(scheme, where, medium);
  const std::int64_t sector = medium.sector_size_bytes;
  while (const auto range = reading.next()) {
    reading.supply(*range, read(range->first * sector, range->count * sector));
  }
  return reading.result();
}

Result<Document> read_table(const Scheme& scheme, const Surroundings& where,
                            const Properties& medium, std::span<const std::byte> image) {
  return read_table(scheme, where, medium,
                    [&](std::int64_t offset_bytes, std::int64_t length_bytes) -> Result<Bytes> {
                      const auto size = static_cast<std::int64_t>(image.size());
                      if (offset_bytes > size || length_bytes > size - offset_bytes) {
                        return fail(EIO, "the image ends at ", size, " bytes");
                      }
                      const auto part = image.subspan(static_cast<std::size_t>(offset_bytes),
                                                      static_cast<std::size_t>(length_bytes));
                      return Bytes(part.begin(), part.end());
                    });
}

}  // namespace biotope
