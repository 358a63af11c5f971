#include "classes/concat/concat.h"

#include <algorithm>

#include "model/check.h"

namespace biotope {

namespace {

constexpr Parameter kParameters[] = {array::kId, array::kHardcode};

const array::Format kFormat{
    .kind = {.magic = "GEOM::CONCAT", .newest = 4, .bytes = 68},
    .unit = {},
    .provider = layout::Text(44, 16),
    .provsize = layout::le64(60),
    .named_since = 2,
    .sized_since = 3,
};

}  // namespace

array::MappedArray::Piece Concat::piece(std::int64_t position_bytes,
                                        std::int64_t length_bytes) const {
  const auto next = std::ranges::upper_bound(starts_, position_bytes);
  const std::int64_t start = *std::prev(next);
  return {members()[static_cast<std::size_t>(next - starts_.begin()) - 1], position_bytes - start,
          std::min(length_bytes, *next - position_bytes)};
}

Result<Properties> Concat::offered() const {
  Result<Properties> all = common_properties();
  if (!all) return all;
  for (std::size_t i = 0; i < members().size(); ++i) {
    const std::int64_t usable =
        usable_bytes(below(i)) / all->sector_size_bytes * all->sector_size_bytes;
    if (usable == 0) {
      return fail(EINVAL, title(), ": ", member(i).provider()->name(), " has ",
                  below(i).media_size_bytes, " bytes, too few for a sector of ",
                  all->sector_size_bytes);
    }
    if (usable > INT64_MAX - all->media_size_bytes) {
      return fail(EINVAL, title(), " would be beyond all size");
    }
    all->media_size_bytes += usable;
  }
  all->stripe_size_bytes = below(0).stripe_size_bytes;
  all->stripe_offset_bytes = below(0).stripe_offset_bytes;
  return all;
}

void Concat::arrange() {
  const std::int64_t sector = *common_sector();
  starts_.assign(1, 0);
  for (std::size_t i = 0; i < members().size(); ++i) {
    starts_.push_back(starts_.back() + usable_bytes(below(i)) / sector * sector);
  }
}

// A disk that was appended when not all others had been told: it makes the array longer. While the
// array is in use only append() can open a disk as the others are.
bool Concat::recount(std::uint16_t count) {
  const Provider* provider = live_provider();
  if (count > shape().count && (provider == nullptr || provider->access().closed())) {
    set_count(count);
    if (provider != nullptr) mesh().orphan(*live_provider());
  }
  return count <= shape().count;
}

Status Concat::fits(const Provider& disk) const {
  if (!complete() || live_provider() == nullptr || withering() || recording()) {
    return fail(EBUSY, title(), " is not complete, or being changed; nothing can be appended");
  }
  if (shape().count == UINT16_MAX) return fail(EINVAL, title(), " has all the disks it can have");
  for (const Consumer* one : members()) {
    if (one->provider() == &disk) return fail(EEXIST, disk.name(), " is in ", title(), " already");
  }
  const std::int64_t sector = live_provider()->sector_size_bytes();
  if (sector % disk.sector_size_bytes() != 0 || usable_bytes(disk.properties()) < sector) {
    return fail(EINVAL, title(), " has sectors of ", sector, " bytes; ", disk.name(), " with ",
                disk.media_size_bytes(), " bytes in sectors of ", disk.sector_size_bytes(),
                " does not fit");
  }
  if (usable_bytes(disk.properties()) > INT64_MAX - starts_.back()) {
    return fail(EINVAL, title(), " would be beyond all size");
  }
  return {};
}

Task<Status> Concat::append(Provider& disk) {
  if (Status fine = fits(disk); !fine) co_return fine;
  const Result<Consumer*> newcomer = mesh().new_consumer(*this, disk);
  if (!newcomer) co_return pass_on(newcomer);
  const Stay stay(*this);
  Status done = mesh().access(**newcomer, kReadWriteExclusive);
  if (done && shape().labelled) done = co_await enroll(**newcomer);
  if (done && !complete()) done = fail(ENXIO, title(), " has lost a disk meanwhile");
  if (done && (*newcomer)->orphaned()) done = fail(ENXIO, (*newcomer)->name(), " is lost");
  if (!done) {
    mesh().drop(**newcomer);
    co_return done;
  }
  set_count(static_cast<std::uint16_t>(shape().count + 1));
  put_member(members().size() - 1, *newcomer);
  open_as_needed(**newcomer);
  co_return publish();
}

// The newcomer first: should the rest not be told, what they know still holds.
Task<Status> Concat::enroll(Consumer& newcomer) {
  const Result<Bytes> last = co_await array::free_sector(newcomer);
  if (!last) co_return pass_on(last);
  if (!complete()) co_return fail(ENXIO, title(), " has lost a disk meanwhile");
  const std::vector<Consumer*> old = members();
  Status done = array::open_all(*this);
  if (!done) co_return done;
  set_recording(true);
  done = co_await record(newcomer, old.size(), old.size() + 1);
  for (std::size_t i = 0; i < old.size() && done; ++i) {
    done = co_await record(*old[i], i, old.size() + 1);
  }
  if (!done) {
    for (std::size_t i = 0; i < old.size(); ++i) {
      const Status undone = co_await record(*old[i], i, old.size());
      if (!undone) mesh().note(*this, undone.error().text);
    }
    const Status cleared = co_await metadata::clear(newcomer);
    if (!cleared) mesh().note(*this, cleared.error().text);
  }
  set_recording(false);
  for (Consumer* one : old) {
    if (!one->leaving()) open_as_needed(*one);
  }
  co_return done;
}

Task<Status> Concat::record(Consumer& edge, std::size_t index, std::size_t count) const {
  const Provider& disk = *edge.provider();
  const array::Record record{
      .name = name(),
      .id = shape().id,
      .index = static_cast<std::uint16_t>(index),
      .count = static_cast<std::uint16_t>(count),
      .owner = {.provider = shape().values.boolean("hardcode") ? disk.name() : "",
                .provsize = static_cast<std::uint64_t>(disk.media_size_bytes())}};
  co_return co_await metadata::store(edge, encode(kFormat, record, disk.sector_size_bytes()));
}

// As its users have the array open.
void Concat::open_as_needed(Consumer& consumer) {
  Access needed;
  for (const Provider& provider : providers()) {
    const Access open = provider.access();
    needed.r |= open.r > 0 ? 1 : 0;
    needed.w |= open.w > 0 ? 1 : 0;
    needed.e |= open.e > 0 || open.w > 0 ? 1 : 0;
  }
  if (needed == consumer.access()) return;
  const Status closed = mesh().access(consumer, needed - consumer.access());
  BIOTOPE_CHECK(closed.has_value(), "closing is never refused");
}

std::span<const Parameter> ConcatClass::parameters() const { return kParameters; }

const array::Format& ConcatClass::format() const { return kFormat; }

std::unique_ptr<array::Array> ConcatClass::make(Mesh& mesh, array::Shape shape) const {
  return std::make_unique<Concat>(mesh, *this, std::move(shape));
}

}  // namespace biotope
