#include "classes/disk/disksort.h"

namespace biotope {

void DiskSort::insert(Bio& bio) {
  Bio* before = barrier_;
  if (is_barrier(bio)) {
    before = tail_;
    barrier_ = &bio;
    from_ = bio.position_bytes;
  } else if (tail_ != nullptr && tail_ != barrier_ && distance(bio) >= distance(*tail_)) {
    before = tail_;
  } else {
    for (Bio* next = before == nullptr ? head_ : before->queue_next;
         next != nullptr && distance(*next) <= distance(bio); next = next->queue_next) {
      before = next;
    }
  }
  Bio*& link = before == nullptr ? head_ : before->queue_next;
  bio.queue_next = link;
  link = &bio;
  if (bio.queue_next == nullptr) tail_ = &bio;
}

Bio* DiskSort::take() {
  Bio* bio = head_;
  if (bio == nullptr) return nullptr;
  head_ = bio->queue_next;
  bio->queue_next = nullptr;
  if (head_ == nullptr) tail_ = nullptr;
  if (barrier_ == nullptr) from_ = bio->position_bytes;
  if (barrier_ == bio) barrier_ = nullptr;
  return bio;
}

}  // namespace biotope
