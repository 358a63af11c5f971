#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "classes/slicer/document.h"
#include "model/executor.h"
#include "model/mesh.h"
#include "model/sector_guard.h"

namespace biotope {

class Slicer;

// Guards the sectors of a slicer's table, and those of tables in its partitions, against all who
// write or read past the slicer: through another edge to what the table lies on, or through a
// partition that covers the table.
//
// A write is examined with the bytes it brings over those that are there. What makes a table takes
// effect with the write; what makes none is refused with EINVAL, what would take away, move or
// shrink an open partition with EBUSY, and a note says why. Where numbers in the table count from
// elsewhere than the start of what it lies on (Scheme::origin), users of that see and write them as
// if they counted from there; classes that stand on it see what is on the disk.
class TableGuard final : public SectorGuard {
 public:
  explicit TableGuard(Slicer& slicer);

  // To be called when the table or the providers have changed.
  void set();

  bool guards_reads() const override;
  bool catches(const Bio& bio, const Consumer& edge) const override;
  void caught(Bio& bio, Consumer& edge) override;
  void came_back(Bio& bio) override;

 private:
  // Offsets count from the start of what the slicer's table lies on.
  struct Caught {
    Bio* bio;
    Consumer* edge;
    std::int64_t offset_bytes;
    std::optional<Data> as_issued{};  // while other bytes go down than were given, these
    Bytes translated{};
    std::int64_t end_bytes() const;
  };
  // A table that has a say, and where what it lies on starts.
  struct Stake {
    std::uint64_t slicer;
    std::int64_t base_bytes;
  };
  // What it would be.
  struct Finding {
    std::uint64_t slicer;
    Document document;
  };

  static void collect(const Slicer& slicer, Extent range, std::int64_t base_bytes,
                      std::vector<Stake>& stakes);
  Slicer* slicer_by_id(std::uint64_t id) const;
  std::optional<std::int64_t> offset_of(const Bio& bio, const Consumer& edge) const;
  bool translates(const Consumer& edge) const;
  std::int64_t origin() const;

  Task<void> work();
  Task<Status> examine(Caught& request);
  Task<Status> examine_all(const Caught& request, Consumer& look);
  // The medium and the surroundings that a table with a stake will have; nothing when it will not
  // be looked for there any more.
  std::optional<std::pair<Properties, Surroundings>> will_lie(const Slicer& slicer) const;
  Task<Result<Bytes>> fetch(const Caught& request, Consumer& look, std::int64_t offset_bytes,
                            std::int64_t length_bytes) const;
  void translate_write(Caught& request) const;
  static void give_back(Caught& request);
  void translate_read(const Caught& request) const;
  void take_effect();
  void refuse(Caught& request, const Error& why);

  // Ready when the request that was let pass has come back.
  struct Back;

  Slicer& slicer_;
  Lifeline later_;
  std::deque<Caught> queue_;  // the first is being examined, or was let pass
  bool passing_ = false;
  std::vector<Finding> findings_;
  std::coroutine_handle<> waiting_;
  std::optional<Stay> stay_;  // while there are requests to be answered
  Task<void> work_;
};

}  // namespace biotope
