#include "classes/array/array.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace biotope::array {

Array::Array(Mesh& mesh, const Class& cls, Shape shape)
    : Geom(mesh, cls, shape.name), shape_(std::move(shape)), members_(shape_.count) {}

bool Array::complete() const {
  return std::ranges::all_of(members_, [](const Consumer* m) { return m != nullptr; });
}

void Array::set_count(std::uint16_t count) {
  shape_.count = count;
  members_.resize(count);
}

std::int64_t Array::usable_bytes(const Properties& member) const {
  return shape_.labelled ? metadata::place_bytes(member) : member.media_size_bytes;
}

Provider* Array::live_provider() const {
  for (const Provider& provider : providers()) {
    if (!provider.orphaned()) return const_cast<Provider*>(&provider);
  }
  return nullptr;
}

Status Array::attach(Provider& disk, std::size_t index) {
  if (const Consumer* there = members_[index]) {
    return fail(EEXIST, disk.name(), " says it is member ", index, " of ", title(), ", but ",
                there->provider()->name(), " is that; clear the one that is not");
  }
  const Result<Consumer*> consumer = mesh().new_consumer(*this, disk);
  if (!consumer) return pass_on(consumer);
  members_[index] = *consumer;
  return {};
}

Status Array::arrive(Provider& disk, const Record& record) {
  if (!recount(record.count) || record.index >= shape_.count) {
    return fail(EINVAL, disk.name(), " says it is member ", record.index, " of ", record.count,
                " of ", title(), ", which has ", shape_.count);
  }
  if (Status attached = attach(disk, record.index); !attached) return attached;
  if (!complete()) return {};
  const Status published = publish();
  if (!published) mesh().drop(*std::exchange(members_[record.index], nullptr));
  return published;
}

Status Array::publish() {
  Result<Properties> properties = offered();
  if (!properties) return pass_on(properties);
  arrange();
  if (Provider* grown = live_provider()) {
    return mesh().resize(*grown, properties->media_size_bytes);
  }
  const Result<Provider*> provider = mesh().new_provider(*this, own_name(), std::move(*properties));
  if (!provider) return pass_on(provider);
  mesh().publish(**provider);
  return {};
}

Status Array::demand(AccessPlan& plan) {
  if (!recording_) return Geom::demand(plan);
  for (Consumer& consumer : consumers()) {
    if (!consumer.leaving()) plan.need(consumer, kReadWriteExclusive);
  }
  return {};
}

// Also where a disk is opened by somebody else for writing: it comes back when that has closed.
void Array::orphaned(Consumer& consumer) {
  const auto place = std::ranges::find(members_, &consumer);
  if (place != members_.end()) *place = nullptr;
  const bool last = std::ranges::all_of(members_, [](const Consumer* m) { return m == nullptr; });
  if (!shape_.labelled || last) return mesh().wither(*this);
  mesh().note(*this, sentence(consumer.provider()->name(), " is lost; without it there is no ",
                              own_name()));
  for (Provider& provider : providers()) mesh().orphan(provider);
  mesh().drop(consumer);
}

Properties Array::derive(const Provider& own) const {
  if (!complete() || own.orphaned()) return own.properties();
  Result<Properties> now = offered();
  if (!now) return own.properties();
  now->media_size_bytes = own.media_size_bytes();
  return *now;
}

Verdict Array::to_all(Bio& bio) {
  Children parts(mesh().path(), bio);
  for (Consumer* member : members_) {
    if (!parts.add(*member, 0, 0, 0)) return Verdict::done(ENOMEM);
  }
  return parts.issue();
}

Result<std::int64_t> Array::common_sector() const {
  constexpr std::int64_t kAbsurd_bytes = std::int64_t{1} << 30;
  std::int64_t sector = 1;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::int64_t size = below(i).sector_size_bytes;
    const std::int64_t factor = size / std::gcd(sector, size);
    if (factor > kAbsurd_bytes / sector) {
      return fail(EINVAL, title(), ": the sectors of its disks have no common size, that of ",
                  member(i).provider()->name(), " is ", size);
    }
    sector *= factor;
  }
  return sector;
}

Result<Properties> Array::common_properties() const {
  const Result<std::int64_t> sector = common_sector();
  if (!sector) return pass_on(sector);
  Properties all;
  all.sector_size_bytes = *sector;
  all.deletable = true;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    all.writable = all.writable && below(i).writable;
    all.deletable = all.deletable && below(i).deletable;
  }
  return all;
}

std::string Array::status() const {
  std::string there;
  std::size_t count = 0;
  for (const Consumer* member : members_) {
    const bool is_there = member != nullptr && member->provider() != nullptr;
    count += is_there ? 1 : 0;
    there += sentence(' ', is_there ? member->provider()->name() : "(missing)");
  }
  return sentence(count == members_.size() ? "complete" : "incomplete", ", ", count, " of ",
                  members_.size(), " disks:", there);
}

std::string Array::recipe() const {
  std::vector<std::string> names;
  for (const Consumer* member : members_) {
    if (member == nullptr || member->provider() == nullptr) return {};
    names.push_back(member->provider()->name());
  }
  return recipe_of(*this, shape_.values, shape_.labelled ? "label" : "create", names);
}

}  // namespace biotope::array
