#include "classes/disk/bounce.h"

#include <span>

namespace biotope {

Bio* Bounce::stand_in(Bio& bio) {
  Bio* stand_in = path_.new_bio();
  if (stand_in == nullptr) return nullptr;
  auto buffer = std::make_unique<Buffer>();
  if (!spare_.empty()) {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  buffer->resize(static_cast<std::size_t>(bio.length_bytes));
  if (bio.command == Command::write) bio.data.copy_out(*buffer);
  *stand_in = bio;
  stand_in->queue_next = nullptr;
  stand_in->trail = nullptr;
  stand_in->id = 0;
  stand_in->parent = &bio;
  stand_in->data = Data(buffer->data());
  stand_in->caller1 = this;
  stand_in->caller2 = buffer.release();
  stand_in->done = &Bounce::done;
  return stand_in;
}

void Bounce::done(Bio& stand_in) {
  auto& self = *static_cast<Bounce*>(stand_in.caller1);
  std::unique_ptr<Buffer> buffer(static_cast<Buffer*>(stand_in.caller2));
  Bio& bio = *stand_in.parent;
  const int error = stand_in.error;
  bio.completed_bytes = stand_in.completed_bytes;
  if (bio.command == Command::read && bio.completed_bytes > 0) {
    bio.data.copy_in(std::span(*buffer).first(static_cast<std::size_t>(bio.completed_bytes)));
  }
  self.spare_.push_back(std::move(buffer));
  self.path_.free_bio(&stand_in);
  self.path_.deliver(bio, error);
}

}  // namespace biotope
