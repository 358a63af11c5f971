#include "scenarios/runtime/image/part_image.h"

#include <algorithm>

#include "classes/class_list.h"
#include "classes/slicer/slicer_class.h"
#include "sim/media/file_driver.h"

namespace biotope::runtime {

namespace {

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

Result<const Scheme*> scheme_called(const Mesh& mesh, std::string_view name) {
  for (const Class* cls : mesh.classes()) {
    const auto* slicers = dynamic_cast<const SlicerClass*>(cls);
    if (slicers == nullptr) continue;
    if (in_small_letters(slicers->scheme().name()) == in_small_letters(name)) {
      return &slicers->scheme();
    }
  }
  std::string known;
  for (const std::string& one : scheme_names()) known += (known.empty() ? "" : ", ") + one;
  return fail(EINVAL, "there is no convention '", name, "'; there are ", known);
}

// What the class that tastes a provider is told of the tables it lies in.
Surroundings surroundings(const Provider& provider) {
  Surroundings where;
  const Slicer* slicer = Slicer::of(provider.geom());
  if (slicer == nullptr) return where;
  where.scheme = slicer->table().scheme;
  where.type = slicer->slice_of(provider).type;
  where.leaf = slicer->table().leaf;
  const Provider* at = &provider;
  while (at != nullptr && (slicer = Slicer::of(at->geom())) != nullptr) {
    ++where.depth;
    at = slicer->below();
  }
  return where;
}

}  // namespace

std::vector<std::string> scheme_names() {
  std::vector<std::string> names;
  for (const auto& cls : all_classes()) {
    const auto* slicers = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicers != nullptr) names.push_back(in_small_letters(slicers->scheme().name()));
  }
  return names;
}

Result<std::unique_ptr<PartImage>> PartImage::open(const std::string& path,
                                                   std::int64_t sector_size_bytes,
                                                   sim::ImageFile::Use use) {
  auto driver = sim::FileDriver::open(path, sector_size_bytes);
  if (!driver) return pass_on(driver);
  auto tasted = TastedDisk::make(std::move(*driver));
  if (!tasted) return pass_on(tasted);
  auto file = sim::ImageFile::open(path, use);
  if (!file) return pass_on(file);
  return std::unique_ptr<PartImage>(new PartImage(std::move(*tasted), std::move(*file)));
}

std::vector<const Slicer*> PartImage::tables() const {
  std::vector<const Slicer*> all;
  for (const Geom& geom : tasted_->mesh().geoms()) {
    const Slicer* slicer = Slicer::of(geom);
    if (slicer != nullptr && !geom.withering()) all.push_back(slicer);
  }
  std::ranges::stable_sort(all, {}, [](const Slicer* slicer) { return slicer->rank(); });
  return all;
}

Result<const Provider*> PartImage::provider(std::string_view name) const {
  const Provider* found = tasted_->mesh().provider(name);
  if (found != nullptr && found->error() == 0) return found;
  return fail(ENXIO, "there is no '", name, "' on the image; 'taste' tells what there is");
}

const Slicer* PartImage::slicer_on(std::string_view name) const {
  for (const Slicer* slicer : tables()) {
    if (slicer->name() == name) return slicer;
  }
  return nullptr;
}

Result<Document> PartImage::table(std::string_view on) {
  const Result<const Provider*> below = provider(on);
  if (!below) return pass_on(below);
  const Slicer* slicer = slicer_on(on);
  if (slicer == nullptr) {
    for (const TastedDisk::Note& note : tasted_->notes()) {
      const bool refused = dynamic_cast<const SlicerClass*>(note.cls) != nullptr;
      if (refused && note.error != 0 && note.provider == on) return fail(EINVAL, note.text);
    }
    return fail(ENOENT, on, " has no partition table; 'part create' makes one");
  }
  const Scheme& scheme = static_cast<const SlicerClass&>(slicer->cls()).scheme();
  return read_table(scheme, surroundings(**below), (*below)->properties(),
                    bytes_from(start_on_disk_bytes(**below)));
}

ReadBytes PartImage::bytes_from(std::int64_t start_bytes) {
  return [this, start_bytes](std::int64_t offset, std::int64_t length) -> Result<Bytes> {
    Bytes bytes(static_cast<std::size_t>(length));
    const Status read = file_.read(start_bytes + offset, bytes);
    if (!read) return pass_on(read);
    return bytes;
  };
}

Result<std::vector<Document>> PartImage::refused(std::string_view on) {
  const Result<const Provider*> below = provider(on);
  if (!below) return pass_on(below);
  std::vector<Document> all;
  for (const TastedDisk::Note& note : tasted_->notes()) {
    const auto* cls = dynamic_cast<const SlicerClass*>(note.cls);
    if (cls == nullptr || note.error == 0 || note.provider != on) continue;
    Result<Document> wiped =
        Document::wiped(cls->scheme(), surroundings(**below), (*below)->properties(),
                        bytes_from(start_on_disk_bytes(**below)));
    if (!wiped) return pass_on(wiped);
    all.push_back(std::move(*wiped));
  }
  return all;
}

Result<Document> PartImage::blank(std::string_view on, std::string_view scheme,
                                  const Blank& blank) {
  const Result<const Provider*> below = provider(on);
  if (!below) return pass_on(below);
  const Result<const Scheme*> convention = scheme_called(tasted_->mesh(), scheme);
  if (!convention) return pass_on(convention);
  if (const Slicer* there = slicer_on(on)) {
    return fail(EEXIST, on, " has a table of ", there->table().scheme,
                " already; 'part destroy' takes it away");
  }
  return Document::create(**convention, (*below)->properties(), surroundings(**below), blank);
}

Status PartImage::write(std::string_view on, const Document& document) {
  const Result<const Provider*> below = provider(on);
  if (!below) return pass_on(below);
  const std::int64_t start = start_on_disk_bytes(**below);
  for (const Step& step : document.steps()) {
    const std::int64_t offset = start + step.sector * (*below)->sector_size_bytes();
    Status done = step.flush() ? file_.flush() : file_.write(offset, step.bytes);
    if (!done) return done;
  }
  return file_.flush();
}

}  // namespace biotope::runtime
