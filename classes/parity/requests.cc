// The way of requests into an array with parity and out of it.
#include <algorithm>
#include <utility>

#include "classes/parity/group.h"
#include "model/control_io.h"

namespace biotope::parity {

Verdict Group::start(Bio& bio, Provider&) {
  if (waiting_.empty() && may_go(bio)) [[likely]]
    return go(bio);
  return start_slowly(bio);
}

Group::Range Group::rows_of(const Bio& bio) const {
  const std::int64_t row = row_bytes();
  const std::int64_t first = bio.position_bytes / row * row;
  const std::int64_t end = (bio.position_bytes + bio.length_bytes + row - 1) / row * row;
  return {first, end - first};
}

// When something that stands in the way goes away, drain() is called.
bool Group::may_go(const Bio& bio) const {
  if (state_ != State::running || barrier_ || (is_barrier(bio) && under_way_ > 0)) return false;
  if (bio.command == Command::flush) return true;
  const auto [offset, length] = rows_of(bio);
  if (bio.command == Command::read) return !traffic_.writes.in(offset, length);
  return bio.command == Command::write && smooth_ && traffic_.free_for_write(offset, length);
}

Verdict Group::start_slowly(Bio& bio) {
  if (state_ != State::running) return Verdict::done(ENXIO);
  const bool known = bio.command == Command::read || bio.command == Command::write ||
                     bio.command == Command::flush;
  if (!known) return Verdict::done(EOPNOTSUPP);
  waiting_.push(bio);
  if (bio.command == Command::write && !ready_to_write()) want_catch_up();
  return Verdict::held();
}

Verdict Group::go(Bio& bio) {
  const Op::Kind kind = bio.command == Command::read    ? Op::Kind::read
                        : bio.command == Command::write ? Op::Kind::write
                                                        : Op::Kind::flush;
  Children tasks(mesh().path(), bio);
  const bool made = kind == Op::Kind::flush ? tasks.add(*bio.edge, 0, 0, 0) : add_tasks(tasks, bio);
  if (!made) return Verdict::done(ENOMEM);
  ++requests_;
  ++under_way_;
  barrier_ = is_barrier(bio);
  if (kind == Op::Kind::read) {
    traffic_.reads.enter(bio);
  } else if (kind == Op::Kind::write) {
    ++writes_;
    traffic_.writes.enter(bio);
  }
  return tasks.hand_to([this, kind](Bio& task) {
    task.done = &Group::task_done;
    if (kind == Op::Kind::flush) return take_flush(task);
    take(task, kind);
  });
}

void Group::drain() {
  if (draining_) return;
  draining_ = true;
  while (Bio* bio = waiting_.front()) {
    if (!may_go(*bio)) {
      if (bio->command == Command::write && state_ == State::running && !ready_to_write()) {
        want_catch_up();
      }
      break;
    }
    waiting_.pop();
    const Verdict verdict = go(*bio);
    if (!verdict.is_held()) mesh().deliver(*bio, verdict.error());
  }
  draining_ = false;
}

void Group::fail_waiting(int error) {
  BioQueue failed = std::exchange(waiting_, BioQueue());
  while (Bio* bio = failed.pop()) mesh().deliver(*bio, error);
}

void Group::leave(Bio& bio) {
  --under_way_;
  barrier_ = false;
  if (bio.command == Command::read) {
    traffic_.reads.leave(bio);
  } else if (bio.command == Command::write) {
    traffic_.writes.leave(bio);
    traffic_.write_left();
  }
}

void Group::task_done(Bio& task) {
  Bio& bio = *task.parent;
  auto& self = *static_cast<Group*>(task.driver1);
  const bool last = bio.inbed + 1 == bio.children;
  if (last) self.leave(bio);
  Children::part_done(task);
  if (last && !self.waiting_.empty()) [[unlikely]]
    self.drain();
}

// Ops --------------------------------------------------------------------------------------------

bool Group::ask(Children& parts, std::size_t index, Command command, std::int64_t offset_bytes,
                std::int64_t length_bytes, Data data) {
  Bio* part = parts.add_own(*members_[index].edge, command, offset_bytes, length_bytes, data);
  if (part == nullptr) return false;
  part->caller1 = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index));
  return true;
}

// One more child than there are parts keeps the task here from phase to phase.
void Group::issue(Op& op, Children& parts) {
  op.failed = 0;
  ++op.task->children;
  static_cast<void>(parts.issue(&Group::part_done));
}

void Group::part_done(Bio& part) {
  Bio& task = *part.parent;
  Op& op = *static_cast<Op*>(task.driver1);
  Group& self = *op.group;
  if (part.error != 0) [[unlikely]] {
    self.part_failed(op, part);
    part.error = 0;
  }
  const bool last = task.inbed + 2 == task.children;
  Children::part_done(part);
  if (!last) return;
  if (self.state_ == State::over && op.error == 0) op.error = ENXIO;
  if (op.error != 0 || op.kind == Op::Kind::flush) return self.finish(op);
  self.next(op);
}

void Group::part_failed(Op& op, const Bio& part) {
  Member* m = find(*part.edge);
  const Loss loss = part.error == ENXIO ? Loss::gone : Loss::broken;
  if (part.command == Command::read) {
    op.failed |= bit(static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(part.caller1)));
    if (m != nullptr && loss == Loss::gone) {
      lose(index_of(*m), loss, "it does not answer a read");
    }
    return;
  }
  if (part.command == Command::flush && part.error == EOPNOTSUPP) {
    op.error = EOPNOTSUPP;
    return;
  }
  const std::string provider = m == nullptr ? std::string() : m->provider;
  const bool spared = m == nullptr || lose(index_of(*m), loss,
                                           sentence("it failed a ", command_name(part.command),
                                                    " with errno ", part.error));
  if (spared) return;
  op.error = part.error;
  if (part.command == Command::write && !survives_a_failed_write()) {
    end(sentence(provider, " failed a write, and another member is missing already"));
  }
}

void Group::try_again(Op& op) {
  later_.after(RequestPath::kReplayDelay_ns, [this, op = &op] { next(*op); });
}

// What a member that is lost does not have is not acknowledged before the others say so on disk.
void Group::finish(Op& op) {
  if (op.kind != Op::Kind::read && op.error == 0 && !recorded()) {
    unrecorded_.push_back(&op);
    return;
  }
  deliver(op);
}

void Group::deliver(Op& op) {
  Bio& task = *op.task;
  const int error = op.error;
  if (op.kind == Op::Kind::flush) {
    op.next = std::exchange(flush_ops_, &op);
  } else {
    release(op);
  }
  task.driver1 = this;
  if (error != 0) task.completed_bytes = 0;
  mesh().deliver(task, error);
}

bool Group::wait_until_recorded(Op& op) {
  if (state_ == State::over) {
    op.error = ENXIO;
    finish(op);
    return true;
  }
  if (recorded()) return false;
  on_hold_.push_back(&op);
  return true;
}

void Group::go_on_recorded() {
  for (Op* op : std::exchange(unrecorded_, {})) deliver(*op);
  for (Op* op : std::exchange(on_hold_, {})) next(*op);
}

void Group::give_up_unrecorded() {
  std::vector<Op*> all = std::exchange(unrecorded_, {});
  all.insert(all.end(), on_hold_.begin(), on_hold_.end());
  on_hold_.clear();
  for (Op* op : all) {
    op->error = ENXIO;
    deliver(*op);
  }
}

void Group::take_flush(Bio& task) {
  if (flush_ops_ == nullptr) {
    all_flush_ops_.push_back(std::make_unique<Op>());
    flush_ops_ = all_flush_ops_.back().get();
  }
  Op& op = *std::exchange(flush_ops_, flush_ops_->next);
  op = Op{.task = &task, .group = this, .kind = Op::Kind::flush};
  task.driver1 = &op;
  Children parts(mesh().path(), task);
  for (Member& m : members_) {
    if (!m.written() || parts.add(*m.edge, 0, 0, 0)) continue;
    op.error = ENOMEM;
    return deliver(op);
  }
  issue(op, parts);
}

}  // namespace biotope::parity
