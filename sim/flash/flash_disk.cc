#include "sim/flash/flash_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {

using What = FlashEvents::What;

FlashDisk::FlashDisk(std::shared_ptr<const FlashFigures> figures)
    : figures_(std::move(figures)),
      translation_(*figures_),
      channels_(static_cast<std::size_t>(figures_->channels)),
      dies_(static_cast<std::size_t>(figures_->dies())) {}

// --- requests -----------------------------------------------------------------------------------

void FlashDisk::submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
                       std::int64_t now_ns) {
  const Number number = requests_.take();
  FlashRequest& request = requests_[number];
  request.tag = tag;
  request.command = command;
  request.first = first;
  request.end = first + count;
  request.answered = false;
  request.error = 0;
  request.to_answer = request.to_end = 0;
  request.done.clear();
  ++outstanding_;
  waiting_.push(requests_, number);
  take_up(now_ns);
}

void FlashDisk::take_up(std::int64_t now_ns) {
  while (working_ < figures_->queue_depth && !waiting_.empty()) {
    ++working_;
    events_.add(now_ns + figures_->command_ns, What::command_done, waiting_.pop(requests_));
  }
}

void FlashDisk::begin(Number number, std::int64_t now_ns) {
  FlashRequest& request = requests_[number];
  const std::int64_t sectors = figures_->page_sectors();
  if (request.command == Command::erase) {
    forget_pages(request);
    answer(number, now_ns);
    return;
  }
  const std::int64_t pages = (request.end - 1) / sectors - request.first / sectors + 1;
  request.to_answer = request.to_end = pages;
  request.done.assign(static_cast<std::size_t>(pages), false);
  for (std::int64_t first = request.first; first < request.end;) {
    const std::int64_t end = std::min(request.end, (first / sectors + 1) * sectors);
    const Number work = works_.take();
    works_[work] = {.request = number, .first = first, .end = end};
    begin_page(work, request.command, now_ns);
    first = end;
  }
}

void FlashDisk::begin_page(Number number, Command command, std::int64_t now_ns) {
  FlashWork& work = works_[number];
  if (command == Command::write) {
    work.programs = true;
    waiting_writes_.push(works_, number);
    admit_writes(now_ns);
    return;
  }
  const auto page = translation_.find(logical_page(work.first));
  if (!page) return ask_link(number, now_ns);
  work.die = translation_.die_of(*page);
  ask_die(number, now_ns);
}

// Pages that are erased in part are kept.
void FlashDisk::forget_pages(const FlashRequest& request) {
  const std::int64_t sectors = figures_->page_sectors();
  const std::int64_t end =
      request.end == figures_->capacity_sectors ? figures_->logical_pages() : request.end / sectors;
  for (std::int64_t page = (request.first + sectors - 1) / sectors; page < end; ++page) {
    translation_.forget(static_cast<std::uint32_t>(page));
  }
}

void FlashDisk::answer(Number number, std::int64_t now_ns) {
  FlashRequest& request = requests_[number];
  request.answered = true;
  unwritten_ += request.to_end;
  finished_ = Finished{request.tag, now_ns, request.error};
  --outstanding_;
  --working_;
  if (request.to_end == 0) requests_.give_back(number);
  take_up(now_ns);
}

// --- time ---------------------------------------------------------------------------------------

std::optional<DriveEngine::Finished> FlashDisk::finished(std::int64_t until_ns) {
  while (events_.next_ns() <= until_ns && events_.next_ns() != kNever) {
    happen(events_.pop());
    if (finished_) return std::exchange(finished_, std::nullopt);
  }
  return std::nullopt;
}

void FlashDisk::happen(const FlashEvents::Event& event) {
  switch (event.what) {
    case What::command_done:
      return begin(event.whose, event.time_ns);
    case What::link_done:
      return link_done(event.whose, event.time_ns);
    case What::cells_done:
      return cells_done(event.whose, event.time_ns);
    case What::channel_done:
      return channel_done(event.whose, event.time_ns);
  }
}

// --- a page's way -------------------------------------------------------------------------------

void FlashDisk::admit_writes(std::int64_t now_ns) {
  while (!waiting_writes_.empty() && (!buffers() || in_buffer_ < figures_->buffered_pages)) {
    ++in_buffer_;
    ask_link(waiting_writes_.pop(works_), now_ns);
  }
}

void FlashDisk::ask_link(Number number, std::int64_t now_ns) {
  if (link_.ask(works_, number)) use_link(number, now_ns);
}

void FlashDisk::use_link(Number number, std::int64_t now_ns) {
  const FlashWork& work = works_[number];
  events_.add(now_ns + (work.end - work.first) * figures_->link_sector_ns, What::link_done, number);
}

void FlashDisk::link_done(Number number, std::int64_t now_ns) {
  const Number next = link_.free(works_);
  if (next != kNoFlashWork) use_link(next, now_ns);
  FlashWork& work = works_[number];
  const Number request = work.request;
  const bool placed = work.programs && make_place(work);
  if (placed) {
    ask_die(number, now_ns);
  } else {
    if (work.programs) requests_[request].error = EROFS;
    end_page(number, now_ns);
  }
  if (!placed || buffers()) tell_host(request, now_ns);
}

// False: the drive has become read-only.
bool FlashDisk::make_place(FlashWork& work) {
  const std::uint32_t logical = logical_page(work.first);
  const std::int64_t sectors = figures_->page_sectors();
  const std::int64_t whole = std::min(sectors, figures_->capacity_sectors - logical * sectors);
  const bool in_part = work.end - work.first < whole && translation_.find(logical);
  steps_.clear();
  const bool placed = translation_.write(logical, steps_);
  work.before_ns = in_part ? figures_->read_ns : 0;
  for (const FlashStep& step : steps_) {
    if (step.kind == FlashStep::Kind::copy) {
      work.before_ns += figures_->read_ns + figures_->program_ns;
    }
    if (step.kind == FlashStep::Kind::erase) work.before_ns += figures_->erase_ns;
    work.die = translation_.die_of(step.to);
  }
  return placed;
}

void FlashDisk::ask_die(Number number, std::int64_t now_ns) {
  if (dies_[static_cast<std::size_t>(works_[number].die)].ask(works_, number)) {
    begin_on_die(number, now_ns);
  }
}

// A read begins in the cells; so does a write when there is something to be done before it.
void FlashDisk::begin_on_die(Number number, std::int64_t now_ns) {
  const FlashWork& work = works_[number];
  if (work.programs && work.before_ns == 0) return ask_channel(number, now_ns);
  events_.add(now_ns + (work.programs ? work.before_ns : figures_->read_ns), What::cells_done,
              number);
}

void FlashDisk::cells_done(Number number, std::int64_t now_ns) {
  const FlashWork& work = works_[number];
  if (!work.programmed) return ask_channel(number, now_ns);
  const Number request = work.request;
  free_die(work.die, now_ns);
  end_page(number, now_ns);
  if (!buffers()) tell_host(request, now_ns);
}

void FlashDisk::ask_channel(Number number, std::int64_t now_ns) {
  if (channel_of(works_[number]).ask(works_, number)) use_channel(number, now_ns);
}

void FlashDisk::use_channel(Number number, std::int64_t now_ns) {
  events_.add(now_ns + figures_->channel_page_ns, What::channel_done, number);
}

void FlashDisk::channel_done(Number number, std::int64_t now_ns) {
  FlashWork& work = works_[number];
  const Number next = channel_of(work).free(works_);
  if (next != kNoFlashWork) use_channel(next, now_ns);
  if (work.programs) {
    work.programmed = true;
    events_.add(now_ns + figures_->program_ns, What::cells_done, number);
  } else {
    free_die(work.die, now_ns);
    ask_link(number, now_ns);
  }
}

void FlashDisk::free_die(std::int64_t die, std::int64_t now_ns) {
  const Number next = dies_[static_cast<std::size_t>(die)].free(works_);
  if (next != kNoFlashWork) begin_on_die(next, now_ns);
}

// The page is with the host, or on the medium.
void FlashDisk::end_page(Number number, std::int64_t now_ns) {
  const FlashWork& work = works_[number];
  const Number of = work.request;
  FlashRequest& request = requests_[of];
  const std::int64_t place = page_of(work.first) - page_of(request.first);
  request.done[static_cast<std::size_t>(place)] = true;
  --request.to_end;
  const bool wrote = request.command == Command::write;
  works_.give_back(number);
  if (request.answered) --unwritten_;
  if (request.answered && request.to_end == 0) requests_.give_back(of);
  if (wrote) {
    --in_buffer_;
    admit_writes(now_ns);
  }
}

// The host need not wait for one more of its pages.
void FlashDisk::tell_host(Number request, std::int64_t now_ns) {
  if (--requests_[request].to_answer == 0) answer(request, now_ns);
}

// --- looking at it ------------------------------------------------------------------------------

std::int64_t FlashDisk::progress(std::uint64_t tag, std::int64_t) {
  std::int64_t sectors = 0;
  requests_.for_each([&](const FlashRequest& request) {
    if (request.tag != tag || request.answered || request.done.empty()) return;
    const auto missing = std::find(request.done.begin(), request.done.end(), false);
    const std::int64_t end = page_of(request.first) + (missing - request.done.begin());
    sectors = std::clamp(end * figures_->page_sectors() - request.first, std::int64_t{0},
                         request.end - request.first);
  });
  return sectors;
}

void FlashDisk::add_unwritten(std::vector<Extent>& to, std::int64_t) {
  works_.for_each([&](const FlashWork& work) {
    if (work.programs && requests_[work.request].answered) to.push_back({work.first, work.end});
  });
}

void FlashDisk::restart() {
  requests_.clear();
  works_.clear();
  waiting_ = waiting_writes_ = FlashQueue();
  link_ = FlashResource();
  std::fill(channels_.begin(), channels_.end(), FlashResource());
  std::fill(dies_.begin(), dies_.end(), FlashResource());
  events_.clear();
  working_ = outstanding_ = in_buffer_ = unwritten_ = 0;
}

void FlashDisk::add_to(DriveStatistics& statistics) const {
  statistics.flash = translation_.counts();
  statistics.wear = translation_.wear();
}

}  // namespace biotope::sim
