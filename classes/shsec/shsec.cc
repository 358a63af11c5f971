#include "classes/shsec/shsec.h"

#include <algorithm>
#include <cstring>

namespace biotope {

namespace {

constexpr Parameter kParameters[] = {
    {.name = "seed", .fallback = std::int64_t{0}, .help = "of the random bytes"},
    array::kId,
    array::kHardcode,
};

const array::Format kFormat{
    .kind = {.magic = "GEOM::SHSEC", .newest = 1, .bytes = 68},
    .unit = {},
    .provider = layout::Text(44, 16),
    .provsize = layout::le64(60),
    .named_since = 0,
    .sized_since = 1,
};

void xor_into(std::span<std::byte> to, const std::byte* from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] ^= from[i];
}

}  // namespace

Shsec::Shsec(Mesh& mesh, const Class& cls, array::Shape shape)
    : Array(mesh, cls, std::move(shape)),
      random_(static_cast<std::uint64_t>(this->shape().values.integer("seed")), title()) {}

Result<Properties> Shsec::offered() const {
  Result<Properties> all = common_properties();
  if (!all) return all;
  std::size_t smallest = 0;
  for (std::size_t i = 1; i < members().size(); ++i) {
    if (usable_bytes(below(i)) < usable_bytes(below(smallest))) smallest = i;
  }
  all->media_size_bytes =
      usable_bytes(below(smallest)) / all->sector_size_bytes * all->sector_size_bytes;
  all->deletable = false;
  if (all->media_size_bytes > 0) return all;
  return fail(EINVAL, title(), ": ", member(smallest).provider()->name(), " has ",
              below(smallest).media_size_bytes, " bytes, too few for a sector of ",
              all->sector_size_bytes);
}

// Each request goes to every disk in the same order, so what is ORDERED stays so.
Verdict Shsec::start(Bio& bio, Provider&) {
  switch (bio.command) {
    case Command::read:
      return read(bio);
    case Command::write:
      return write(bio);
    case Command::flush:
      return to_all(bio);
    default:
      return Verdict::done(EOPNOTSUPP);
  }
}

// The first disk's share comes right into the issuer's memory; the others' are XORed to it when all
// are there.
Verdict Shsec::read(Bio& bio) {
  std::byte* shares = begin(bio);
  Children parts(mesh().path(), bio);
  bool fine = parts.add_copy(member(0), bio.position_bytes);
  for (std::size_t i = 1; i < members().size() && fine; ++i) {
    fine = parts.add_own(member(i), Command::read, bio.position_bytes, bio.length_bytes,
                         Data(share(shares, bio, i))) != nullptr;
  }
  return fine ? parts.issue(&Shsec::part_done) : give_up(bio);
}

Verdict Shsec::write(Bio& bio) {
  std::byte* shares = begin(bio);
  const std::size_t last = members().size() - 1;
  const auto length = static_cast<std::size_t>(bio.length_bytes);
  const std::span secret(share(shares, bio, last), length);
  bio.data.copy_out(secret);
  for (std::size_t i = 0; i < last; ++i) {
    randomize(share(shares, bio, i), bio.length_bytes);
    xor_into(secret, share(shares, bio, i));
  }
  Children parts(mesh().path(), bio);
  bool fine = true;
  for (std::size_t i = 0; i <= last && fine; ++i) {
    fine = parts.add_own(member(i), Command::write, bio.position_bytes, bio.length_bytes,
                         Data(share(shares, bio, i))) != nullptr;
  }
  return fine ? parts.issue(&Shsec::part_done) : give_up(bio);
}

// Memory for every disk's share of the request, which goes with it.
std::byte* Shsec::begin(Bio& bio) {
  std::byte* shares = scratch_.take(all_shares_bytes(bio));
  bio.driver1 = this;
  bio.driver2 = shares;
  return shares;
}

std::int64_t Shsec::all_shares_bytes(const Bio& bio) const {
  return static_cast<std::int64_t>(shape().count) * bio.length_bytes;
}

std::byte* Shsec::share(std::byte* shares, const Bio& bio, std::size_t index) {
  return shares + static_cast<std::int64_t>(index) * bio.length_bytes;
}

Verdict Shsec::give_up(Bio& bio) {
  scratch_.put(static_cast<std::byte*>(bio.driver2), all_shares_bytes(bio));
  return Verdict::done(ENOMEM);
}

void Shsec::part_done(Bio& part) {
  Bio& bio = *part.parent;
  if (bio.inbed + 1 == bio.children) static_cast<Shsec*>(bio.driver1)->finish(bio, part.error);
  Children::part_done(part);
}

void Shsec::finish(Bio& bio, int error) {
  auto* shares = static_cast<std::byte*>(bio.driver2);
  if (bio.command == Command::read && bio.error == 0 && error == 0) {
    for (std::size_t i = 1; i < shape().count; ++i) {
      const std::byte* from = share(shares, bio, i);
      bio.data.for_each_piece(bio.length_bytes, [&](std::span<std::byte> piece) {
        xor_into(piece, from);
        from += piece.size();
      });
    }
  }
  scratch_.put(shares, all_shares_bytes(bio));
}

void Shsec::randomize(std::byte* to, std::int64_t length_bytes) {
  for (std::int64_t done = 0; done < length_bytes;) {
    const std::uint64_t random = random_.next();
    const auto take = std::min<std::int64_t>(length_bytes - done, sizeof random);
    std::memcpy(to + done, &random, static_cast<std::size_t>(take));
    done += take;
  }
}

std::span<const Parameter> ShsecClass::parameters() const { return kParameters; }

const array::Format& ShsecClass::format() const { return kFormat; }

std::unique_ptr<array::Array> ShsecClass::make(Mesh& mesh, array::Shape shape) const {
  return std::make_unique<Shsec>(mesh, *this, std::move(shape));
}

}  // namespace biotope
