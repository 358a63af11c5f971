#pragma once

#include <memory>
#include <vector>

#include "classes/parity/parity_class.h"
#include "classes/raid5/log.h"

namespace biotope {

// Stripes over all disks but one of each row, which has the row's parity; the parity goes from disk
// to disk (left-symmetric). What a write will change is first in a log (log.h), so a power cut
// leaves each write done or not done, also when a disk is lost with it.
//
// Made by hand it is what vinum calls a raid5 plex: neither metadata nor a log, and the data of a
// row lie in order on the disks that do not have its parity (left-asymmetric).
class Raid5 final : public parity::Group {
 public:
  using Group::Group;
  ~Raid5() override;

 protected:
  std::int64_t row_bytes() const override {
    return stripe_bytes() * static_cast<std::int64_t>(count() - 1);
  }
  bool add_tasks(Children& tasks, Bio& bio) override;
  void take(Bio& task, parity::Op::Kind kind) override;
  void next(parity::Op& op) override;
  void release(parity::Op& op) override;
  std::int64_t block_bytes() const override { return stripe_bytes(); }
  std::size_t parity_at(std::int64_t member_offset_bytes) const override;
  bool survives_a_failed_write() const override { return false; }
  Task<Status> recover() override;
  std::uint64_t log_floor() const override { return window_.lowest(); }
  Values values() const override;
  Properties own_properties() const override;

 private:
  struct Row;  // an op: what a request has in one row
  // Bytes of one data chunk of a row.
  struct Part {
    std::int64_t from_bytes;
    std::int64_t to_bytes;
    std::int64_t length_bytes() const { return to_bytes - from_bytes; }
  };

  // How the new parity of a row is found.
  enum class Method : std::uint8_t {
    all,        // from the new data alone: they are the whole row
    change,     // from the old parity and what changes: old data there are read
    anew,       // from all data: those that do not change are read
    restore,    // by change, where something must first be worked out from all others
    no_parity,  // its member is missing
  };

  std::int64_t stripe_bytes() const { return self().stripe_bytes; }
  std::size_t data_chunks() const { return count() - 1; }
  std::size_t parity_member(const Row& op) const;
  std::size_t member_of(const Row& op, std::size_t chunk) const;
  Part part_of(const Row& op, std::size_t chunk) const;
  Data data_of(const Row& op, std::size_t chunk) const;
  std::byte* place(const Row& op, std::size_t member, Part part) const;
  std::int64_t memory_bytes(const Row& op) const;
  bool readable(const Row& op, std::size_t member) const;
  bool ask_row(Row& op, Children& parts, std::size_t member, Part part);
  void send(Row& op, Children& parts, void (Raid5::*then)(Row&));
  void restore(const Row& op, std::size_t member, Part part) const;

  // Reads.
  void ask_read(Row& op);
  void got_read(Row& op);
  // Writes, step by step.
  void choose(Row& op);
  Method method(const Row& op) const;
  void ask_old(Row& op);
  void got_old(Row& op);
  void merge(Row& op);
  void work_out_all(const Row& op) const;
  void work_out_by_change(const Row& op) const;
  void work_out_anew(const Row& op) const;
  template <class Visit>
  bool for_each_change(const Row& op, Visit visit) const;
  std::uint64_t changing(const Row& op) const;
  void log(Row& op);
  void wait_for_log(Row& op);
  void wake();
  bool add_log(Row& op, Children& parts, std::size_t member, Part part, const Data& data);
  void apply(Row& op);
  void applied(Row& op);

  raid5::Window window_;
  Row* waiting_for_log_ = nullptr;  // in the order they came
  Row* last_waiting_ = nullptr;
  bool waking_ = false;
  Row* free_ = nullptr;
  std::vector<std::unique_ptr<Row>> all_;
};

class Raid5Class final : public parity::ParityClass {
 public:
  Raid5Class() : ParityClass("raid5") {}
  std::string_view help() const override {
    return "stripes with parity that goes from disk to disk, and a log against the write hole";
  }
  std::span<const Parameter> parameters() const override;
  const metadata::Kind& kind() const override;
  // Without metadata and log; of the parameters only the stripe counts.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override {
    return make_by_hand(mesh, creation);
  }

 protected:
  std::unique_ptr<parity::Group> make(Mesh& mesh, parity::Record self) const override;
  Status sane(const parity::Record& record) const override;
  Status plan(parity::Record& record, const Values& values, std::int64_t usable_bytes,
              std::int64_t sector_bytes) const override;
  std::int64_t member_sector_bytes(const parity::Record& record) const override {
    return record.sector_size_bytes;
  }
  std::int64_t needed_bytes(const parity::Record& record) const override;
  std::int64_t least_sector_bytes() const override { return parity::kWholeRecordBytes; }
};

}  // namespace biotope
