#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "model/error.h"
#include "sim/media/block_map.h"
#include "sim/media/image_file.h"
#include "sim/media/medium_overlay.h"

namespace biotope::sim {

// What a medium is before anything is on it.
struct MediumShape {
  std::int64_t size_bytes = 0;   // a multiple of sector_size
  std::int64_t sector_size = 0;  // any positive number
};

// Something that can be put into a drive: its real bytes. They are kept sparse, over an image file
// that is never written to, or over nothing; what was never written reads from the image and, past
// its end, as zeros. What work loads write is kept as stamps. No faults and no times here: the
// bytes are always the truth.
class Medium {
 public:
  // A medium of zeros. `name` is what people call it. EINVAL: no possible shape.
  static Result<std::shared_ptr<Medium>> blank(std::string name, MediumShape shape);

  // A medium with the bytes of the raw image at `path`, zeros behind them; its name is the file's,
  // without the folders, which differ from run to run. Errors: what the system
  // says when it can not be opened; EISDIR, EINVAL: not a plain file, empty, or not whole sectors;
  // EFBIG: larger than the medium.
  static Result<std::shared_ptr<Medium>> load(const std::string& path, MediumShape shape);

  const std::string& name() const { return name_; }
  std::int64_t size_bytes() const { return shape_.size_bytes; }
  std::int64_t sector_size() const { return shape_.sector_size; }
  bool write_protected() const { return write_protected_; }
  // The tab on the cartridge: seen by a drive when the medium is inserted.
  void set_write_protected(bool on) { write_protected_ = on; }

  // The drive it is in, kept by that drive; empty: none. A medium is in one drive at most.
  const std::string& in_drive() const { return in_drive_; }
  void set_in_drive(std::string drive) { in_drive_ = std::move(drive); }

  // All four: the range must lie within the medium. EIO: the image file could not be read.
  // Nothing here looks at write protection: that is the drive's to heed.
  Status read(std::int64_t offset_bytes, std::span<std::byte> to) const;
  Status write(std::int64_t offset_bytes, std::span<const std::byte> from);
  // The same as writing the stamp's bytes.
  Status stamp(std::int64_t offset_bytes, std::int64_t length_bytes, const Stamp& stamp);
  // The range reads as zeros from now on.
  Status erase(std::int64_t offset_bytes, std::int64_t length_bytes);

  // A sector that was only half written can not be read by a drive until it is written again;
  // read() goes on to tell what is there.
  void set_unreadable(std::int64_t sector) { unreadable_.insert(sector); }
  bool readable(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  // For who writes whole sectors piece by piece; write() and erase() see to those within them.
  void make_readable(std::int64_t offset_bytes, std::int64_t length_bytes);

  // What a drive gets to read: read() as the overlay shows it. EIO as well where that says so.
  Status see(std::int64_t offset_bytes, std::span<std::byte> to) const;
  MediumOverlay* overlay() const { return overlay_.get(); }
  void set_overlay(std::unique_ptr<MediumOverlay> overlay) { overlay_ = std::move(overlay); }

  // Writes all of the present contents to a raw image at `path`, with holes where it is zero:
  // either the whole image is there afterwards, or whatever was there before.
  Status write_image(const std::string& path) const;

  // Memory held for what differs from the image.
  std::int64_t overlay_bytes() const;

 private:
  Medium(std::string name, MediumShape shape, ImageFile image);

  void check_range(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  std::int64_t image_end_block() const;
  void show_overlay(std::int64_t offset_bytes, std::int64_t length_bytes, const Stamp& stamp);
  Result<Block*> block_to_change(std::int64_t number, bool whole);
  Status put(std::int64_t offset_bytes, std::int64_t length_bytes, const Stamp& stamp);

  std::string name_;
  MediumShape shape_;
  bool write_protected_ = false;
  std::string in_drive_;
  ImageFile image_;
  std::unique_ptr<MediumOverlay> overlay_;  // null: drives see the truth
  BlockMap blocks_;                         // what differs from the image
  std::set<std::int64_t> unreadable_;       // sectors
};

}  // namespace biotope::sim
