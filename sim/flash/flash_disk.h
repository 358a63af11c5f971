#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/flash/flash_profile.h"
#include "sim/flash/translation.h"
#include "sim/flash/work.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

// A flash drive behind its connector, without contents.
//
// A request is taken up when fewer than `queue_depth` are being worked on. A read's pages come from
// their dies, over the channels, over the link; one that was never written comes at once. A write's
// pages come over the link; where there is a buffer each needs room in it first, and the write is
// answered when all are in; without one, when all are programmed. What a die has to do to make room
// it does before it programs, and so does the reading of a page that is written in part. A drive
// that has become read-only answers writes with EROFS.
//
// The map survives a loss of power. It stays with the drive when the medium is changed: what is in
// a bay is the card's electronics and cells in one.
class FlashDisk final : public DriveEngine {
 public:
  // The figures must have passed find_fault(), and are kept.
  explicit FlashDisk(std::shared_ptr<const FlashFigures> figures);

  void submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
              std::int64_t now_ns) override;
  std::int64_t event_ns() const override { return events_.next_ns(); }
  std::optional<Finished> finished(std::int64_t until_ns) override;
  std::int64_t outstanding() const override { return outstanding_; }
  std::int64_t progress(std::uint64_t tag, std::int64_t now_ns) override;
  bool writes_back() const override { return unwritten_ > 0; }
  void add_unwritten(std::vector<Extent>& to, std::int64_t now_ns) override;
  void flush(std::int64_t) override {}  // dies program whenever they can
  void restart() override;
  void add_to(DriveStatistics& statistics) const override;

  const FlashTranslation& translation() const { return translation_; }

 private:
  using Number = FlashNumber;

  // A request's life.
  void take_up(std::int64_t now_ns);
  void begin(Number request, std::int64_t now_ns);
  void begin_page(Number work, Command command, std::int64_t now_ns);
  void forget_pages(const FlashRequest& request);
  void answer(Number request, std::int64_t now_ns);
  void happen(const FlashEvents::Event& event);

  // A page's way.
  void admit_writes(std::int64_t now_ns);
  void ask_link(Number work, std::int64_t now_ns);
  void use_link(Number work, std::int64_t now_ns);
  void link_done(Number work, std::int64_t now_ns);
  bool make_place(FlashWork& work);
  void ask_die(Number work, std::int64_t now_ns);
  void begin_on_die(Number work, std::int64_t now_ns);
  void cells_done(Number work, std::int64_t now_ns);
  void ask_channel(Number work, std::int64_t now_ns);
  void use_channel(Number work, std::int64_t now_ns);
  void channel_done(Number work, std::int64_t now_ns);
  void free_die(std::int64_t die, std::int64_t now_ns);
  void end_page(Number work, std::int64_t now_ns);
  void tell_host(Number request, std::int64_t now_ns);

  bool buffers() const { return figures_->buffered_pages > 0; }
  std::int64_t page_of(std::int64_t sector) const { return sector / figures_->page_sectors(); }
  std::uint32_t logical_page(std::int64_t sector) const {
    return static_cast<std::uint32_t>(page_of(sector));
  }
  FlashResource& channel_of(const FlashWork& work) {
    return channels_[static_cast<std::size_t>(work.die % figures_->channels)];
  }

  std::shared_ptr<const FlashFigures> figures_;
  FlashTranslation translation_;
  std::vector<FlashStep> steps_;

  FlashPool<FlashRequest> requests_;
  FlashPool<FlashWork> works_;
  FlashQueue waiting_;         // requests
  FlashQueue waiting_writes_;  // for room in the buffer
  FlashResource link_;
  std::vector<FlashResource> channels_;
  std::vector<FlashResource> dies_;
  FlashEvents events_;
  std::int64_t working_ = 0;
  std::int64_t outstanding_ = 0;
  std::int64_t in_buffer_ = 0;  // written pages, from when there is room for them
  std::int64_t unwritten_ = 0;  // of these, whose requests are answered
  std::optional<Finished> finished_;
};

}  // namespace biotope::sim
