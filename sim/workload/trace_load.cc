#include "sim/workload/trace_load.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {

Result<std::unique_ptr<TraceLoad>> TraceLoad::begin(TraceReader reader, Options options) {
  std::unique_ptr<TraceLoad> load(new TraceLoad(std::move(reader), std::move(options)));
  load->read_next();
  if (!load->status_) return pass_on(load->status_);
  if (!load->next_) return fail(ENODATA, load->reader_.name(), ": there is no request in it");
  return load;
}

std::string TraceLoad::misfit(const TraceRequest& request) {
  const JobSpace& space = options_.space;
  if (request.command == Command::flush) return {};
  if (request.offset_bytes % space.sector_bytes != 0 ||
      request.length_bytes % space.sector_bytes != 0) {
    return sentence("asks for parts of sectors, which have ", space.sector_bytes, " bytes");
  }
  if (request.offset_bytes > space.size_bytes - request.length_bytes) {
    return sentence("asks for ", request.length_bytes, " bytes at ", request.offset_bytes,
                    " of a disk that has ", space.size_bytes);
  }
  return {};
}

void TraceLoad::read_next() {
  next_.reset();
  while (true) {
    const auto read = reader_.next();
    if (!read) {
      status_ = pass_on(read);
      return;
    }
    if (*read == nullptr) return;
    const TraceRequest& request = **read;
    if (options_.device.empty()) options_.device = request.device;
    const std::string where = sentence(reader_.name(), ':', request.line, ": the line ");
    if (request.device != options_.device) {
      if (chosen_) continue;
      status_ = fail(EINVAL, where, "is for device ", request.device, ", and those before it for ",
                     options_.device, "; choose one with --device");
      return;
    }
    const std::string wrong = misfit(request);
    if (wrong.empty()) {
      LoadRequest& next = next_.emplace();
      next.command = request.command;
      next.offset_bytes = request.offset_bytes;
      next.length_bytes = request.length_bytes;
      next.wanted_ns = request.time_ns.value_or(0);
      closed_ = !request.time_ns;
      next_think_ns_ = request.think_ns.value_or(0);
      return;
    }
    ++skipped_;
    if (options_.bad_lines == BadLines::skip) continue;
    status_ = fail(EINVAL, where, wrong);
    return;
  }
}

std::int64_t TraceLoad::due_ns() const {
  if (!next_ || (closed_ && outstanding_ > 0)) return kNever;
  return closed_ ? ready_ns_ : std::max(ready_ns_, next_->wanted_ns);
}

LoadRequest TraceLoad::issue(std::int64_t) {
  LoadRequest request = *next_;
  request.wanted_ns = due_ns();
  ready_ns_ = request.wanted_ns;
  think_ns_ = next_think_ns_;
  request.slot = static_cast<std::uint64_t>(outstanding_);
  if (!free_slots_.empty()) {
    request.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  ++outstanding_;
  read_next();
  return request;
}

void TraceLoad::finished(std::uint64_t slot, std::int64_t now_ns) {
  free_slots_.push_back(slot);
  --outstanding_;
  if (closed_) ready_ns_ = now_ns + think_ns_;
}

}  // namespace biotope::sim
