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
  auto next = pages_.lower_bound(offset_bytes / kPageBytes);
  while (!to.empty()) {
    const std::int64_t page_start = offset_bytes / kPageBytes * kPageBytes;
    if (next != pages_.end() && next->first * kPageBytes == page_start) {
      const auto skip = static_cast<std::size_t>(offset_bytes - page_start);
      const std::size_t take = std::min(to.size(), kPageBytes - skip);
      if (next->second == nullptr) {
        std::memset(to.data(), 0, take);
      } else {
        std::memcpy(to.data(), next->second->data() + skip, take);
      }
      ++next;
      offset_bytes += static_cast<std::int64_t>(take);
      to = to.subspan(take);
      continue;
    }
    // Everything up to the next changed page comes from the image in one piece.
    std::size_t take = to.size();
    if (next != pages_.end()) {
      take = std::min(take, static_cast<std::size_t>(next->first * kPageBytes - offset_bytes));
    }
    if (Status got = image_.read(offset_bytes, to.first(take)); !got) return got;
    offset_bytes += static_cast<std::int64_t>(take);
    to = to.subspan(take);
  }
  return {};
}

Status Medium::see(std::int64_t offset_bytes, std::span<std::byte> to) const {
  if (Status got = read(offset_bytes, to); !got || overlay_ == nullptr) return got;
  const int error = overlay_->reading(*this, offset_bytes, to);
  if (error == 0) return {};
  return fail(error, "medium '", name_, "' can not be read at ", offset_bytes, "; write there");
}

// Gives the page `index` with memory of its own; unless the `whole` of it is about to be replaced,
// with its present contents.
Status Medium::page_to_change(std::int64_t index, bool whole, Page*& page) {
  auto found = pages_.find(index);
  if (found != pages_.end() && found->second != nullptr) {
    page = found->second.get();
    return {};
  }
  auto fresh = std::make_unique<Page>();
  if (found == pages_.end() && !whole) {
    if (Status got = image_.read(index * kPageBytes, *fresh); !got) return got;
  }
  page = fresh.get();
  pages_[index] = std::move(fresh);
  return {};
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
    const std::int64_t index = offset_bytes / kPageBytes;
    const auto skip = static_cast<std::size_t>(offset_bytes - index * kPageBytes);
    const std::size_t take = std::min(from.size(), kPageBytes - skip);
    Page* page = nullptr;
    if (Status got = page_to_change(index, take == kPageBytes, page); !got) return got;
    std::memcpy(page->data() + skip, from.data(), take);
    offset_bytes += static_cast<std::int64_t>(take);
    from = from.subspan(take);
  }
  return {};
}

Status Medium::erase_within_page(std::int64_t offset_bytes, std::int64_t length_bytes) {
  Page* page = nullptr;
  const std::int64_t index = offset_bytes / kPageBytes;
  if (Status got = page_to_change(index, false, page); !got) return got;
  std::memset(page->data() + (offset_bytes - index * kPageBytes), 0,
              static_cast<std::size_t>(length_bytes));
  return {};
}

Status Medium::erase(std::int64_t offset_bytes, std::int64_t length_bytes) {
  check_range(offset_bytes, length_bytes);
  if (overlay_ != nullptr) overlay_->erasing(*this, offset_bytes, length_bytes);
  make_readable(offset_bytes, length_bytes);
  const std::int64_t end_bytes = offset_bytes + length_bytes;
  const std::int64_t first_page = (offset_bytes + kPageBytes - 1) / kPageBytes;
  const std::int64_t end_page = end_bytes / kPageBytes;
  if (first_page > end_page) return erase_within_page(offset_bytes, length_bytes);

  const std::int64_t head_bytes = first_page * kPageBytes - offset_bytes;
  const std::int64_t tail_bytes = end_bytes - end_page * kPageBytes;
  if (head_bytes > 0) {
    if (Status done = erase_within_page(offset_bytes, head_bytes); !done) return done;
  }
  if (tail_bytes > 0) {
    if (Status done = erase_within_page(end_page * kPageBytes, tail_bytes); !done) return done;
  }
  pages_.erase(pages_.lower_bound(first_page), pages_.lower_bound(end_page));
  // Behind the image nothing is enough to read as zeros; over it a page has to say so.
  for (std::int64_t i = first_page; i < std::min(end_page, image_end_page()); ++i) {
    pages_[i] = nullptr;
  }
  return {};
}

// The first page with no byte of the image in it.
std::int64_t Medium::image_end_page() const {
  return (image_.size_bytes() + kPageBytes - 1) / kPageBytes;
}

Status Medium::write_image(const std::string& path) const {
  Result<ImageWriter> writer = ImageWriter::create(path, size_bytes());
  if (!writer) return pass_on(writer);

  std::vector<std::byte> buffer(256 * kPageBytes);
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

  if (Status done = copy(0, std::min(image_end_page() * kPageBytes, size_bytes())); !done) {
    return done;
  }
  for (auto page = pages_.lower_bound(image_end_page()); page != pages_.end(); ++page) {
    const std::int64_t begin_bytes = page->first * kPageBytes;
    if (Status done = copy(begin_bytes, std::min(begin_bytes + kPageBytes, size_bytes())); !done) {
      return done;
    }
  }
  return writer->keep();
}

std::int64_t Medium::overlay_bytes() const {
  return kPageBytes * std::count_if(pages_.begin(), pages_.end(),
                                    [](const auto& page) { return page.second != nullptr; });
}

}  // namespace biotope::sim
