#include "classes/slicer/table_guard.h"

#include <algorithm>
#include <utility>

#include "classes/slicer/slicer.h"

namespace biotope {

namespace {

bool overlap(Extent a, Extent b) {
  return a.start_bytes < b.end_bytes && b.start_bytes < a.end_bytes;
}

// Calls visit(number, extent) for each sector of the table that lies wholly in `range`, in bytes
// from the start of what the table lies on.
template <class Visit>
void for_each_sector_in(const Sectors& sectors, Extent range, Visit visit) {
  const std::int64_t size = sectors.sector_bytes();
  auto sector = sectors.all().lower_bound(range.start_bytes / size);
  for (; sector != sectors.all().end() && (sector->first + 1) * size <= range.end_bytes; ++sector) {
    visit(sector->first, Extent{sector->first * size, (sector->first + 1) * size});
  }
}

}  // namespace

TableGuard::TableGuard(Slicer& slicer) : slicer_(slicer), later_(slicer.mesh().executor()) {}

std::int64_t TableGuard::Caught::end_bytes() const { return offset_bytes + bio->length_bytes; }

void TableGuard::set() {
  Mesh& mesh = slicer_.mesh();
  mesh.guard(slicer_.consumers().front(), this);
  for (Provider& own : slicer_.providers()) {
    if (own.orphaned()) continue;
    bool covers = false;
    const Slice& slice = slicer_.slice_of(own);
    for_each_sector_in(slicer_.document()->sectors_on_medium(),
                       {slice.start_bytes, slice.end_bytes()},
                       [&](std::int64_t, Extent) { covers = true; });
    mesh.guard(own, covers ? this : nullptr);
  }
}

// What is caught ---------------------------------------------------------------------------------

std::int64_t TableGuard::origin() const {
  Sectors sectors = slicer_.document()->sectors_on_medium();
  return slicer_.document()->scheme().origin(sectors);
}

bool TableGuard::guards_reads() const { return slicer_.document() != nullptr && origin() != 0; }

// Who only passes requests on has to see what is there: his users may be anywhere else.
bool TableGuard::translates(const Consumer& edge) const {
  return edge.geom().providers().empty() && origin() != 0;
}

std::optional<std::int64_t> TableGuard::offset_of(const Bio& bio, const Consumer& edge) const {
  if (slicer_.withering() || slicer_.below() == nullptr) return std::nullopt;
  if (edge.provider() == slicer_.below()) return bio.position_bytes;
  const Provider& own = *edge.provider();
  if (&own.geom() != &slicer_ || own.orphaned()) return std::nullopt;
  return bio.position_bytes + slicer_.slice_of(own).start_bytes;
}

void TableGuard::collect(const Slicer& slicer, Extent range, std::int64_t base_bytes,
                         std::vector<Stake>& stakes) {
  const Sectors& sectors = slicer.document()->sectors_on_medium();
  const std::int64_t size = sectors.sector_bytes();
  const auto first = sectors.all().lower_bound((range.start_bytes - base_bytes) / size);
  if (first != sectors.all().end() && base_bytes + first->first * size < range.end_bytes) {
    stakes.push_back({slicer.id(), base_bytes});
  }
  for (const Provider& own : slicer.providers()) {
    if (own.orphaned()) continue;
    const Slice& slice = slicer.slice_of(own);
    const Extent part{base_bytes + slice.start_bytes, base_bytes + slice.end_bytes()};
    if (!overlap(part, range)) continue;
    for (const Consumer& above : own.consumers()) {
      const Slicer* upper = Slicer::of(std::as_const(above.geom()));
      if (upper == nullptr || upper->withering() || !upper->guarded()) continue;
      collect(*upper,
              {std::max(range.start_bytes, part.start_bytes),
               std::min(range.end_bytes, part.end_bytes)},
              part.start_bytes, stakes);
    }
  }
}

bool TableGuard::catches(const Bio& bio, const Consumer& edge) const {
  if (passing_ && queue_.front().bio == &bio) return false;
  const auto offset_bytes = offset_of(bio, edge);
  if (!offset_bytes) return false;
  const Extent range{*offset_bytes, *offset_bytes + bio.length_bytes};
  const bool with_data = bio.command == Command::read || bio.command == Command::write;
  if (with_data && bio.data.empty()) return false;  // it moves nothing
  if (bio.command == Command::read) {
    bool mine = false;
    for_each_sector_in(slicer_.document()->sectors_on_medium(), range,
                       [&](std::int64_t, Extent) { mine = true; });
    return mine && translates(edge);
  }
  std::vector<Stake> stakes;
  collect(slicer_, range, 0, stakes);
  return !stakes.empty();
}

// One after the other ----------------------------------------------------------------------------

void TableGuard::caught(Bio& bio, Consumer& edge) {
  queue_.push_back({.bio = &bio, .edge = &edge, .offset_bytes = offset_of(bio, edge).value_or(0)});
  if (stay_) return;
  stay_.emplace(slicer_);
  later_.post([this] {
    work_ = work();
    work_.start();
  });
}

struct TableGuard::Back {
  TableGuard& guard;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    guard.waiting_ = waiting;
    Caught& request = guard.queue_.front();
    guard.slicer_.mesh().path().let_pass(*request.bio, *request.edge, guard);
  }
  void await_resume() const {}
};

Task<void> TableGuard::work() {
  while (!queue_.empty()) {
    Caught& request = queue_.front();
    const Status fine = co_await examine(request);
    if (fine) {
      passing_ = true;
      co_await Back{*this};
      passing_ = false;
    } else {
      refuse(request, fine.error());
    }
    findings_.clear();
    queue_.pop_front();
  }
  stay_.reset();
}

void TableGuard::refuse(Caught& request, const Error& why) {
  give_back(request);
  slicer_.mesh().note(
      slicer_, sentence(request.edge->name(), ": ", command_name(request.bio->command), " of ",
                        request.bio->length_bytes, " bytes at ", request.bio->offset_bytes,
                        " is refused: ", why.text));
  slicer_.mesh().path().turn_back(*request.bio, *request.edge, why.code);
}

void TableGuard::came_back(Bio& bio) {
  Caught& request = queue_.front();
  give_back(request);
  if (bio.error == 0 && bio.command == Command::read) translate_read(request);
  if (bio.error == 0 && bio.command == Command::write) take_effect();
  later_.post([waiting = waiting_] { waiting.resume(); });
}

void TableGuard::take_effect() {
  for (Finding& finding : findings_) {
    if (Slicer* slicer = slicer_by_id(finding.slicer)) slicer->adopt(std::move(finding.document));
  }
}

// Examining --------------------------------------------------------------------------------------

Slicer* TableGuard::slicer_by_id(std::uint64_t id) const {
  Geom* geom = slicer_.mesh().geom_by_id(id);
  Slicer* slicer = geom == nullptr ? nullptr : Slicer::of(*geom);
  return slicer == nullptr || slicer->withering() || slicer->below() == nullptr ? nullptr : slicer;
}

Task<Status> TableGuard::examine(Caught& request) {
  if (slicer_by_id(slicer_.id()) == nullptr || request.bio->command == Command::read) {
    co_return Status{};
  }
  if (request.bio->command != Command::write) {
    co_return fail(EINVAL, "it would leave no ", slicer_.table().scheme, " table on ",
                   slicer_.name(), "; erase that first");
  }
  if (translates(*request.edge)) translate_write(request);
  const auto look = slicer_.mesh().look(*slicer_.consumers().front().provider());
  if (!look) co_return pass_on(look);
  Status fine = co_await examine_all(request, **look);
  slicer_.mesh().look_away(**look);
  co_return fine;
}

Task<Status> TableGuard::examine_all(const Caught& request, Consumer& look) {
  std::vector<Stake> stakes;
  collect(slicer_, {request.offset_bytes, request.end_bytes()}, 0, stakes);
  for (const Stake& stake : stakes) {
    Slicer* slicer = slicer_by_id(stake.slicer);
    const auto place = slicer == nullptr ? std::nullopt : will_lie(*slicer);
    if (!place) continue;
    const Scheme& scheme = slicer->document()->scheme();
    Reading reading(scheme, place->second, place->first);
    const std::int64_t size = place->first.sector_size_bytes;
    while (const auto range = reading.next()) {
      const Result<Bytes> bytes = co_await fetch(
          request, look, stake.base_bytes + range->first * size, range->count * size);
      reading.supply(*range, bytes);
    }
    Result<Document> found = reading.result();
    if (!found) {
      co_return fail(found.error().code == EIO ? EIO : EINVAL, "what it would leave is no ",
                     scheme.name(), " table: ", found.error().text);
    }
    slicer = slicer_by_id(stake.slicer);
    if (slicer == nullptr) continue;
    if (Status stay = slicer->may_adopt(*found); !stay) co_return stay;
    findings_.push_back({stake.slicer, std::move(*found)});
  }
  co_return Status{};
}

std::optional<std::pair<Properties, Surroundings>> TableGuard::will_lie(
    const Slicer& slicer) const {
  std::pair<Properties, Surroundings> place{slicer.below()->properties(),
                                            slicer.document()->where()};
  for (const Finding& finding : findings_) {
    const Slicer* lower = slicer_by_id(finding.slicer);
    if (lower == nullptr || &slicer.below()->geom() != lower) continue;
    const Slice& before = lower->slice_of(*slicer.below());
    const Table& table = finding.document.table();
    const auto after = std::ranges::find(table.slices, before.suffix, &Slice::suffix);
    if (after == table.slices.end() || after->start_bytes != before.start_bytes ||
        after->type != before.type) {
      return std::nullopt;
    }
    place.first.media_size_bytes = after->length_bytes;
  }
  return place;
}

// What will be there: the bytes that are written, over those on the disk.
Task<Result<Bytes>> TableGuard::fetch(const Caught& request, Consumer& look,
                                      std::int64_t offset_bytes, std::int64_t length_bytes) const {
  const Extent range{offset_bytes, offset_bytes + length_bytes};
  const Extent given{request.offset_bytes, request.end_bytes()};
  Result<Bytes> bytes = Bytes(static_cast<std::size_t>(length_bytes));
  if (range.start_bytes < given.start_bytes || range.end_bytes > given.end_bytes) {
    bytes = co_await read(look, offset_bytes, length_bytes);
    if (!bytes) co_return bytes;
  }
  const std::int64_t from = std::max(range.start_bytes, given.start_bytes);
  const std::int64_t to = std::min(range.end_bytes, given.end_bytes);
  if (from < to) {
    request.bio->data.shifted(from - given.start_bytes)
        .copy_out(std::span(*bytes).subspan(static_cast<std::size_t>(from - range.start_bytes),
                                            static_cast<std::size_t>(to - from)));
  }
  co_return bytes;
}

// Labels that count from elsewhere ---------------------------------------------------------------

void TableGuard::translate_write(Caught& request) const {
  Bio& bio = *request.bio;
  const Document& document = *slicer_.document();
  Sectors given = document.sectors_on_medium();
  const std::int64_t counts_from = document.scheme().origin(given);
  for_each_sector_in(
      document.sectors_on_medium(), {request.offset_bytes, request.end_bytes()},
      [&](std::int64_t number, Extent sector) {
        bio.data.shifted(sector.start_bytes - request.offset_bytes).copy_out(given.change(number));
      });
  Sectors kept = given;
  document.scheme().set_origin(kept, counts_from);
  const std::vector<std::int64_t> changed = kept.changed_since(given);
  if (changed.empty()) return;
  request.translated.resize(static_cast<std::size_t>(bio.length_bytes));
  bio.data.copy_out(request.translated);
  for (const std::int64_t number : changed) {
    const std::int64_t at = number * kept.sector_bytes() - request.offset_bytes;
    std::ranges::copy(kept.held(number), request.translated.begin() + at);
  }
  request.as_issued = std::exchange(bio.data, Data(request.translated.data()));
}

void TableGuard::give_back(Caught& request) {
  if (!request.as_issued) return;
  request.bio->data = *request.as_issued;
  request.as_issued.reset();
}

void TableGuard::translate_read(const Caught& request) const {
  const Document& document = *slicer_.document();
  Sectors seen = document.sectors_on_medium();
  const Extent range{request.offset_bytes, request.end_bytes()};
  const auto place = [&](Extent sector) {
    return request.bio->data.shifted(sector.start_bytes - request.offset_bytes);
  };
  for_each_sector_in(document.sectors_on_medium(), range, [&](std::int64_t number, Extent sector) {
    place(sector).copy_out(seen.change(number));
  });
  document.scheme().set_origin(seen, 0);
  for_each_sector_in(document.sectors_on_medium(), range, [&](std::int64_t number, Extent sector) {
    place(sector).copy_in(seen.held(number));
  });
}

}  // namespace biotope
