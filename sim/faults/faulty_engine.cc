#include "sim/faults/faulty_engine.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {

FaultyEngine::FaultyEngine(std::unique_ptr<DriveEngine> inside, DriveFaults& faults)
    : inside_(std::move(inside)), faults_(faults) {}

std::int64_t FaultyEngine::first_ns(const Schedule& schedule) {
  return schedule.empty() ? kNever : std::get<0>(*schedule.begin());
}

// --- in -----------------------------------------------------------------------------------------

void FaultyEngine::submit(std::uint64_t tag, Command command, std::int64_t first,
                          std::int64_t count, std::int64_t now_ns) {
  Request& request = requests_[tag];
  request = {.command = command, .first = first, .count = count, .arrived_ns = now_ns};
  request.trouble = faults_.meet({command, first, count, now_ns});
  const Trouble& trouble = request.trouble;
  if (trouble.error != 0) {
    answer_at(request, {.tag = tag, .time_ns = now_ns, .error = trouble.error}, now_ns);
  } else if (trouble.hangs) {
    request.state = Request::State::hanging;
  } else if (trouble.taken_up_ns > now_ns) {
    hold(tag, request, trouble.taken_up_ns);
  } else {
    pass(tag, request, now_ns);
  }
}

void FaultyEngine::hold(std::uint64_t tag, Request& request, std::int64_t until_ns) {
  request.state = Request::State::held;
  held_.insert({until_ns, next_number_++, tag});
}

void FaultyEngine::pass(std::uint64_t tag, Request& request, std::int64_t now_ns) {
  if (request.trouble.sectors >= 0) {
    request.count = std::min(request.count, request.trouble.sectors);
  }
  if (request.count == 0) {
    return answer_at(request, {.tag = tag, .time_ns = now_ns, .error = EIO}, now_ns);
  }
  request.state = Request::State::inside;
  ++passed_;
  inside_->submit(tag, request.command, request.first, request.count, now_ns);
}

std::size_t FaultyEngine::release(const std::string& name, std::int64_t now_ns) {
  std::size_t released = 0;
  for (auto& [tag, request] : requests_) {
    const bool waits = request.state == Request::State::hanging && request.trouble.until == name;
    if (!waits) continue;
    hold(tag, request, now_ns);
    ++released;
  }
  return released;
}

void FaultyEngine::forget(std::uint64_t tag, std::int64_t now_ns) {
  const auto found = requests_.find(tag);
  if (found == requests_.end()) return inside_->forget(tag, now_ns);
  Request& request = found->second;
  if (request.state == Request::State::inside) return inside_->forget(tag, now_ns);
  if (request.state == Request::State::hanging) {
    answer_at(request, {.tag = tag, .time_ns = now_ns, .error = EIO}, now_ns);
  }
}

// --- out ----------------------------------------------------------------------------------------

std::optional<DriveEngine::Finished> FaultyEngine::finished(std::int64_t until_ns) {
  if (again_) return std::exchange(again_, std::nullopt);
  for (;;) {
    const std::int64_t next_ns = std::min(first_ns(held_), first_ns(answers_));
    if (const auto done = inside_->finished(std::min(until_ns, next_ns))) {
      const auto found = requests_.find(done->tag);
      if (found == requests_.end()) return done;
      came_out(found->second, *done);
    } else if (next_ns > until_ns || next_ns == kNever) {
      return std::nullopt;
    } else if (first_ns(held_) == next_ns) {
      const std::uint64_t tag = std::get<2>(*held_.begin());
      held_.erase(held_.begin());
      pass(tag, requests_.at(tag), next_ns);
    } else {
      return give_next_answer();
    }
  }
}

void FaultyEngine::came_out(Request& request, Finished answer) {
  const Trouble& trouble = request.trouble;
  --passed_;
  if (answer.error == 0 && trouble.sectors >= 0) {
    answer.error = EIO;
    answer.sectors = request.count;
  }
  const std::int64_t took_ns = answer.time_ns - request.arrived_ns;
  std::int64_t time_ns = answer.time_ns + took_ns / 100 * (trouble.percent - 100) + trouble.late_ns;
  if (trouble.behind > 0) {
    time_ns += trouble.most_ns;
    request.lets_others_go_first = true;
    ++letting_go_first_;
  }
  answer_at(request, answer, time_ns);
}

void FaultyEngine::answer_at(Request& request, const Finished& answer, std::int64_t time_ns) {
  request.state = Request::State::done;
  request.answer = answer;
  request.answer_ns = time_ns;
  answers_.insert({time_ns, next_number_++, answer.tag});
}

DriveEngine::Finished FaultyEngine::give_next_answer() {
  const auto [time_ns, number, tag] = *answers_.begin();
  answers_.erase(answers_.begin());
  const Request request = std::move(requests_.at(tag));
  requests_.erase(tag);
  Finished answer = request.answer;
  answer.time_ns = time_ns;
  if (request.trouble.twice) {
    again_ = answer;
    again_->again = true;
  }
  if (request.lets_others_go_first) --letting_go_first_;
  if (letting_go_first_ > 0) overtake(time_ns);
  return answer;
}

// Those that wait to be overtaken have been, once more.
void FaultyEngine::overtake(std::int64_t now_ns) {
  Schedule kept;
  for (const auto& [time_ns, number, tag] : answers_) {
    Trouble& trouble = requests_.at(tag).trouble;
    const bool enough = trouble.behind > 0 && --trouble.behind == 0;
    kept.insert({enough ? now_ns : time_ns, number, tag});
  }
  answers_ = std::move(kept);
}

// --- looking at it ------------------------------------------------------------------------------

std::int64_t FaultyEngine::event_ns() const {
  return std::min({inside_->event_ns(), first_ns(held_), first_ns(answers_)});
}

std::int64_t FaultyEngine::outstanding() const {
  return inside_->outstanding() + static_cast<std::int64_t>(requests_.size()) - passed_;
}

std::int64_t FaultyEngine::progress(std::uint64_t tag, std::int64_t now_ns) {
  const auto found = requests_.find(tag);
  if (found == requests_.end()) return inside_->progress(tag, now_ns);
  const Request& request = found->second;
  if (request.state == Request::State::inside) return inside_->progress(tag, now_ns);
  if (request.state != Request::State::done) return 0;
  return request.answer.error == 0 ? request.count : request.answer.sectors;
}

void FaultyEngine::restart() {
  inside_->restart();
  requests_.clear();
  held_.clear();
  answers_.clear();
  again_.reset();
  passed_ = letting_go_first_ = 0;
  faults_.restarted();
}

}  // namespace biotope::sim
