#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classes/array/traffic.h"
#include "classes/mirror/assembly.h"
#include "classes/mirror/balance.h"
#include "classes/mirror/marks.h"
#include "classes/mirror/member.h"
#include "model/event_queue.h"
#include "model/mesh.h"

namespace biotope::mirror {

using array::Traffic;

class Sync;

// How a mirror goes about its work; none of it is on disk.
struct Tuning {
  std::int64_t start_timeout_ns = 4'000'000'000;  // how long it waits for missing disks
  std::int64_t idle_ns = 5'000'000'000;           // without writes, and it is marked clean
  std::int64_t sync_block_bytes = 1 << 20;
  std::int64_t sync_lanes = 4;  // blocks that are being copied at a time
  // How fast a copy goes while the mirror is in use; as fast as it can while nobody uses it.
  std::int64_t sync_busy_bytes_per_s = 20 << 20;
  bool repair = false;  // a bad sector is written anew from a good copy; else its disk is put out
};

struct ScrubReport {
  std::int64_t compared_bytes = 0;
  std::int64_t differing_bytes = 0;   // in whole sectors, counted once however many disks differ
  std::int64_t unreadable_bytes = 0;  // likewise, where some disk could not be read
  std::int64_t repaired_bytes = 0;
  std::vector<std::int64_t> offsets;  // of the first kOffsets sectors with something wrong
  static constexpr std::size_t kOffsets = 100;
};

// What configure changes; what is not said stays.
struct Changes {
  std::optional<Balance> balance = {};
  std::optional<std::uint32_t> slice_bytes = {};
  std::optional<bool> autosync = {};
  std::optional<bool> failsync = {};
  std::string disk = {};  // the provider whose priority or hardcoding is meant
  std::optional<std::uint8_t> priority = {};
  std::optional<bool> hardcode = {};
};

// An n-way mirror: every write goes to all of its disks, reads to one of those that have
// everything. It answers as long as one of them does, and tells nobody above before. FreeBSD's
// gmirror, by its metadata (record.h) and by its rules (geom.md C), except where
// docs/classes/mirror.md says so.
//
// A mirror without metadata (made by hand, or put into an edge in use) keeps all that in memory.
class Mirror final : public Geom {
 public:
  using Then = std::function<void(Status)>;

  // Of metadata: its first disk has just been found. It starts when all are there, or after
  // the time-out. By hand: `self` is all there is to know, and it starts when it is told to.
  Mirror(Mesh& mesh, const Class& cls, Record self, Tuning tuning, bool has_metadata);
  ~Mirror() override;
  static Mirror* of(Geom& geom) { return dynamic_cast<Mirror*>(&geom); }

  Verdict start(Bio& bio, Provider& provider) override;
  Status demand(AccessPlan& plan) override;
  void access_changed(Provider& provider, Access before, Access after) override;
  void orphaned(Consumer& consumer) override;
  void spoiled(Consumer&) override {}  // what it writes to is open to nobody else
  bool resized(Consumer& consumer) override;
  Properties derive(const Provider& own) const override;
  Status may_let_go(Consumer& consumer) override;
  Task<Status> let_go(Consumer& consumer) override;
  Result<Consumer*> bypass() override;
  std::string status() const override;
  std::string recipe() const override;
  std::string about(const Provider& own) const override;

  // A disk has been found whose metadata name this mirror: what it would be to it, or why it can
  // not be anything. Changes nothing.
  Result<Role> consider(const Provider& disk, const Record& record) const;
  // Then it is that. `edge` is the mirror's own, open r1w1e1.
  void arrive(Consumer& edge, Record record, Role role);
  // For a mirror without metadata: this is one of its disks, and it has everything.
  void adopt(Consumer& edge);
  // `like`: what its provider is like, where its disks are not attached yet.
  Status start_by_hand(const Properties* like = nullptr);

  // Verbs (geom.md C8). Each is refused whole or carried out after those asked for before; `then`
  // is told in the end, once. Disks are meant by the names of their providers.
  struct InsertOptions {
    std::uint8_t priority = 0;
    bool hardcode = false;
    bool spare = false;  // waits until a disk is lost
  };
  void insert(const std::string& disk, InsertOptions options, Then then);
  void remove(const std::string& disk, Then then);
  // The number of disks is from now on what is there.
  void forget(Then then);
  void activate(const std::string& disk, Then then);
  void deactivate(const std::string& disk, Then then);
  // Gets a copy of everything, whatever it has.
  void rebuild(const std::string& disk, Then then);
  void configure(Changes changes, Then then);
  // 0: as large as the smallest disk allows. It can shrink only while it is closed.
  void resize(std::int64_t media_size_bytes, Then then);
  enum class WhenOpen { refuse, on_last_close, tear };
  void stop(WhenOpen when_open, Then then);
  // Stops, and wipes the metadata of all its disks.
  void destroy(WhenOpen when_open, Then then);
  // Compares all disks that have everything. With `mend`, what can not be read or is outvoted is
  // written anew; where no majority says what is right, from the disk `trusted` if one is named.
  void scrub(bool mend, const std::string& trusted, std::function<void(Result<ScrubReport>)> then);

  // `then` is told when every disk that it counts has everything; EIO when one of them is missing
  // and no copy is on its way to bring it back, ENXIO when the mirror ends.
  void when_complete(Then then);

  // What it is like -----------------------------------------------------------------------------
  enum class State { starting, running, over };
  State state() const { return state_; }
  bool complete() const { return active_.size() == self_.disks; }
  const Record& self() const { return self_; }
  const Tuning& tuning() const { return tuning_; }
  void tune(const Tuning& tuning) { tuning_ = tuning; }
  const std::vector<std::unique_ptr<Member>>& members() const { return members_; }
  const Member* member(std::string_view provider) const;
  bool dirty() const { return dirty_; }
  // Bytes of the copy to `provider` that are done or were not needed; all for a disk without one.
  std::int64_t synced_bytes(std::string_view provider) const;

 private:
  friend class Sync;
  enum class Loss { gone, broken };
  enum class Raise { no, on_write, now };
  // A write or FLUSH that some disk failed. It comes back when the others' metadata say so.
  struct Trouble {
    Bio* parent;
    std::uint32_t failed;       // how many parts
    std::uint64_t unsupported;  // members, by their bits, that said EOPNOTSUPP
    int error;                  // what it comes back with
    bool ready;                 // all parts are back
  };

  // life.cc
  void want_start();
  Member& add_member(Consumer& edge, Record record);
  Candidate myself() const;
  std::size_t disks_there() const;
  Task<void> start_job();
  void begin(const Assembly& assembly);
  void settle_in(Member& member, Role role);
  Status publish(const Properties& properties);
  void end(const std::string& why);
  void end_quietly(const std::string& why);
  bool lose(Member& member, Loss loss, const std::string& why);
  void forget_member(Member& member);
  void refresh();
  void sort_members();
  void call_spare();
  void tell_complete();
  Task<void> use_spare();
  Member* find(std::uint32_t number) const;
  Member* find(const Consumer& edge) const;
  Member* find(std::string_view provider) const;
  void note(const std::string& text) { mesh().note(*this, text); }
  Properties own_properties() const;
  bool marks_dirty() const { return has_metadata_ && (self_.mirror_flags & kNoFailSync) == 0; }

  // requests.cc
  Verdict start_slowly(Bio& bio);
  Verdict read(Bio& bio);
  Verdict split_read(Bio& bio);
  Verdict write(Bio& bio);
  Verdict flush(Bio& bio);
  Verdict answer(Bio& bio) const;
  bool ready_to_write() const {
    return state_ == State::running && !busy_ && !catch_up_wanted_ && raise_genid_ == Raise::no &&
           raise_syncid_ == Raise::no && (dirty_ || !marks_dirty());
  }
  bool must_wait(const Bio& bio);
  Verdict dispatch(Bio& bio);
  void drain();
  void fail_waiting(int error);
  void leave(Bio& write);
  static void read_part_done(Bio& part);
  static void write_part_done(Bio& part);
  static void flush_part_done(Bio& part);
  bool read_again(Bio& part);
  bool read_in_pieces(Bio& part);
  void read_elsewhere(const Bio& part);
  void part_done_in_trouble(Bio& part);
  Trouble* trouble_of(const Bio& parent);
  void decide(Trouble& trouble);
  void release_troubles(bool recorded);
  Member* pick(std::uint64_t tried, std::int64_t offset_bytes, std::int64_t length_bytes);

  // upkeep.cc
  void post(std::function<Task<void>()> job);
  Record record_of(const Member& member) const;
  void raise();
  Task<Status> record_all();
  Task<Status> flush_all();
  Task<Status> store(std::uint32_t number, Record record);
  void settled();
  void want_catch_up();
  bool has_waiting_writes() const;
  bool can_be_cleaned() const;
  Task<void> catch_up();
  bool mark_waiting();
  void watch_idle();
  void idle_tick();
  Task<void> clean();
  Task<void> sweep();

  // copies.cc
  void begin_copy(Member& member, std::int64_t from_bytes);
  void copy_over(const Sync& sync, Status how);
  Task<void> finish_copy(std::uint32_t number);
  Task<Status> welcome(std::string disk);
  Task<void> note_progress(std::uint32_t number);
  struct Copy {
    std::uint32_t source;
    Bytes bytes;
  };
  Task<Result<Copy>> read_good(std::int64_t offset_bytes, std::int64_t length_bytes,
                               std::uint64_t except);
  Task<Status> write_to(std::uint32_t number, std::int64_t offset_bytes, Bytes bytes);
  std::int64_t pause_before_copying(std::int64_t length_bytes);
  void want_repair(std::uint32_t number, std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<void> repair(std::uint32_t number, std::int64_t offset_bytes, std::int64_t length_bytes);

  // scrub.cc
  struct Scrub;
  Task<void> scrub_all(std::shared_ptr<Scrub> scrub);
  Task<Status> scrub_block(Scrub& scrub, std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<Status> scrub_sector(Scrub& scrub, std::int64_t offset_bytes);

  // verbs.cc
  void verb(Then then, std::function<Task<Status>()> work);
  Status in_service(const char* what) const;
  Task<Status> dismiss(std::uint32_t number, Bytes last_words);
  Bytes sector_of(const Member& member, const Record& record) const;
  Bytes empty_sector(const Member& member) const;
  std::uint32_t new_disk_id();
  Result<Member*> named(const std::string& disk) const;
  Status not_the_last(const Member& member, const char* what) const;
  Status all_there(const char* what) const;
  static Access needs(const Member& member);
  Status hold_alone();
  Result<Consumer*> open_disk(const std::string& disk);
  void give_back(Consumer& edge);
  Task<Status> insert_job(std::string disk, InsertOptions options);
  Status fits(const Provider& provider) const;
  Task<Status> remove_job(std::string disk);
  Task<Status> forget_job();
  Task<Status> activate_job(std::string disk);
  Task<Status> deactivate_job(std::string disk);
  Task<Status> rebuild_job(std::string disk);
  Task<Status> take_back(std::string disk, bool with_a_copy);
  Task<Status> configure_job(Changes changes);
  Task<Status> resize_job(std::int64_t media_size_bytes);
  Task<Status> make_equal(std::int64_t from_bytes, std::int64_t to_bytes);
  Task<Status> stop_job(WhenOpen when_open, bool wipe);
  Task<Status> wind_up(bool wipe);
  Task<void> record_again();
  Task<Status> empty(Consumer& edge);

  Record self_;  // what all good disks say; the rest of a record is each disk's own
  Tuning tuning_;
  bool has_metadata_;
  State state_ = State::starting;
  bool waited_enough_ = false;
  Marks marks_;
  bool dirty_ = false;  // all good disks say that writes may be under way
  Raise raise_genid_ = Raise::no;
  Raise raise_syncid_ = Raise::no;

  std::vector<std::unique_ptr<Member>> members_;  // by priority, then disk id
  std::vector<Member*> active_;                   // have everything
  std::vector<Consumer*> targets_;                // get every write
  std::uint32_t last_number_ = 0;
  std::vector<std::pair<std::uint64_t, int>> comebacks_;  // providers' numbers, and how often

  Traffic traffic_;
  Reads reads_;
  bool smooth_ = false;  // a write in a marked region can go at once
  bool busy_ = false;    // something is being brought to disk that writes must wait for
  bool catch_up_wanted_ = false;
  BioQueue waiting_;  // in the order they came; see must_wait
  std::uint32_t waiting_barriers_ = 0;
  bool draining_ = false;
  std::vector<Trouble> troubles_;
  std::uint64_t requests_ = 0;
  std::uint64_t writes_ = 0;

  bool idle_watched_ = false;
  std::uint64_t writes_at_tick_ = 0;
  std::uint64_t requests_at_block_ = 0;
  std::int64_t in_use_until_ns_ = 0;
  std::int64_t copy_free_at_ns_ = 0;
  bool stop_on_close_ = false;
  bool wipe_on_close_ = false;

  std::vector<Then> want_complete_;
  Lifeline later_;
  std::vector<std::shared_ptr<Sync>> syncs_;  // until their last lane has ended
  EventQueue jobs_;
  EventQueue mending_;  // repairs and scrubs, which take long
};

}  // namespace biotope::mirror
