#pragma once

#include "classes/array/array.h"
#include "classes/array/copies.h"
#include "classes/ccd/layout.h"

namespace biotope {

// Concatenated disks, as the driver of old laid them out: one after the other, or interleaved, with
// disks of different sizes, or with the second half of them a copy of the first. Nothing on the
// disks says so; ccdconfig does. A mirrored one has no notion of a half that is out of date: a
// write that either half fails, fails.
class Ccd final : public array::MappedArray, private array::Copies {
 public:
  Ccd(Mesh& mesh, const Class& cls, array::Shape shape);

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  Piece piece(std::int64_t position_bytes, std::int64_t length_bytes) const override;
  Result<Properties> offered() const override;
  std::string status() const override;

 protected:
  Verdict issue(Bio& bio) override;
  void arrange() override;
  std::string own_name() const override { return name(); }

 private:
  // The arms of a disk and its copy, and which of the two was read from last.
  struct Arms {
    std::int64_t at_bytes[2] = {0, 0};
    std::size_t last = 0;
  };

  Result<ccd::Layout> layout_of_members() const;
  Piece piece_of(std::size_t copy, std::int64_t position_bytes,
                 std::int64_t length_bytes) const override;
  bool good(std::size_t) const override { return complete(); }
  std::size_t choose(std::int64_t position_bytes, std::int64_t length_bytes) override;

  ccd::Layout layout_;
  std::vector<Arms> arms_;  // of each mirrored pair
};

// Made by hand only.
class CcdClass final : public Class {
 public:
  CcdClass() : Class("ccd") {}
  std::string_view help() const override {
    return "disks concatenated, interleaved or mirrored, by the old driver's map";
  }
  std::span<const Parameter> parameters() const override;
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
