#include "sim/workload/mesh_load.h"

#include <cerrno>
#include <utility>

#include "sim/workload/verified_load.h"

namespace biotope::sim {

MeshLoad::MeshLoad(Consumer& edge, std::unique_ptr<Load> load, std::int64_t longest_bytes,
                   LoadObserver tell, std::function<void(const Status&)> over)
    : mesh_(edge.geom().mesh()),
      edge_id_(edge.id()),
      name_(edge.name()),
      load_(std::move(load)),
      tell_(std::move(tell)),
      over_(std::move(over)),
      later_(mesh_.executor()) {
  if (load_->verification() != nullptr) return;
  zeros_.resize(static_cast<std::size_t>(longest_bytes));
  sink_.resize(static_cast<std::size_t>(longest_bytes));
}

void MeshLoad::start() {
  start_ns_ = mesh_.executor().now_ns();
  pump_soon();
}

void MeshLoad::stop() {
  load_->stop();
  pump_soon();
}

std::int64_t MeshLoad::elapsed_ns() const { return ended_ns_ == kNever ? time_ns() : ended_ns_; }

// Everything that is wanted by now. Answers come in between, but never issue by themselves.
void MeshLoad::pump() {
  while (load_->due_ns() <= time_ns()) {
    Consumer* edge = mesh_.consumer_by_id(edge_id_);
    if (edge != nullptr) {
      issue(*edge);
      continue;
    }
    if (outcome_) outcome_ = fail(ENXIO, name_, " is gone");
    load_->stop();
  }
  if (!load_->over()) return pump_when_due();
  if (std::exchange(ended_, true)) return;
  if (ended_ns_ == kNever) ended_ns_ = time_ns();
  const Verification* found = load_->verification();
  if (outcome_ && found != nullptr && found->wrong > 0) {
    outcome_ = fail(EILSEQ, name_, ": ", found->first, "; ", found->wrong,
                    found->wrong == 1 ? " place was wrong" : " places were wrong", " in all");
  }
  over_(outcome_);
}

// Requests of who verifies have memory of their own: all of it says what it is.
std::byte* MeshLoad::memory_for(Slot& slot) {
  const auto length = static_cast<std::size_t>(slot.request.length_bytes);
  const bool writes = slot.request.command == Command::write;
  Bytes& memory = load_->verification() != nullptr ? slot.own : writes ? zeros_ : sink_;
  if (memory.size() < length) memory.resize(length);
  if (!writes) return memory.data();
  slot.memory = {memory.data(), slot.request.length_bytes, slot.request.stamp};
  if (&memory == &slot.own) slot.request.stamp.fill(std::span(memory).first(length));
  return memory.data();
}

void MeshLoad::issue(Consumer& edge) {
  const LoadRequest request = load_->issue(time_ns());
  if (request.rereads && ended_ns_ == kNever) ended_ns_ = time_ns();
  while (slots_.size() <= request.slot) slots_.emplace_back().load = this;
  Slot& slot = slots_[request.slot];
  slot.request = request;
  slot.issued_ns = time_ns();
  slot.renew();
  slot.bio.command = request.command;
  slot.bio.offset_bytes = request.offset_bytes;
  slot.bio.length_bytes = request.length_bytes;
  const bool moves = request.command == Command::read || request.command == Command::write;
  if (moves) slot.bio.data = Data(memory_for(slot));
  mesh_.submit(slot.bio, edge);
}

void MeshLoad::answered(Slot& slot) {
  const Bio& bio = slot.bio;
  if (bio.error != 0 && outcome_) {
    outcome_ = fail(bio.error, name_, ": ", command_name(bio.command), " of ", bio.length_bytes,
                    " bytes at ", bio.offset_bytes, " failed with errno ", bio.error);
    load_->stop();
  }
  if (tell_ && !slot.request.rereads) {
    tell_({bio.command, bio.length_bytes, slot.issued_ns - slot.request.wanted_ns,
           time_ns() - slot.issued_ns, bio.error});
  }
  if (bio.error == 0 && bio.command == Command::read && load_->verification() != nullptr) {
    load_->brought(slot.request.slot,
                   std::span(slot.own).first(static_cast<std::size_t>(bio.length_bytes)));
  }
  load_->finished(slot.request.slot, time_ns());
  pump_soon();
}

void MeshLoad::pump_soon() {
  if (std::exchange(pumping_, true)) return;
  later_.post([this] {
    pumping_ = false;
    pump();
  });
}

void MeshLoad::pump_when_due() {
  const std::int64_t due_ns = load_->due_ns();
  if (due_ns >= wake_ns_) return;
  wake_ns_ = due_ns;
  later_.after(due_ns - time_ns(), [this, due_ns] {
    if (wake_ns_ != due_ns) return;
    wake_ns_ = kNever;
    pump();
  });
}

}  // namespace biotope::sim
