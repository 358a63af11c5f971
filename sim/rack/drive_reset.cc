// Requests that are not seen through: aborted, or taken back by a reset or the loss of the way to
// the host. What the engine has begun for them it goes on with, for nobody.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "sim/rack/drive.h"

namespace biotope::sim {

std::vector<tlm::tlm_generic_payload*> Drive::in_work() const {
  std::vector<tlm::tlm_generic_payload*> all = forced_;
  for (tlm::tlm_generic_payload* payload : in_engine_) {
    if (payload != nullptr) all.push_back(payload);
  }
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) {
    return drive_extension(*a).number < drive_extension(*b).number;
  });
  return all;
}

std::vector<tlm::tlm_generic_payload*> Drive::held() const {
  std::vector<tlm::tlm_generic_payload*> all = in_work();
  for (PayloadQueue queue : {queue_, withheld_, dropped_}) {
    while (!queue.empty()) all.push_back(&queue.pop());
  }
  return all;
}

void Drive::let_go_of_all(int error) {
  const std::vector<tlm::tlm_generic_payload*> left = in_work();
  for (std::uint64_t tag = 0; tag < in_engine_.size(); ++tag) {
    if (std::exchange(in_engine_[tag], nullptr) != nullptr) {
      engine_->forget(tag, executor_.now_ns());
    }
  }
  if (!forced_.empty()) alone_ = false;
  forced_.clear();
  for (tlm::tlm_generic_payload* payload : left) answer_soon(*payload, error);
  while (!queue_.empty()) answer_soon(queue_.pop(), error);
}

// Also what has hung up answers, and no longer as it would have.
void Drive::take_back_all(int error, const ComesBack& comes_back) {
  while (!dropped_.empty()) withheld_.push(dropped_.pop());
  hung_ = Rung::never;  // until it is known which answers come back
  let_go_of_all(error);
  hung_ = Rung::none;
  PayloadQueue all = std::exchange(withheld_, {});
  while (!all.empty()) {
    tlm::tlm_generic_payload& payload = all.pop();
    answer(payload, error);
    if (comes_back && !comes_back()) {
      dropped_.push(payload);
    } else {
      post_answer(payload);
    }
  }
}

void Drive::hang(Rung cure) {
  hung_ = cure;
  if (cure != Rung::none) return;
  while (!withheld_.empty()) post_answer(withheld_.pop());
}

bool Drive::abort(tlm::tlm_generic_payload& payload) {
  if (hung_ > Rung::abort) return false;
  if (usable()) catch_up();
  if (withheld_.take_out(payload) || dropped_.take_out(payload)) {
    answer(payload, EAGAIN);
    post_answer(payload);
  }
  hang(Rung::none);
  const auto at = std::find(in_engine_.begin(), in_engine_.end(), &payload);
  const bool inside = at != in_engine_.end();
  if (inside) {
    *at = nullptr;
    engine_->forget(static_cast<std::uint64_t>(at - in_engine_.begin()), executor_.now_ns());
  }
  const bool forced = std::erase(forced_, &payload) > 0;
  if (forced && drive_extension(payload).ordered) alone_ = false;
  if (inside || forced || queue_.take_out(payload)) answer_soon(payload, EAGAIN);
  run();
  return true;
}

bool Drive::reset(Rung rung, const ComesBack& comes_back) {
  if (hung_ > rung) return false;
  if (usable()) catch_up();
  take_back_all(EAGAIN, comes_back);
  run();
  return true;
}

void Drive::set_reachable(bool on) {
  if (on == reachable_) return;
  if (usable()) catch_up();
  reachable_ = on;
  if (on) {
    if (!told_) appear();
    return;
  }
  take_back_all(ENXIO);
  locks_ = 0;
  tell_removed(Removal::unreachable);
}

}  // namespace biotope::sim
