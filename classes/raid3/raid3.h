#pragma once

#include <memory>
#include <vector>

#include "classes/parity/parity_class.h"

namespace biotope {

// FreeBSD's graid3: each sector of the array is cut into as many equal parts as there are data
// disks, 2^n of them, and one more disk has their parity. So nothing is ever read to be written.
class Raid3 final : public parity::Group {
 public:
  using Group::Group;
  ~Raid3() override;

  std::uint64_t mismatches() const { return mismatches_; }

 protected:
  std::int64_t row_bytes() const override { return self().sector_size_bytes; }
  bool add_tasks(Children& tasks, Bio& bio) override;
  void take(Bio& task, parity::Op::Kind kind) override;
  void next(parity::Op& op) override;
  void release(parity::Op& op) override;
  std::int64_t block_bytes() const override;
  std::size_t parity_at(std::int64_t) const override { return count() - 1; }
  bool marks_dirty() const override { return !self().has(parity::kNoFailSync); }
  std::uint64_t flags_known() const override;
  Values values() const override;

 private:
  struct Sectors;  // an op: whole sectors of the array

  std::int64_t atom_bytes() const {
    return self().sector_size_bytes / static_cast<std::int64_t>(count() - 1);
  }
  std::byte* share(const Sectors& op, std::size_t member) const;
  void send_write(Sectors& op);
  void send_read(Sectors& op);
  void digest(Sectors& op);
  bool fits_together(const Sectors& op) const;
  void restore(const Sectors& op, std::size_t member) const;
  template <class Visit>
  void deal(const Sectors& op, Visit visit) const;

  std::uint64_t mismatches_ = 0;
  std::size_t turn_ = 0;
  Sectors* free_ = nullptr;
  std::vector<std::unique_ptr<Sectors>> all_;
};

class Raid3Class final : public parity::ParityClass {
 public:
  Raid3Class() : ParityClass("raid3") {}
  std::string_view help() const override {
    return "sectors cut over 2^n disks, and their parity on one more";
  }
  std::span<const Parameter> parameters() const override;
  const metadata::Kind& kind() const override;

 protected:
  std::unique_ptr<parity::Group> make(Mesh& mesh, parity::Record self) const override;
  Status sane(const parity::Record& record) const override;
  Status plan(parity::Record& record, const Values& values, std::int64_t usable_bytes,
              std::int64_t sector_bytes) const override;
  std::int64_t member_sector_bytes(const parity::Record& record) const override;
  std::int64_t needed_bytes(const parity::Record& record) const override {
    return record.member_bytes();
  }
  std::int64_t least_sector_bytes() const override { return parity::kLeastSectorBytes; }
};

}  // namespace biotope
