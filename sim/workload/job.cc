#include "sim/workload/job.h"

#include <algorithm>

#include "model/check.h"

namespace biotope::sim {
namespace {

std::int64_t shortest(const std::vector<Share>& lengths) {
  return std::min_element(lengths.begin(), lengths.end(),
                          [](const Share& a, const Share& b) { return a.value < b.value; })
      ->value;
}

std::int64_t longest(const std::vector<Share>& lengths) {
  return std::max_element(lengths.begin(), lengths.end(),
                          [](const Share& a, const Share& b) { return a.value < b.value; })
      ->value;
}

}  // namespace

Job::Direction::Direction(const JobOptions& job, const std::vector<Share>& l)
    : lengths(&l),
      step_bytes(shortest(l)),
      places(job, (job.size_bytes - longest(l)) / step_bytes + 1) {}

Job::Job(const JobOptions& options, std::uint64_t seed, const std::string& name)
    : options_(options),
      mix_(seed, name + "/mix"),
      lengths_(seed, name + "/lengths"),
      places_(seed, name + "/places"),
      clock_(seed, name + "/clock"),
      arrivals_(options),
      reads_(options_, options_.read_lengths),
      others_(options_, options_.write_lengths) {
  if (options_.rate > 0) arrival_ns_ = arrivals_.next_ns(clock_);
}

// --- when ---------------------------------------------------------------------------------------

std::int64_t Job::wanted_ns() const {
  if (options_.open_loop) return arrival_ns_;
  const std::int64_t ready_ns = std::max(now_ns_, thinks_until_ns_);
  if (options_.rate > 0) return std::max(ready_ns, arrival_ns_);
  if (options_.burst_on_ns == 0) return ready_ns;
  const std::int64_t period_ns = options_.burst_on_ns + options_.burst_off_ns;
  const std::int64_t phase_ns = ready_ns % period_ns;
  return phase_ns < options_.burst_on_ns ? ready_ns : ready_ns - phase_ns + period_ns;
}

bool Job::wants_more() const {
  return !stopped_ && issued_ < options_.most_requests && issued_bytes_ < options_.most_bytes &&
         wanted_ns() < options_.most_ns;
}

std::int64_t Job::due_ns() const {
  return outstanding_ < options_.depth && wants_more() ? wanted_ns() : kNever;
}

// --- what ---------------------------------------------------------------------------------------

Command Job::choose_command() {
  if (options_.flush_every > 0 && writes_since_flush_ >= options_.flush_every) {
    writes_since_flush_ = 0;
    return Command::flush;
  }
  const bool mixed = options_.read_percent > 0 && options_.read_percent < 100;
  const bool reads =
      mixed ? mix_.between(0, 99) < options_.read_percent : options_.read_percent == 100;
  if (reads) return Command::read;
  ++writes_since_flush_;
  return options_.trims ? Command::remove : Command::write;
}

void Job::choose_place(Direction& direction, LoadRequest& request) {
  request.length_bytes = draw_share(*direction.lengths, lengths_);
  bool random = options_.random;
  if (random && options_.random_percent < 100) {
    random = 100 * places_.fraction() < options_.random_percent;
  }
  std::int64_t at_bytes =
      random ? direction.places.next(places_) * direction.step_bytes : direction.next_bytes;
  if (at_bytes + request.length_bytes > options_.size_bytes) at_bytes = 0;
  direction.next_bytes = at_bytes + request.length_bytes;
  request.offset_bytes = options_.offset_bytes + at_bytes;
}

LoadRequest Job::issue(std::int64_t now_ns) {
  LoadRequest request;
  request.wanted_ns = options_.open_loop ? wanted_ns() : now_ns;
  BIOTOPE_CHECK(request.wanted_ns <= now_ns && outstanding_ < options_.depth,
                "a load was asked for more than it wants");
  now_ns_ = now_ns;
  request.command = choose_command();
  if (request.command != Command::flush) {
    choose_place(request.command == Command::read ? reads_ : others_, request);
    ++issued_;
    issued_bytes_ += request.length_bytes;
  }
  if (options_.rate > 0) arrival_ns_ = arrivals_.next_ns(clock_);
  if (free_slots_.empty()) {
    request.slot = static_cast<std::uint64_t>(outstanding_);
  } else {
    request.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  ++outstanding_;
  return request;
}

void Job::finished(std::uint64_t slot, std::int64_t now_ns) {
  now_ns_ = now_ns;
  free_slots_.push_back(slot);
  --outstanding_;
  ++done_;
  if (options_.think_ns > 0 && done_ % options_.think_every == 0) {
    thinks_until_ns_ = now_ns + options_.think_ns;
  }
}

// --- several ------------------------------------------------------------------------------------

Jobs::Jobs(const JobOptions& options, std::uint64_t seed, std::string_view name) {
  for (std::int64_t i = 0; i < options.jobs; ++i) {
    const std::string one = std::string(name) + '.' + std::to_string(i);
    jobs_.push_back(std::make_unique<Job>(options, options.seed.value_or(seed), one));
  }
}

std::int64_t Jobs::due_ns() const {
  std::int64_t due_ns = kNever;
  for (const auto& job : jobs_) due_ns = std::min(due_ns, job->due_ns());
  return due_ns;
}

LoadRequest Jobs::issue(std::int64_t now_ns) {
  const auto first = std::min_element(jobs_.begin(), jobs_.end(), [](const auto& a, const auto& b) {
    return a->due_ns() < b->due_ns();
  });
  LoadRequest request = (*first)->issue(now_ns);
  request.slot = request.slot * jobs_.size() + static_cast<std::uint64_t>(first - jobs_.begin());
  return request;
}

void Jobs::finished(std::uint64_t slot, std::int64_t now_ns) {
  jobs_[slot % jobs_.size()]->finished(slot / jobs_.size(), now_ns);
}

void Jobs::stop() {
  for (const auto& job : jobs_) job->stop();
}

bool Jobs::over() const {
  return std::all_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->over(); });
}

}  // namespace biotope::sim
