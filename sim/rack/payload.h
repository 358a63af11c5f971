#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tlm>
#include <vector>

#include "model/data.h"
#include "sim/media/stamp.h"

namespace biotope::sim {

// What a controller asks of a drive.
enum class DriveCommand : std::uint8_t {
  read,
  write,
  erase,  // the range's contents are no longer needed: reads as zeros afterwards
  flush,  // answered when everything asked before is on the medium
  lock,   // the medium can not be ejected; answered at once, as the next two
  unlock,
  eject,
};

// Who wants the medium to stay in: each has a lock of its own, and any one keeps it.
enum class LockHolder : std::uint8_t {
  person = 1,  // somebody at the machine, or a script
  system = 2,  // the host's driver, for as long as the disk is open
};

// What a generic payload can not say of a request to a drive. Must not be ignored: where it is
// missing, the request is answered with TLM_COMMAND_ERROR_RESPONSE. The payload itself has the
// command (IGNORE for all but read and write), the byte address and the response; its data pointer
// and its 32-bit length stay empty.
class DriveExtension final : public tlm::tlm_extension<DriveExtension> {
 public:
  DriveCommand command = DriveCommand::flush;
  LockHolder holder = LockHolder::person;  // of lock and unlock
  bool forced = false;                     // a write: answered when it is on the medium
  bool ordered = false;  // after all before it are on the medium, and before all behind it
  std::int64_t length_bytes = 0;
  Data data;              // where the bytes come from or go to: never copied in between
  StampedMemory stamped;  // of a write: what some of its memory holds
  void* owner = nullptr;  // the initiator's own; nobody else looks at it
  // All three belong to whoever holds the payload.
  tlm::tlm_generic_payload* next = nullptr;
  std::int64_t ready_ns = 0;
  std::uint64_t number = 0;
  // The controller's own, also while the drive holds it.
  std::uint64_t turn = 0;
  std::int64_t deadline_ns = 0;
  int tries = 0;

  // The answer.
  int error = 0;                       // errno, with an error response
  std::int64_t transferred_bytes = 0;  // from the beginning on, also when it failed
  std::string refusal;                 // the sentence to an `error` of lock, unlock and eject

  tlm::tlm_extension_base* clone() const override { return new DriveExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const DriveExtension&>(other);
  }
};

// Payloads with their extension, used again and again. Owns all of them, also those on their way.
class PayloadPool final : public tlm::tlm_mm_interface {
 public:
  // A payload held once, with an extension as new. Goes back with its last release().
  tlm::tlm_generic_payload& take();
  void free(tlm::tlm_generic_payload* payload) override;

  std::size_t made() const { return all_.size(); }
  std::size_t outstanding() const { return all_.size() - free_.size(); }

 private:
  std::vector<std::unique_ptr<tlm::tlm_generic_payload>> all_;
  std::vector<tlm::tlm_generic_payload*> free_;
};

// The extension every payload of a pool has.
inline DriveExtension& drive_extension(tlm::tlm_generic_payload& payload) {
  return *payload.get_extension<DriveExtension>();
}

// A first-in first-out list of payloads through their extension's link.
class PayloadQueue {
 public:
  bool empty() const { return head_ == nullptr; }
  std::size_t size() const { return size_; }
  void push(tlm::tlm_generic_payload& payload);
  // Before those whose turn is later.
  void insert(tlm::tlm_generic_payload& payload);
  // Neither may be empty.
  tlm::tlm_generic_payload& front() const { return *head_; }
  tlm::tlm_generic_payload& pop();
  // False: it was not in.
  bool take_out(const tlm::tlm_generic_payload& payload);

 private:
  tlm::tlm_generic_payload* head_ = nullptr;
  tlm::tlm_generic_payload* tail_ = nullptr;
  std::size_t size_ = 0;
};

// Sets the response to success (0) or to what fits the errno.
void answer(tlm::tlm_generic_payload& payload, int error);

}  // namespace biotope::sim
