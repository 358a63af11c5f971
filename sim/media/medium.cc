#include "sim/media/medium.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "model/check.h"

namespace biotope::sim {
namespace {

Status check_shape(const std::string& name, MediumShape shape) {
  if (shape.sector_size <= 0) {
    return fail(EINVAL, "medium '", name, "': a sector of ", shape.sector_size,
                " bytes is not possible; give a positive number");
  }
  if (shape.size_bytes <= 0 || shape.size_bytes % shape.sector_size != 0) {
    return fail(EINVAL, "medium '", name, "': a size of ", shape.size_bytes,
                " bytes is not possible; give a positive multiple of the sector size ",
                shape.sector_size);
  }
  return {};
}

Status check_image(const std::string& path, std::int64_t image_bytes, MediumShape shape) {
  if (image_bytes == 0) return fail(EINVAL, "image '", path, "' is empty");
  if (image_bytes > shape.size_bytes) {
    return fail(EFBIG, "image '", path, "' has ", image_bytes, " bytes, but the medium holds only ",
                shape.size_bytes);
  }
  if (image_bytes % shape.sector_size != 0) {
    return fail(EINVAL, "image '", path, "' has ", image_bytes,
                " bytes, which is no multiple of the sector size ", shape.sector_size,
                ": it is truncated or no raw image");
  }
  return {};
}

}  // namespace

Medium::Medium(std::string name, MediumShape shape, ImageFile image)
    : name_(std::move(name)), shape_(shape), image_(std::move(image)) {}

Result<std::shared_ptr<Medium>> Medium::blank(std::string name, MediumShape shape) {
  if (Status possible = check_shape(name, shape); !possible) return pass_on(possible);
  return std::shared_ptr<Medium>(new Medium(std::move(name), shape, ImageFile()));
}

Result<std::shared_ptr<Medium>> Medium::load(const std::string& path, MediumShape shape) {
  if (Status possible = check_shape(path, shape); !possible) return pass_on(possible);
  Result<ImageFile> image = ImageFile::open(path);
  if (!image) return pass_on(image);
  if (Status fits = check_image(path, image->size_bytes(), shape); !fits) return pass_on(fits);
  std::string name = std::filesystem::path(path).filename().string();
  return std::shared_ptr<Medium>(new Medium(std::move(name), shape, std::move(*image)));
}

void Medium::check_range(std::int64_t offset_bytes, std::int64_t length_bytes) const {
  BIOTOPE_CHECK(offset_bytes >= 0 && length_bytes >= 0 && offset_bytes <= shape_.size_bytes &&
                    length_bytes <= shape_.size_bytes - offset_bytes,
                "a drive went past the end of its medium");
}

Status Medium::read(std::int64_t offset_bytes, std::span<std::byte> to) const {
  check_range(offset_bytes, static_cast<std::int64_t>(to.size()));
  while (!to.empty()) {
    const std::int64_t number = offset_bytes / Block::kBytes;
    const Block* block = blocks_.find(number);
    std::int64_t until_bytes = (number + 1) * Block::kBytes;
    // Everything up to the next changed block comes from the image in one piece.
    const auto left = static_cast<std::int64_t>(to.size());
    if (block == nullptr && offset_bytes + left > until_bytes) {
      const std::int64_t next = blocks_.next(number);
      until_bytes = next == BlockMap::kNone ? size_bytes() : next * Block::kBytes;
    }
    const std::int64_t take = std::min(left, until_bytes - offset_bytes);
    const std::span<std::byte> part = to.first(static_cast<std::size_t>(take));
    if (block != nullptr) {
      block->read(offset_bytes - number * Block::kBytes, part);
    } else if (Status got = image_.read(offset_bytes, part); !got) {
      return got;
    }
    offset_bytes += take;
    to = to.subspan(part.size());
  }
  return {};
}

Status Medium::see(std::int64_t offset_bytes, std::span<std::byte> to) const {
  if (Status got = read(offset_bytes, to); !got || overlay_ == nullptr) return got;
  const int error = overlay_->reading(*this, offset_bytes, to);
  if (error == 0) return {};
  return fail(error, "medium '", name_, "' can not be read at ", offset_bytes, "; write there");
}

// The block `number`, in memory of its own; unless the `whole` of it is about to be replaced, with
// its present contents.
Result<Block*> Medium::block_to_change(std::int64_t number, bool whole) {
  if (Block* block = blocks_.find(number); block != nullptr) return block;
  if (whole || number >= image_end_block()) return &blocks_.get(number);
  Block::Bytes bytes;
  if (Status got = image_.read(number * Block::kBytes, bytes); !got) return pass_on(got);
  Block& block = blocks_.get(number);
  block.write(0, bytes);
  return &block;
}

bool Medium::readable(std::int64_t offset_bytes, std::int64_t length_bytes) const {
  const auto bad = unreadable_.lower_bound(offset_bytes / sector_size());
  return bad == unreadable_.end() || *bad * sector_size() >= offset_bytes + length_bytes;
}

// The sectors that are whole within the range.
void Medium::make_readable(std::int64_t offset_bytes, std::int64_t length_bytes) {
  const std::int64_t first = (offset_bytes + sector_size() - 1) / sector_size();
  const std::int64_t end = (offset_bytes + length_bytes) / sector_size();
  if (first < end) unreadable_.erase(unreadable_.lower_bound(first), unreadable_.lower_bound(end));
}

Status Medium::write(std::int64_t offset_bytes, std::span<const std::byte> from) {
  check_range(offset_bytes, static_cast<std::int64_t>(from.size()));
  if (overlay_ != nullptr) overlay_->writing(*this, offset_bytes, from);
  make_readable(offset_bytes, static_cast<std::int64_t>(from.size()));
  while (!from.empty()) {
    const std::int64_t number = offset_bytes / Block::kBytes;
    const std::int64_t skip = offset_bytes - number * Block::kBytes;
    const std::size_t take = std::min(from.size(), static_cast<std::size_t>(Block::kBytes - skip));
    const Result<Block*> block = block_to_change(number, take == Block::kBytes);
    if (!block) return pass_on(block);
    (*block)->write(skip, from.first(take));
    offset_bytes += static_cast<std::int64_t>(take);
    from = from.subspan(take);
  }
  return {};
}

Status Medium::stamp(std::int64_t offset_bytes, std::int64_t length_bytes, const Stamp& stamp) {
  check_range(offset_bytes, length_bytes);
  if (overlay_ != nullptr) show_overlay(offset_bytes, length_bytes, stamp);
  make_readable(offset_bytes, length_bytes);
  return put(offset_bytes, length_bytes, stamp);
}

// The overlay knows of bytes only.
void Medium::show_overlay(std::int64_t offset_bytes, std::int64_t length_bytes,
                          const Stamp& stamp) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(length_bytes));
  stamp.fill(bytes);
  overlay_->writing(*this, offset_bytes, bytes);
}

Status Medium::put(std::int64_t offset_bytes, std::int64_t length_bytes, const Stamp& stamp) {
  for (std::int64_t done = 0; done < length_bytes;) {
    const std::int64_t at_bytes = offset_bytes + done;
    const std::int64_t number = at_bytes / Block::kBytes;
    const std::int64_t skip = at_bytes - number * Block::kBytes;
    const std::int64_t take = std::min(length_bytes - done, Block::kBytes - skip);
    // Behind the image nothing is enough to read as zeros; over it a block has to say so.
    const bool nothing = stamp.zeros() && number >= image_end_block();
    if (nothing && take == Block::kBytes) {
      blocks_.erase(number, number + 1);
    } else if (!nothing || blocks_.find(number) != nullptr) {
      const Result<Block*> block = block_to_change(number, take == Block::kBytes);
      if (!block) return pass_on(block);
      (*block)->stamp(skip, take, stamp.shifted(done));
    }
    done += take;
  }
  return {};
}

Status Medium::erase(std::int64_t offset_bytes, std::int64_t length_bytes) {
  check_range(offset_bytes, length_bytes);
  if (overlay_ != nullptr) overlay_->erasing(*this, offset_bytes, length_bytes);
  make_readable(offset_bytes, length_bytes);
  const std::int64_t end_bytes = offset_bytes + length_bytes;
  // Behind the image all whole blocks can go at once.
  const std::int64_t first =
      std::max((offset_bytes + Block::kBytes - 1) / Block::kBytes, image_end_block());
  const std::int64_t end = end_bytes / Block::kBytes;
  if (first >= end) return put(offset_bytes, length_bytes, Stamp());
  blocks_.erase(first, end);
  const std::int64_t tail_bytes = end * Block::kBytes;
  if (Status done = put(offset_bytes, first * Block::kBytes - offset_bytes, Stamp()); !done) {
    return done;
  }
  return put(tail_bytes, end_bytes - tail_bytes, Stamp());
}

// The first block with no byte of the image in it.
std::int64_t Medium::image_end_block() const {
  return (image_.size_bytes() + Block::kBytes - 1) / Block::kBytes;
}

Status Medium::write_image(const std::string& path) const {
  Result<ImageWriter> writer = ImageWriter::create(path, size_bytes());
  if (!writer) return pass_on(writer);

  std::vector<std::byte> buffer(256 * Block::kBytes);
  const auto copy = [&](std::int64_t begin_bytes, std::int64_t end_bytes) -> Status {
    while (begin_bytes < end_bytes) {
      const std::int64_t take =
          std::min(end_bytes - begin_bytes, static_cast<std::int64_t>(buffer.size()));
      const std::span<std::byte> chunk(buffer.data(), static_cast<std::size_t>(take));
      if (Status got = read(begin_bytes, chunk); !got) return got;
      if (Status put = writer->write(begin_bytes, chunk); !put) return put;
      begin_bytes += take;
    }
    return {};
  };

  const std::int64_t image_end = image_end_block();
  if (Status done = copy(0, std::min(image_end * Block::kBytes, size_bytes())); !done) return done;
  for (auto at = blocks_.next(image_end); at != BlockMap::kNone; at = blocks_.next(at + 1)) {
    const std::int64_t begin_bytes = at * Block::kBytes;
    if (Status done = copy(begin_bytes, std::min(begin_bytes + Block::kBytes, size_bytes()));
        !done) {
      return done;
    }
  }
  return writer->keep();
}

std::int64_t Medium::overlay_bytes() const { return blocks_.bytes(); }

}  // namespace biotope::sim
