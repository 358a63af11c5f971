#pragma once

#include <memory>
#include <string>
#include <vector>

#include "classes/disk/driver.h"
#include "model/mesh.h"
#include "model/virtual_executor.h"

namespace biotope::runtime {

// A disk "da0" on a mesh of its own, with no machine around it: all classes are loaded and have
// looked at it and at what they found. Simulated time passes only if the driver makes it.
class TastedDisk : private Observer {
 public:
  // What a class had to say while it looked at a provider.
  struct Note {
    const Class* cls = nullptr;
    std::string provider;
    int error = 0;  // 0 for what is merely odd
    std::string text;
  };

  // EINVAL when the driver says impossible things of its medium.
  static Result<std::unique_ptr<TastedDisk>> make(std::unique_ptr<DiskDriver> driver);
  ~TastedDisk() override;
  TastedDisk(const TastedDisk&) = delete;
  TastedDisk& operator=(const TastedDisk&) = delete;

  Mesh& mesh() { return mesh_; }
  const Mesh& mesh() const { return mesh_; }
  // Null when a class has taken it away.
  const Provider* disk() const { return mesh_.provider("da0"); }
  // In the order in which they were said.
  const std::vector<Note>& notes() const { return notes_; }

 private:
  explicit TastedDisk(std::unique_ptr<DiskDriver> driver);
  void on_fact(const Fact& fact) override;

  VirtualExecutor executor_;
  std::unique_ptr<DiskDriver> driver_;  // outlives the mesh
  Mesh mesh_{executor_};
  std::vector<Note> notes_;
};

}  // namespace biotope::runtime
