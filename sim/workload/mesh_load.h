#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "model/control_io.h"
#include "model/mesh.h"
#include "sim/workload/load.h"

namespace biotope::sim {

// Has a load served by whatever is below an edge of a mesh, in the mesh's time.
class MeshLoad {
 public:
  // `edge` must be open for what the load asks, and the load's requests lie on what is below and be
  // at most `longest_bytes`. `over` is called once, when all has come back: success, or what the
  // first request failed with, after which nothing more was asked for. Must not be destroyed in
  // `over`; nor with requests outstanding, unless the mesh is gone.
  MeshLoad(Consumer& edge, std::unique_ptr<Load> load, std::int64_t longest_bytes,
           LoadObserver tell, std::function<void(const Status&)> over);
  MeshLoad(const MeshLoad&) = delete;
  MeshLoad& operator=(const MeshLoad&) = delete;

  void start();
  // Asks for nothing more.
  void stop();
  // Since start(); until it was over, once it is.
  std::int64_t elapsed_ns() const;

 private:
  struct Slot {
    MeshLoad* load = nullptr;
    std::uint64_t number = 0;
    std::int64_t wanted_ns = 0;
    std::int64_t issued_ns = 0;
    Bio bio;
  };

  std::int64_t time_ns() const { return mesh_.executor().now_ns() - start_ns_; }
  void pump();
  void issue(Consumer& edge);
  void answered(Slot& slot);
  void pump_soon();
  void pump_when_due();

  Mesh& mesh_;
  std::uint64_t edge_id_;
  std::string name_;
  std::unique_ptr<Load> load_;
  LoadObserver tell_;
  std::function<void(const Status&)> over_;
  Lifeline later_;
  Bytes memory_;  // for all: nobody looks at what was read
  std::deque<Slot> slots_;
  std::int64_t start_ns_ = 0;
  std::int64_t ended_ns_ = kNever;
  std::int64_t wake_ns_ = kNever;
  bool pumping_ = false;  // soon
  Status outcome_;
};

}  // namespace biotope::sim
