#pragma once

#include <string>
#include <vector>

#include "classes/through/through.h"
#include "model/control_io.h"

namespace biotope {

// Passes everything through and remembers, in the order of their completion, all requests that
// change what is on the disk or make it stable. From that the disk as it was at any point can be
// made again: on a disk that begins as the one below began.
class LogWrites final : public Through {
 public:
  struct Entry {
    Command command{};  // none for a mark
    bool ordered = false;
    bool force_unit_access = false;
    std::int64_t offset_bytes = 0;
    std::int64_t length_bytes = 0;
    // How many entries there were when it was issued: all those a FLUSH makes stable.
    std::size_t issued_after = 0;
    Bytes data;        // of a WRITE
    std::string text;  // of a mark
  };

  LogWrites(Mesh& mesh, const Class& cls, const Creation& creation);

  Verdict start(Bio& bio, Provider& provider) override;
  std::string status() const override;

  const std::vector<Entry>& log() const { return log_; }
  // An entry that is a name for this point.
  void mark(std::string text);
  // Where the first mark of that name stands: replayed up to there, the disk is as it was then.
  // ENOENT when there is none.
  Result<std::size_t> find_mark(std::string_view text) const;
  // Does again, in order, what the first `count` entries did: on a medium in memory or through an
  // edge that is open for writing. EINVAL when it is too small for one of them or there are not so
  // many; then nothing is done.
  Status replay(std::span<std::byte> medium, std::size_t count) const;
  Task<Status> replay(Consumer& edge, std::size_t count) const;

 private:
  Status fits(std::int64_t media_size_bytes, std::size_t count) const;
  static void part_done(Bio& part);
  void remember(const Bio& bio);

  std::int64_t limit_bytes_;
  std::int64_t held_bytes_ = 0;  // data in the log, or on its way there
  std::vector<Entry> log_;
};

class LogWritesClass final : public Class {
 public:
  LogWritesClass() : Class("log-writes") {}
  std::string_view help() const override { return "remembers all writes, to be replayed"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
