#pragma once

#include <string>

#include "classes/fs/mount.h"
#include "model/class.h"
#include "model/mesh.h"

namespace biotope::fs {

// A mounted file system, as the mesh sees it: a user of one provider. With notice it syncs and
// closes; when the disk is gone it unmounts forcefully, forgets its cache, tells what was lost and
// withers.
class Fs final : public Geom {
 public:
  using Geom::Geom;
  ~Fs() override;

  Verdict start(Bio& bio, Provider& provider) override;
  void orphaned(Consumer& consumer) override;
  // Its blocks may be stale, but it has only asked to read while others may write.
  void spoiled(Consumer& consumer) override;
  Status may_let_go(Consumer& consumer) override;
  Task<Status> let_go(Consumer& consumer) override;
  std::string status() const override;

  const Mount::Pointer& mount() const { return mount_; }
  // Ends a mount in good order: syncs, closes, goes. The geom is gone soon after success.
  static Task<Status> unmount(Mesh& mesh, std::uint64_t geom_id);

 private:
  friend Task<Result<Fs*>> mount(Mesh& mesh, std::uint64_t provider_id, Creation creation);

  Mount::Pointer mount_;
};

class FsClass final : public Class {
 public:
  FsClass() : Class("fs") {}
  std::string_view help() const override { return "a mounted file system"; }
  std::span<const Parameter> parameters() const override;
  // EOPNOTSUPP: mount() takes time.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

// Mounts what is on a provider: opens it for reading, or for reading and writing exclusively, and
// recognises the volume. The class fs must be loaded; `creation.values` are checked against its
// table. The errors are those of the open, EINVAL when no volume is recognised there, ENXIO when
// the provider is not there (any more); then nothing is left behind.
Task<Result<Fs*>> mount(Mesh& mesh, std::uint64_t provider_id, Creation creation);

}  // namespace biotope::fs
