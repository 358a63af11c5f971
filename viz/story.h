#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "model/mesh.h"
#include "viz/event_log.h"
#include "viz/latency.h"
#include "viz/output_folder.h"
#include "viz/perfetto.h"
#include "viz/report/log_capture.h"
#include "viz/spill.h"
#include "viz/waves.h"

namespace biotope::viz {

// What stands on the cover of the report.
struct StoryHead {
  std::string title;
  // Shown as "name value": {"scenario", "scenarios/010-zip-disk.lua"}, {"seed", "1"}, ... Only what
  // is the same for identical runs.
  std::vector<std::pair<std::string, std::string>> facts;
};

// Collects a run and makes of it all that a person looks at: index.html, frames/, latency.json,
// latency.hgrm, events.log, trace.perfetto.json and waves.vcd. Watches the mesh from its making on.
class Story final : private Observer {
 public:
  // `mesh` must outlive this.
  Story(Mesh& mesh, StoryHead head);
  ~Story() override;
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  // The title on the cover from now on.
  void set_title(std::string title) { head_.title = std::move(title); }

  // A step of the story is over: the mesh is drawn as it is now, and what has happened since the
  // step before belongs to this one. `text` is plain, with empty lines between paragraphs and
  // `backticks` around code.
  void step(std::string title, std::string text = {});
  size_t step_count() const { return steps_.size(); }

  const Latency& latency() const { return latency_; }

  // Writes all files; the caller may add its own and commits. Once, at the end: nothing is watched
  // any more. Errors: those of the folder and of render_svg().
  Status write(OutputFolder& folder);

  // The same with a folder of its own, committed.
  Status finish(const std::filesystem::path& path);

 private:
  struct Step {
    std::string title;
    std::string text;
    int64_t time_ns = 0;
    uint64_t first_fact = 0;
    uint64_t last_fact = 0;
    std::vector<report::Happening> happenings;
    uint64_t happenings_left_out = 0;
    report::RequestCounts requests;
    std::string paper_dot;
    std::string confdot_dot;
  };

  void on_fact(const Fact& fact) override;
  void stop_watching();
  // "07-mount-the-second", the start of the names of a step's files.
  std::string file_name(size_t index) const;
  Status write_frames(OutputFolder& folder, const std::vector<std::string>& svgs) const;
  std::string page(const std::vector<std::string>& svgs) const;

  Mesh& mesh_;
  StoryHead head_;
  bool watching_ = true;
  Spill log_;
  Spill trace_;
  EventLog event_log_{log_};
  Perfetto perfetto_{trace_};
  Latency latency_;
  Waves waves_;
  report::LogCapture capture_;
  Step now_;  // the one that is going on
  std::vector<Step> steps_;
};

}  // namespace biotope::viz
