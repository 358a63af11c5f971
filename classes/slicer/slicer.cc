#include "classes/slicer/slicer.h"

#include <iterator>
#include <utility>

#include "model/check.h"
#include "model/control_io.h"

namespace biotope {

Result<Slicer*> Slicer::build(Mesh& mesh, const Class& cls, Provider& below, Table table,
                              int depth) {
  auto& slicer = static_cast<Slicer&>(
      mesh.add(std::make_unique<Slicer>(mesh, cls, below.name(), std::move(table), depth)));
  if (const Status populated = slicer.populate(below); !populated) {
    mesh.wither(slicer);
    return pass_on(populated);
  }
  for (Provider& provider : slicer.providers()) mesh.publish(provider);
  return &slicer;
}

Result<Slicer*> Slicer::build(Mesh& mesh, const Class& cls, Provider& below, Document document,
                              bool guard) {
  Result<Slicer*> made = build(mesh, cls, below, document.on_medium(), document.where().depth);
  if (!made) return made;
  Slicer& slicer = **made;
  slicer.document_ = std::move(document);
  if (guard) {
    slicer.guard_ = std::make_unique<TableGuard>(slicer);
    slicer.guard_->set();
  }
  return made;
}

Status Slicer::populate(Provider& below) {
  const Result<Consumer*> consumer = mesh().new_consumer(*this, below);
  if (!consumer) return pass_on(consumer);
  for (const Slice& slice : table_.slices) {
    if (Status offered = offer(slice, below); !offered) return offered;
  }
  find_overlaps();
  return {};
}

Status Slicer::offer(const Slice& slice, Provider& below) {
  const Result<Provider*> provider =
      mesh().new_provider(*this, base_name(below) + slice.suffix,
                          part_of(below.properties(), slice.start_bytes, slice.length_bytes));
  if (!provider) return pass_on(provider);
  (*provider)->index = static_cast<std::uint64_t>(slice.start_bytes);
  slice_by_provider_.emplace((*provider)->id(), slice);
  return {};
}

std::string Slicer::base_name(const Provider& below) const {
  const Slicer* lower = table_.beside ? Slicer::of(below.geom()) : nullptr;
  if (lower == nullptr || lower->below() == nullptr) return below.name();
  return lower->base_name(*lower->below());
}

void Slicer::find_overlaps() {
  overlapping_.clear();
  if (!table_.may_overlap) return;
  for (auto a = slice_by_provider_.begin(); a != slice_by_provider_.end(); ++a) {
    for (auto b = std::next(a); b != slice_by_provider_.end(); ++b) {
      if (!overlap(a->second, b->second)) continue;
      overlapping_.emplace_back(a->first, b->first);
    }
  }
}

// Requests ---------------------------------------------------------------------------------------

Verdict Slicer::start(Bio& bio, Provider& provider) {
  if (bio.command == Command::getattr) [[unlikely]]
    return answer(bio, provider);
  bio.shift(static_cast<std::int64_t>(provider.index));
  return Verdict::remapped(consumers().front());
}

Verdict Slicer::answer(Bio& bio, Provider& provider) {
  const Slice& slice = slice_of(provider);
  const std::string_view name = bio.attribute;
  if (name == "PART::scheme") return answer_attribute(bio, table_.scheme);
  if (name == "PART::type") return answer_attribute(bio, slice.type);
  if (name == "PART::label") return answer_attribute(bio, slice.label);
  if (name == "PART::uuid") return answer_attribute(bio, slice.id);
  if (name == "PART::index") return answer_attribute(bio, std::to_string(slice.index));
  if (name == "PART::offset") return answer_attribute(bio, std::to_string(slice.start_bytes));
  if (name == "PART::depth") return answer_attribute(bio, std::to_string(depth_));
  if (name == "PART::isleaf") return answer_attribute(bio, table_.leaf ? "1" : "0");
  if (name == "GEOM::physpath") return ask_for_path(bio, provider);
  return Verdict::remapped(consumers().front());
}

// Where a partition is: where its disk is, and which of it.
Verdict Slicer::ask_for_path(Bio& bio, Provider& provider) {
  Children parts(mesh().path(), bio);
  if (!parts.add_copy(consumers().front(), bio.position_bytes)) return Verdict::done(ENOMEM);
  bio.driver1 = &provider;
  return parts.issue(&Slicer::path_found);
}

void Slicer::path_found(Bio& part) {
  if (part.error == 0) {
    std::string path(static_cast<std::size_t>(part.length_bytes), '\0');
    const auto bytes = std::as_writable_bytes(std::span(path));
    part.data.copy_out(bytes);
    const auto& slicer = static_cast<const Slicer&>(part.edge->geom());
    const auto& partition = *static_cast<const Provider*>(part.parent->driver1);
    const std::string whole = path.c_str() + ('/' + slicer.slice_of(partition).suffix);
    if (whole.size() < path.size()) {
      std::ranges::copy(std::as_bytes(std::span(whole)), bytes.begin());
      part.data.copy_in(bytes);
    } else {
      part.error = ENAMETOOLONG;
      part.completed_bytes = 0;
    }
  }
  Children::part_done(part);
}

// Opens ------------------------------------------------------------------------------------------

Status Slicer::demand(AccessPlan& plan) {
  for (const auto& [first, second] : overlapping_) {
    const Provider* a = mesh().provider_by_id(first);
    const Provider* b = mesh().provider_by_id(second);
    if (a == nullptr || b == nullptr) continue;
    if (Status fine = check_overlap(plan, *a, *b); !fine) return fine;
    if (Status fine = check_overlap(plan, *b, *a); !fine) return fine;
  }
  for (const Provider& own : providers()) {
    if (writing_ && plan.opens(own)) {
      return fail(EBUSY, own.name(), " can not be opened: its table is being written");
    }
  }
  if (holds_) {
    plan.need(consumers().front(), kReadWriteExclusive);
  } else {
    require_union(plan);
  }
  return {};
}

Status Slicer::check_overlap(const AccessPlan& plan, const Provider& opened,
                             const Provider& sibling) const {
  const Access before = opened.access();
  const Access after = plan.would_be(opened);
  const Access held = plan.would_be(sibling);
  const bool writes = after.w > before.w && held.e > 0;
  const bool excludes = after.e > before.e && held.w > 0;
  if (!writes && !excludes) return {};
  std::string opener;
  for (const Consumer& consumer : opened.consumers()) {
    if (!plan.would_be(consumer).opens_beyond(consumer.access())) continue;
    opener = sentence(" to ", consumer.geom().title());
  }
  for (const Consumer& consumer : sibling.consumers()) {
    const Access theirs = plan.would_be(consumer);
    if (writes ? theirs.e == 0 : theirs.w == 0) continue;
    return fail(EPERM, title(), " refuses to open ", opened.name(), " for ",
                after.w > before.w ? "writing" : "exclusive use", opener, ": it shares bytes with ",
                sibling.name(), ", which ", consumer.geom().title(),
                writes ? " has exclusively (" : " writes to (", theirs.text(),
                "); close that first");
  }
  BIOTOPE_CHECK(false, "the counts of a provider are the sum of its consumers'");
  return {};
}

// Change below -----------------------------------------------------------------------------------

Properties Slicer::derive(const Provider& own) const {
  return part_of(consumers().front().provider()->properties(), static_cast<std::int64_t>(own.index),
                 own.media_size_bytes());
}

bool Slicer::resized(Consumer& consumer) {
  const std::int64_t size = consumer.provider()->media_size_bytes();
  for (Provider& own : providers()) {
    if (own.orphaned() || slice_of(own).end_bytes() <= size) continue;
    mesh().note(*this, sentence(own.name(), " is lost: ", name(), " has shrunk to ", size,
                                " bytes and no longer holds all of it"));
    mesh().orphan(own);
  }
  return true;
}

// For people -------------------------------------------------------------------------------------

std::string Slicer::status() const {
  const std::size_t count = table_.slices.size();
  std::string text =
      sentence(table_.scheme, ", ", count, count == 1 ? " partition" : " partitions");
  for (const std::string& note : table_.notes) text += "; " + note;
  return text;
}

std::string Slicer::about(const Provider& own) const {
  const Slice& slice = slice_of(own);
  std::string text = slice.type;
  if (!slice.label.empty()) text += sentence(" \"", slice.label, '"');
  return sentence(text, ", ", slice.length_bytes, " bytes from ", slice.start_bytes);
}

const Slice& Slicer::slice_of(const Provider& own) const {
  const auto found = slice_by_provider_.find(own.id());
  BIOTOPE_CHECK(found != slice_by_provider_.end(), "a slicer is asked about its own providers");
  return found->second;
}

const Provider* Slicer::below() const {
  return consumers().empty() ? nullptr : consumers().front().provider();
}

std::int64_t start_on_disk_bytes(const Provider& provider) {
  std::int64_t start = 0;
  const Provider* at = &provider;
  while (at != nullptr) {
    if (const Slicer* slicer = Slicer::of(std::as_const(at->geom()))) {
      start += slicer->slice_of(*at).start_bytes;
      at = slicer->below();
    } else {
      // What serves the same bytes under another name.
      const Result<Consumer*> same = at->geom().bypass();
      at = same ? (*same)->provider() : nullptr;
    }
  }
  return start;
}

}  // namespace biotope
