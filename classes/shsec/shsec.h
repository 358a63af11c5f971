#pragma once

#include "classes/array/array_class.h"
#include "classes/array/scratch.h"
#include "classes/random_stream.h"

namespace biotope {

// A shared secret: all disks but the last hold random bytes, the last the data XORed with all of
// them. Any number of disks less than all says nothing. FreeBSD's gshsec by its metadata.
class Shsec final : public array::Array {
 public:
  Shsec(Mesh& mesh, const Class& cls, array::Shape shape);
  Verdict start(Bio& bio, Provider& provider) override;
  Result<Properties> offered() const override;

 private:
  Verdict read(Bio& bio);
  Verdict write(Bio& bio);
  std::byte* begin(Bio& bio);
  Verdict give_up(Bio& bio);
  std::int64_t all_shares_bytes(const Bio& bio) const;
  static std::byte* share(std::byte* shares, const Bio& bio, std::size_t index);
  static void part_done(Bio& part);
  void finish(Bio& bio, int error);
  void randomize(std::byte* to, std::int64_t length_bytes);

  array::Scratch scratch_;
  RandomStream random_;
};

class ShsecClass final : public array::ArrayClass {
 public:
  ShsecClass() : ArrayClass("shsec") {}
  std::string_view help() const override { return "a secret that all disks together hold"; }
  std::span<const Parameter> parameters() const override;
  const array::Format& format() const override;
  std::unique_ptr<array::Array> make(Mesh& mesh, array::Shape shape) const override;
};

}  // namespace biotope
