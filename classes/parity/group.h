#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classes/array/scratch.h"
#include "classes/array/traffic.h"
#include "classes/parity/assembly.h"
#include "model/event_queue.h"
#include "model/mesh.h"

namespace biotope::parity {

class ParityClass;

// How an array goes about its work; none of it is on disk.
struct Tuning {
  std::int64_t start_timeout_ns = 4'000'000'000;  // how long it waits for missing members
  std::int64_t idle_ns = 5'000'000'000;           // without writes, and it is marked clean
  std::int64_t copy_block_bytes = 256 << 10;      // of each member
  // How fast a copy goes while the array is in use; as fast as it can while nobody uses it.
  std::int64_t copy_busy_bytes_per_s = 20 << 20;
};

struct Member {
  enum class State { missing, fresh, good, copying };

  State state = State::missing;
  std::uint32_t number = 0;  // never used twice in one array
  Consumer* edge = nullptr;
  std::string provider;
  Record record;

  bool written() const { return state == State::good || state == State::copying; }
};

// One request on its way to the members, or the part of it that lies in one row. Its task is the
// part's bio; the parts of a phase are the task's children.
struct Op {
  Bio* task = nullptr;
  class Group* group = nullptr;
  Op* next = nullptr;        // in a pool
  int error = 0;             // what it comes back with
  std::uint64_t failed = 0;  // members, by bits, that could not be read in this phase
  enum class Kind : std::uint8_t { read, write, flush } kind = Kind::read;
};

struct ScrubReport {
  std::int64_t compared_bytes = 0;   // of each member
  std::int64_t differing_bytes = 0;  // where the members do not fit together
  std::int64_t repaired_bytes = 0;
};

// An array that survives the loss of one of its members, since their bytes at each place XOR to
// zero: what raid3 and raid5 have in common. It comes together by metadata, in any order; puts out
// members that fail, and acknowledges nothing before the others have it on disk that they go on
// without it; builds anew what comes back; ends when a second one is lost.
class Group : public Geom {
 public:
  using Then = std::function<void(Status)>;

  Group(Mesh& mesh, const ParityClass& cls, Record self, Tuning tuning);
  ~Group() override;
  static Group* of(Geom& geom) { return dynamic_cast<Group*>(&geom); }

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan&) override { return {}; }  // its members are open as long as it lives
  void access_changed(Provider& provider, Access before, Access after) override;
  void orphaned(Consumer& consumer) override;
  void spoiled(Consumer&) override {}
  bool resized(Consumer& consumer) override;
  Status may_let_go(Consumer& consumer) override;
  Task<Status> let_go(Consumer& consumer) override;
  std::string status() const override;
  std::string recipe() const override;
  std::string about(const Provider& own) const override;

  // A disk has been found whose metadata name this array: whether it can be its member at all.
  Status consider(const Provider& disk, const Record& record) const;
  // Then it is, and what is to become of it will show. `edge` is the array's own, open r1w1e1.
  void arrive(Consumer& edge, Record record);

  // Made by hand on `edges`, all of its members, which are its own and open r1w1e1. The last one
  // gets what fits the others. Nothing is ever said on the disks, so one that was lost must be
  // inserted.
  Status begin_by_hand(const std::vector<Consumer*>& edges);

  // Verbs. Each is refused whole or carried out after those asked for before; `then` is told in the
  // end, once. Disks are meant by the names of their providers.
  //
  // In place of the member that is missing; it gets a copy.
  void insert(const std::string& disk, Then then);
  // The array goes on without it; its metadata are wiped.
  void remove(const std::string& disk, Then then);
  // Gets a copy of everything, whatever it has; also one that was put out as broken.
  void rebuild(const std::string& disk, Then then);
  // Flags of the array (record.h) that the class knows.
  void configure(std::uint64_t on, std::uint64_t off, Then then);
  // EBUSY while it is open.
  void stop(Then then);
  // Stops, and wipes the metadata of all its members.
  void destroy(Then then);
  // Looks whether all members fit together. With `mend`, parity is made to fit the data.
  void scrub(bool mend, std::function<void(Result<ScrubReport>)> then);
  // `then` is told when all members are good; EIO when one is missing and none gets a copy, ENXIO
  // when the array ends.
  void when_complete(Then then);

  // What it is like -----------------------------------------------------------------------------
  enum class State { starting, running, over };
  State state() const { return state_; }
  bool complete() const { return good_ == members_.size(); }
  const Record& self() const { return self_; }
  const Tuning& tuning() const { return tuning_; }
  const std::vector<Member>& members() const { return members_; }
  const Member* member(std::string_view provider) const;
  bool dirty() const { return dirty_; }

 protected:
  // What a class adds -----------------------------------------------------------------------------
  // How many bytes of the array belong together: no two writes are under way in one such row.
  virtual std::int64_t row_bytes() const = 0;
  // Cuts a read or write into tasks; false when the pool is exhausted.
  virtual bool add_tasks(Children& tasks, Bio& bio) = 0;
  // One of these tasks: an op for it, on its way. It ends in finish().
  virtual void take(Bio& task, Op::Kind kind) = 0;
  // All parts of a phase are back.
  virtual void next(Op& op) = 0;
  // Puts an op back that take() made.
  virtual void release(Op& op) = 0;
  // How much of each member is copied or compared at a time: whole rows, with one parity.
  virtual std::int64_t block_bytes() const = 0;
  // Which member's bytes at that place are parity.
  virtual std::size_t parity_at(std::int64_t member_offset_bytes) const = 0;
  // Members say that they are being written, since after a power cut they may not fit together.
  virtual bool marks_dirty() const { return false; }
  // A write failed on a member that can not be spared: whether the array can go on.
  virtual bool survives_a_failed_write() const { return true; }
  // The good members are there; brings them in order after what may have been a power cut.
  virtual Task<Status> recover();
  virtual std::uint64_t log_floor() const { return 0; }
  virtual std::uint64_t flags_known() const { return kNoAutoSync; }
  virtual Values values() const = 0;
  virtual Properties own_properties() const;

  // What it gives them ---------------------------------------------------------------------------
  // A part of a phase for member `index`, which is good or gets a copy. False when the pool is
  // exhausted.
  bool ask(Children& parts, std::size_t index, Command command, std::int64_t offset_bytes,
           std::int64_t length_bytes, Data data);
  // Sends the parts of a phase, one at least; next(op) follows.
  void issue(Op& op, Children& parts);
  // The op has no more to do.
  void finish(Op& op);
  void try_again(Op& op);  // next(op) a little later, after running out of memory
  // False when all members that go on have it on disk with whom they do. Otherwise next(op) follows
  // when they have, or the op has come back because the array has ended.
  bool wait_until_recorded(Op& op);
  std::size_t count() const { return members_.size(); }
  bool good(std::size_t index) const { return members_[index].state == Member::State::good; }
  Member* find(const Consumer& edge);
  static std::uint64_t bit(std::size_t index) { return std::uint64_t{1} << index; }
  std::uint64_t good_set() const { return good_set_; }
  std::uint64_t written_set() const { return written_set_; }
  // The one member that is not good; count() when all are.
  std::size_t absent() const { return absent_; }
  void note(const std::string& text) { mesh().note(*this, text); }
  const ParityClass& kind() const;
  enum class Loss { gone, broken };
  // False when it can not be spared: it stays, whatever it does.
  bool lose(std::size_t index, Loss loss, const std::string& why);
  Task<Status> flush_all();
  array::Scratch scratch_;
  Lifeline later_;

 private:
  enum class Raise { no, syncid, genid };

  // life.cc
  void want_start();
  Task<void> start_job();
  void begin(const Assembly& assembly, std::vector<std::size_t>& to_copy);
  Status publish();
  void end(const std::string& why);
  void end_quietly(const std::string& why);
  void forget(Member& member);
  void refresh();
  void tell_complete();
  Member* find(std::string_view provider);
  Member* find(std::size_t index, std::uint32_t number);
  std::size_t index_of(const Member& m) const {
    return static_cast<std::size_t>(&m - members_.data());
  }

  // requests.cc
  struct Range {
    std::int64_t offset_bytes;
    std::int64_t length_bytes;
  };
  Range rows_of(const Bio& bio) const;
  bool may_go(const Bio& bio) const;
  Verdict go(Bio& bio);
  Verdict start_slowly(Bio& bio);
  void drain();
  void fail_waiting(int error);
  void leave(Bio& bio);
  void take_flush(Bio& task);
  static void task_done(Bio& task);
  static void part_done(Bio& part);
  void part_failed(Op& op, const Bio& part);
  void deliver(Op& op);
  void go_on_recorded();
  void give_up_unrecorded();
  // All members that go on have it on disk with whom they do.
  bool recorded() const { return !busy_ && !catch_up_wanted_ && raise_ == Raise::no; }

  // upkeep.cc
  void post(std::function<Task<void>()> job);
  Record record_of(const Member& member) const;
  void raise();
  Task<Status> record_all();
  Task<Status> store(std::size_t index, std::uint32_t number, Record record);
  void settled();
  void want_catch_up();
  Task<void> catch_up();
  bool ready_to_write() const {
    return state_ == State::running && !busy_ && !catch_up_wanted_ && raise_ == Raise::no &&
           (dirty_ || !marks_dirty());
  }
  void watch_idle();
  void idle_tick();
  bool can_be_cleaned() const;
  Task<void> clean();
  Task<void> record_again();

  // copies.cc
  void want_copy(std::size_t index);
  Task<void> copy_job(std::size_t index, std::uint32_t number);
  Task<Status> copy_block(std::size_t index, std::uint32_t number, Range block);
  Task<void> finish_copy(std::size_t index, std::uint32_t number);
  Task<Result<Bytes>> read_others(std::size_t except, Range block);
  struct Scrub;
  Task<void> scrub_all(std::shared_ptr<Scrub> scrub);
  Task<Status> scrub_block(Scrub& scrub, Range block);
  void make_it_fit();
  Task<void> pause(std::int64_t length_bytes);
  Range rows_over(Range block) const;

  // verbs.cc
  void verb(Then then, std::function<Task<Status>()> work);
  Status in_service(const char* what) const;
  Result<Member*> named(const std::string& disk);
  Result<Consumer*> open_disk(const std::string& disk);
  void give_back(Consumer& edge);
  Status fits(const Provider& disk) const;
  void place(std::size_t index, Consumer& edge, Record record, Member::State state);
  Task<Status> insert_job(std::string disk);
  Task<Status> remove_job(std::string disk);
  Task<Status> rebuild_job(std::string disk);
  Task<Status> take_back(std::string disk);
  Task<Status> configure_job(std::uint64_t on, std::uint64_t off);
  Task<Status> stop_job(bool wipe);

  Record self_;  // what all good members say; the rest of a record is each one's own
  Tuning tuning_;
  State state_ = State::starting;
  bool waited_enough_ = false;
  bool dirty_ = false;
  bool unfit_ = false;  // after an unclean stop, until parity has been made to fit
  Raise raise_ = Raise::no;

  std::vector<Member> members_;  // by index
  std::size_t good_ = 0;
  std::size_t absent_ = 0;
  std::uint64_t good_set_ = 0;
  std::uint64_t written_set_ = 0;
  std::uint32_t last_number_ = 0;
  std::map<std::uint64_t, int> losses_;  // by the numbers of providers: how often each was lost

  array::Traffic traffic_;
  std::uint64_t under_way_ = 0;
  bool barrier_ = false;  // a request that nothing may pass is under way
  bool smooth_ = false;   // writes can go at once
  bool busy_ = false;     // something is being brought to disk that writes must wait for
  bool catch_up_wanted_ = false;
  BioQueue waiting_;  // in the order they came
  bool draining_ = false;
  std::vector<Op*> unrecorded_;  // done, and come back when that is recorded
  std::vector<Op*> on_hold_;     // go on then
  Op* flush_ops_ = nullptr;
  std::vector<std::unique_ptr<Op>> all_flush_ops_;
  std::uint64_t writes_ = 0;
  std::uint64_t requests_ = 0;

  bool idle_watched_ = false;
  std::uint64_t writes_at_tick_ = 0;
  std::uint64_t requests_at_block_ = 0;
  std::int64_t in_use_until_ns_ = 0;
  std::int64_t copy_free_at_ns_ = 0;

  std::vector<Then> want_complete_;
  EventQueue jobs_;
  EventQueue mending_;  // copies and scrubs, which take long
};

const char* state_name(Member::State state);

}  // namespace biotope::parity
