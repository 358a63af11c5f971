#pragma once

#include <memory>
#include <string>
#include <vector>

#include "classes/array/array.h"

namespace biotope::array {

// What stripe, concat and shsec have in common: how an array comes to be and goes. By hand from its
// disks in order (create, nothing is written), or by metadata that say on each disk what it is a
// member of (label), found by tasting in any order.
class ArrayClass : public Class {
 public:
  using Class::Class;

  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

  // Writes metadata to the disks in `below`, which nobody may have open for writing; then tasting
  // finds the array. `given` is checked against parameters(). What is refused has changed nothing:
  // too few disks, one of them twice, in use, too small, or a member of some array already, an
  // array of that name there; or the disks make no array.
  Task<Status> label(Mesh& mesh, std::string name, std::vector<Provider*> below,
                     Values given) const;
  // The array and its metadata go. EBUSY while it is open, and then nothing has changed.
  static Task<Status> destroy(Array& array);
  // Makes the metadata of a disk that is in no array zeros. ENOENT when it has none of this class.
  Task<Status> clear(Mesh& mesh, Provider& disk) const;

  virtual const Format& format() const = 0;
  virtual std::unique_ptr<Array> make(Mesh& mesh, Shape shape) const = 0;
  virtual std::size_t least_count() const { return 2; }
  // The values that make an array as a record tells, and the other way round.
  virtual Values values_of(const Record&) const { return {}; }
  virtual std::uint32_t unit_of(const Values&) const { return 0; }
  // What an array with metadata must keep to besides: EINVAL for what others could not read.
  virtual Status may_label(const Creation&) const { return {}; }

  // The class of that name, if it is one of these; null otherwise.
  static const ArrayClass* of(const Mesh& mesh, std::string_view class_name) {
    return dynamic_cast<const ArrayClass*>(mesh.find_class(class_name));
  }

 private:
  std::unique_ptr<Array> make_of(Mesh& mesh, const Creation& creation, Shape shape) const;
  std::vector<Bytes> records_of(const Array& array, const std::vector<Provider*>& below) const;
  Status may_label_these(const Mesh& mesh, const Creation& creation) const;
  static Task<Status> write_records(Array& array, const std::vector<Bytes>& sectors);
  Array* find(Mesh& mesh, const Record& record) const;
  Result<Shape> shape_of(const Record& record, const std::string& title) const;
  Status take(Taster& taster, const Record& record, Geom*& made);
};

// EINVAL when `creation` names none, fewer disks than `least_count`, too many, or one twice.
Status check_disks(const Class& cls, const Creation& creation, std::size_t least_count);
// Takes the array over and attaches it to its disks in order, or takes it back. It offers nothing
// so far.
Result<Array*> attach_all(Mesh& mesh, std::unique_ptr<Array> array,
                          const std::vector<Provider*>& disks);
// Likewise, and then it does.
Result<Geom*> publish_over(Mesh& mesh, std::unique_ptr<Array> array,
                           const std::vector<Provider*>& disks);
// Opens all members of `array` r1w1e1 for its own use, or none.
Status open_all(Array& array);
// Opens `disk` r1w1e1 for the metadata of `cls`, without tasting or anybody else: its consumer is
// that of a geom, which is to be withered.
Result<Consumer*> open_alone(Mesh& mesh, const Class& cls, Provider& disk);
// All of `disks` like this, or none. The geoms are there as long as the object.
struct Alone {
  std::vector<Consumer*> edges;
  std::vector<std::unique_ptr<Stay>> stays;
};
Result<Alone> open_alone(Mesh& mesh, const Class& cls, const std::vector<Provider*>& disks);
void give_back(Mesh& mesh, const Alone& alone);
// Takes metadata of that kind off a disk that nobody uses, also such as are too new to be read.
Task<Status> clear_metadata(Mesh& mesh, const Class& cls, Provider& disk,
                            const metadata::Kind& kind);

// The sector below `edge` that is to get metadata. EEXIST when it holds those of some class.
Task<Result<Bytes>> free_sector(Consumer& edge);

// The parameters every such class has, for the end of its table.
inline constexpr Parameter kHardcode{
    .name = "hardcode",
    .kind = Parameter::Kind::boolean,
    .fallback = false,
    .help = "the metadata name the disk they are written to; they hold nowhere else"};
inline constexpr Parameter kId{.name = "id",
                               .fallback = std::int64_t{0},
                               .max = 0xffffffff,
                               .help = "the array's number in the metadata; 0 to choose one"};

}  // namespace biotope::array
