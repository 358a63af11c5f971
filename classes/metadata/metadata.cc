#include "classes/metadata/metadata.h"

#include <md5.h>

#include <algorithm>
#include <array>

#include "model/check.h"

namespace biotope::metadata {

namespace {

constexpr layout::Text kMagic(0, 16);

using Digest = std::array<std::byte, MD5_DIGEST_LENGTH>;

Digest md5(std::span<const std::byte> bytes) {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  Digest digest;
  MD5Final(reinterpret_cast<std::uint8_t*>(digest.data()), &context);
  return digest;
}

// The name with the driver's old name in place of its new one: "ada0s1" and "ad0s1" are one disk.
std::string without_rename(std::string_view name) {
  constexpr std::string_view kNew = "ada";
  const bool renamed = name.starts_with(kNew) && name.size() > kNew.size() &&
                       name[kNew.size()] >= '0' && name[kNew.size()] <= '9';
  return renamed ? sentence("ad", name.substr(kNew.size())) : std::string(name);
}

}  // namespace

std::int64_t place_bytes(const Properties& properties) {
  return std::max<std::int64_t>(properties.media_size_bytes - properties.sector_size_bytes, 0);
}

Result<Found> recognise(const Kind& kind, Bytes sector, std::string_view name) {
  if (sector.size() < kind.bytes || !kMagic.holds(sector, kind.magic)) {
    return fail(kNone, name, " holds no ", kind.magic, " metadata");
  }
  const std::uint32_t version = kind.version.get(sector);
  if (version > kind.newest) {
    return fail(EOPNOTSUPP, name, " holds ", kind.magic, " metadata of version ", version,
                ", and versions up to ", kind.newest,
                " are known here; use what wrote it, or clear it");
  }
  return Found{version, std::move(sector)};
}

Task<Result<Found>> look(Taster& taster, Kind kind) {
  const Properties& p = taster.properties();
  if (place_bytes(p) == 0) co_return fail(kNone, taster.provider().name(), " is too small");
  Result<Bytes> sector = co_await taster.read(place_bytes(p), p.sector_size_bytes);
  if (!sector) co_return pass_on(sector);
  co_return recognise(kind, std::move(*sector), taster.provider().name());
}

Task<Result<Found>> look(Consumer& edge, Kind kind) {
  const Properties& p = edge.provider()->properties();
  const std::string name = edge.provider()->name();
  if (place_bytes(p) == 0) co_return fail(kNone, name, " is too small");
  Result<Bytes> sector = co_await read(edge, place_bytes(p), p.sector_size_bytes);
  if (!sector) co_return pass_on(sector);
  co_return recognise(kind, std::move(*sector), name);
}

Status belongs(const Owner& owner, const Provider& provider) {
  if (!owner.provider.empty() &&
      without_rename(owner.provider) != without_rename(provider.name())) {
    return fail(kNone, provider.name(), " holds metadata of ", owner.provider);
  }
  if (owner.provsize &&
      *owner.provsize != static_cast<std::uint64_t>(provider.media_size_bytes())) {
    return fail(kNone, provider.name(), " holds metadata of a provider of ", *owner.provsize,
                " bytes and has ", provider.media_size_bytes());
  }
  return {};
}

bool sealed(std::span<const std::byte> sector, std::size_t place) {
  const auto written = layout::Block(place, MD5_DIGEST_LENGTH).of(sector);
  return std::ranges::equal(written, md5(sector.first(place)));
}

void seal(std::span<std::byte> sector, std::size_t place) {
  std::ranges::copy(md5(sector.first(place)),
                    layout::Block(place, MD5_DIGEST_LENGTH).of(sector).begin());
}

Bytes blank(const Kind& kind, std::uint32_t version, std::int64_t sector_size_bytes) {
  Bytes sector(static_cast<std::size_t>(sector_size_bytes));
  kMagic.set(sector, kind.magic);
  kind.version.set(sector, version);
  return sector;
}

Task<Status> store(Consumer& edge, Bytes sector) {
  BIOTOPE_CHECK(static_cast<std::int64_t>(sector.size()) == edge.provider()->sector_size_bytes(),
                "metadata is written as one whole sector");
  const std::int64_t place = place_bytes(edge.provider()->properties());
  if (Status written = co_await write(edge, place, sector); !written) co_return written;
  co_return co_await flush(edge);
}

Task<Status> clear(Consumer& edge) {
  const auto size = static_cast<std::size_t>(edge.provider()->sector_size_bytes());
  co_return co_await store(edge, Bytes(size));
}

void refuse(const Class& cls, const Taster& taster, const Error& why) {
  if (why.code == kNone || taster.lost() || taster.stale()) return;
  Fact fact;
  fact.kind = FactKind::note;
  fact.cls = &cls;
  fact.provider = &taster.provider();
  fact.error = why.code;
  fact.text = why.text;
  taster.mesh().emit(fact);
}

}  // namespace biotope::metadata
