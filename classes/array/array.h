#pragma once

#include <string>
#include <vector>

#include "classes/array/order_gate.h"
#include "classes/array/piece.h"
#include "classes/array/record.h"
#include "model/class.h"
#include "model/mesh.h"

namespace biotope::array {

// What an array is made of and by which rules.
struct Shape {
  std::string name = {};
  std::uint32_t id = 0;  // in the metadata of its disks
  std::uint16_t count = 0;
  bool labelled = false;  // its disks say so themselves, in their last sector
  Values values = {};     // complete and checked against the table of the class
};

// An array that needs all of its disks: it has a provider while all are there. Disks come in any
// order. One with metadata waits for a disk that was lost; one made by hand goes with its first.
class Array : public Geom {
 public:
  Array(Mesh& mesh, const Class& cls, Shape shape);

  Status demand(AccessPlan& plan) override;
  void orphaned(Consumer& consumer) override;
  Properties derive(const Provider& own) const override;
  std::string status() const override;
  std::string recipe() const override;

  const Shape& shape() const { return shape_; }
  // By index; null for those that are missing.
  const std::vector<Consumer*>& members() const { return members_; }
  bool complete() const;
  // How much of a member is the array's: all but its last sector, where that holds metadata.
  std::int64_t usable_bytes(const Properties& member) const;

  // While its metadata are being written all of its disks are open r1w1e1, whoever opens or closes
  // what it offers.
  void set_recording(bool recording) { recording_ = recording; }
  bool recording() const { return recording_; }

  // `disk` is member `index`, and nothing else happens. EEXIST when that member is there.
  Status attach(Provider& disk, std::size_t index);
  // All members are there: the provider appears, or grows. EINVAL when they make no array.
  Status publish();
  // What it would be like.
  virtual Result<Properties> offered() const = 0;
  // `disk` is member `record.index`: attached, and the provider published when it was the last to
  // come. All or nothing: EEXIST when that member is there, EINVAL for a record of another array,
  // or disks that make none together.
  Status arrive(Provider& disk, const Record& record);

 protected:
  // All members are there and make an array: the geom may take note of where what lies.
  virtual void arrange() {}
  // One more disk of the same array says that there are `count`. True when that can be and is so
  // from now on. Default: only what is known already.
  virtual bool recount(std::uint16_t count) { return count == shape_.count; }

  Consumer& member(std::size_t index) const { return *members_[index]; }
  void put_member(std::size_t index, Consumer* consumer) { members_[index] = consumer; }
  const Properties& below(std::size_t index) const {
    return members_[index]->provider()->properties();
  }
  void set_count(std::uint16_t count);
  // FLUSH to every member.
  Verdict to_all(Bio& bio);
  // The sector that is whole on every member: the least common multiple. EINVAL when that is
  // absurd.
  Result<std::int64_t> common_sector() const;
  // Sector size, and what is true of the array if it is of all members.
  Result<Properties> common_properties() const;
  Provider* live_provider() const;
  // What the provider is called.
  virtual std::string own_name() const { return sentence(cls().name(), '/', name()); }

 private:
  Shape shape_;
  std::vector<Consumer*> members_;
  bool recording_ = false;
};

// An array that is a map: each of its bytes is one byte of one member.
class MappedArray : public Array, protected OrderGate {
 public:
  MappedArray(Mesh& mesh, const Class& cls, Shape shape)
      : Array(mesh, cls, std::move(shape)), OrderGate(static_cast<Geom&>(*this)) {}

  using Piece = array::Piece;
  // Where the bytes from `position_bytes` on are, as many of them as lie together but at most
  // `length_bytes`.
  virtual Piece piece(std::int64_t position_bytes, std::int64_t length_bytes) const = 0;

  Verdict start(Bio& bio, Provider& provider) override;

 protected:
  Verdict issue(Bio& bio) override;
  Verdict start_slowly(Bio& bio);

 private:
  Verdict split(Bio& bio, Piece next);
};

}  // namespace biotope::array
