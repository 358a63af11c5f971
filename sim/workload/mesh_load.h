#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "model/control_io.h"
#include "model/mesh.h"
#include "sim/workload/load.h"
#include "sim/workload/stamped_bio.h"

namespace biotope::sim {

// Has a load served by whatever is below an edge of a mesh, in the mesh's time.
class MeshLoad {
 public:
  // `edge` must be open for what the load asks, and the load's requests lie on what is below and be
  // at most `longest_bytes`. `over` is called once, when all has come back: success; what the
  // first request failed with, after which nothing more was asked for; EILSEQ: what was read was
  // not what had been written. Must not be destroyed in `over`; nor with requests outstanding,
  // unless the mesh is gone.
  MeshLoad(Consumer& edge, std::unique_ptr<Load> load, std::int64_t longest_bytes,
           LoadObserver tell, std::function<void(const Status&)> over);
  MeshLoad(const MeshLoad&) = delete;
  MeshLoad& operator=(const MeshLoad&) = delete;

  void start();
  // Asks for nothing more.
  void stop();
  // Since start(); until it was over, once it is, without the reads that only verify.
  std::int64_t elapsed_ns() const;
  // See Load.
  const Verification* verification() const { return load_->verification(); }

 private:
  struct Slot final : StampedBio {
    MeshLoad* load = nullptr;
    LoadRequest request;
    std::int64_t issued_ns = 0;
    Bytes own;  // where what is read is looked at

    void answered() override { load->answered(*this); }
  };

  std::int64_t time_ns() const { return mesh_.executor().now_ns() - start_ns_; }
  void pump();
  void issue(Consumer& edge);
  std::byte* memory_for(Slot& slot);
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
  Bytes zeros_;  // what is written by who does not verify, and
  Bytes sink_;   // where what is read goes: for all, nobody looks at it
  std::deque<Slot> slots_;
  std::int64_t start_ns_ = 0;
  std::int64_t ended_ns_ = kNever;
  bool ended_ = false;
  std::int64_t wake_ns_ = kNever;
  bool pumping_ = false;  // soon
  Status outcome_;
};

}  // namespace biotope::sim
