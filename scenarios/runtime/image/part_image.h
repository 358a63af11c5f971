#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classes/slicer/document.h"
#include "classes/slicer/slicer.h"
#include "scenarios/runtime/image/tasted_disk.h"
#include "sim/media/image_file.h"

namespace biotope::runtime {

// The partition tables of an image file, to be changed in place. The image is looked at as
// `biotope taste` does, so tables in tables are found by the names of what they lie on: "da0" is
// the whole image, "da0s1" the first slice.
class PartImage {
 public:
  // Errors: those of sim::FileDriver::open.
  static Result<std::unique_ptr<PartImage>> open(const std::string& path,
                                                 std::int64_t sector_size_bytes,
                                                 sim::ImageFile::Use use);

  const TastedDisk& tasted() const { return *tasted_; }
  // The tables there are, those of a provider before those of its partitions.
  std::vector<const Slicer*> tables() const;

  // The table on that provider, read from the image. ENXIO when there is no such provider, ENOENT
  // when it has no table, EINVAL with the reason when its table was refused.
  Result<Document> table(std::string_view on);
  // The tables there that are refused in all their copies, to be wiped (Document::wiped). ENXIO
  // when there is no such provider.
  Result<std::vector<Document>> refused(std::string_view on);
  // A table without partitions there, on no medium yet. EINVAL when there is no convention of that
  // name ("gpt", in any case), EEXIST when there is a table.
  Result<Document> blank(std::string_view on, std::string_view scheme, const Blank& blank);
  // Writes what has changed, in the convention's order.
  Status write(std::string_view on, const Document& document);

 private:
  PartImage(std::unique_ptr<TastedDisk> tasted, sim::ImageFile file)
      : tasted_(std::move(tasted)), file_(std::move(file)) {}

  Result<const Provider*> provider(std::string_view name) const;
  const Slicer* slicer_on(std::string_view name) const;
  // The bytes of the image from `start_bytes` on.
  ReadBytes bytes_from(std::int64_t start_bytes);

  std::unique_ptr<TastedDisk> tasted_;
  sim::ImageFile file_;
};

// The names of the conventions in which a table can be made, in small letters.
std::vector<std::string> scheme_names();

}  // namespace biotope::runtime
