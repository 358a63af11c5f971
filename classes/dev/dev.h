#pragma once

#include <cstdint>

#include "model/class.h"
#include "model/control_io.h"

namespace biotope {

// Raw access to a provider for a user outside the mesh: the paper's disks marked "O". A dev is open
// as long as it exists, since a user who has closed his device is none. Others may write under it:
// what it reads is then as new as they wrote it, and nothing of its own goes stale.
class Dev final : public Geom {
 public:
  using Geom::Geom;

  Verdict start(Bio& bio, Provider& provider) override;
  void spoiled(Consumer& consumer) override;
  // A user outside can not be told to hurry.
  Status may_let_go(Consumer& consumer) override;
  Task<Status> let_go(Consumer& consumer) override;
  std::string status() const override;

  // Requests for what it stands on, in whole sectors; the errors are those of the request path.
  // Must not be called, nor awaited, when the geom is gone.
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<Status> write(std::int64_t offset_bytes, Bytes data);
  Task<Status> remove(std::int64_t offset_bytes, std::int64_t length_bytes);
  Task<Status> flush();
  // Closes and goes, once what was asked for has come back.
  void close();

  Consumer& edge() { return consumers().front(); }
};

// `mode` is "r", "w" or "rw"; `exclusive` keeps other writers out.
class DevClass final : public Class {
 public:
  DevClass() : Class("dev") {}
  std::string_view help() const override { return "raw access for a user outside the mesh"; }
  std::span<const Parameter> parameters() const override;
  // Opens the one provider below, or is refused with the reason of whoever refused.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
