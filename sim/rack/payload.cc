#include "sim/rack/payload.h"

#include <cerrno>

namespace biotope::sim {

tlm::tlm_generic_payload& PayloadPool::take() {
  if (free_.empty()) {
    all_.push_back(std::make_unique<tlm::tlm_generic_payload>(this));
    all_.back()->set_extension(new DriveExtension);  // the payload frees it
    free_.reserve(all_.size());
    free_.push_back(all_.back().get());
  }
  tlm::tlm_generic_payload& payload = *free_.back();
  free_.pop_back();
  drive_extension(payload) = DriveExtension();
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  payload.acquire();
  return payload;
}

void PayloadPool::free(tlm::tlm_generic_payload* payload) {
  payload->reset();
  free_.push_back(payload);
}

void PayloadQueue::push(tlm::tlm_generic_payload& payload) {
  drive_extension(payload).next = nullptr;
  if (tail_ == nullptr) {
    head_ = &payload;
  } else {
    drive_extension(*tail_).next = &payload;
  }
  tail_ = &payload;
  ++size_;
}

void PayloadQueue::insert(tlm::tlm_generic_payload& payload) {
  const std::uint64_t turn = drive_extension(payload).turn;
  PayloadQueue later;
  while (!empty() && drive_extension(front()).turn < turn) later.push(pop());
  later.push(payload);
  while (!empty()) later.push(pop());
  *this = later;
}

bool PayloadQueue::take_out(const tlm::tlm_generic_payload& payload) {
  const std::size_t before = size_;
  PayloadQueue rest;
  while (!empty()) {
    tlm::tlm_generic_payload& next = pop();
    if (&next != &payload) rest.push(next);
  }
  *this = rest;
  return size_ < before;
}

tlm::tlm_generic_payload& PayloadQueue::pop() {
  tlm::tlm_generic_payload& payload = *head_;
  head_ = drive_extension(payload).next;
  if (head_ == nullptr) tail_ = nullptr;
  --size_;
  return payload;
}

void answer(tlm::tlm_generic_payload& payload, int error) {
  drive_extension(payload).error = error;
  switch (error) {
    case 0:
      return payload.set_response_status(tlm::TLM_OK_RESPONSE);
    case EINVAL:
      return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    case EROFS:
    case EOPNOTSUPP:
      return payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    default:
      return payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
  }
}

}  // namespace biotope::sim
