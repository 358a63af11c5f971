#pragma once

#include "classes/array/array_class.h"

namespace biotope {

// Disks one after the other: spanning (paper section 1). FreeBSD's gconcat by its metadata. More
// disks can be appended while it is in use.
class Concat final : public array::MappedArray {
 public:
  using MappedArray::MappedArray;
  Piece piece(std::int64_t position_bytes, std::int64_t length_bytes) const override;
  Result<Properties> offered() const override;

  // `disk` follows the last one, and users see the provider grow. With metadata, those of all
  // members say so first. What is refused has changed nothing: a disk in use or in it already, with
  // metadata, too small or with other sectors; an array that is not complete.
  Task<Status> append(Provider& disk);

 protected:
  bool recount(std::uint16_t count) override;
  void arrange() override;

 private:
  Status fits(const Provider& disk) const;
  Task<Status> enroll(Consumer& newcomer);
  Task<Status> record(Consumer& edge, std::size_t index, std::size_t count) const;
  void open_as_needed(Consumer& consumer);

  std::vector<std::int64_t> starts_;  // where each member begins, and where the last one ends
};

class ConcatClass final : public array::ArrayClass {
 public:
  ConcatClass() : ArrayClass("concat") {}
  std::string_view help() const override { return "disks one after the other"; }
  std::span<const Parameter> parameters() const override;
  const array::Format& format() const override;
  std::unique_ptr<array::Array> make(Mesh& mesh, array::Shape shape) const override;
  std::size_t least_count() const override { return 1; }
};

}  // namespace biotope
