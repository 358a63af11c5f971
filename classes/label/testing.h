#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "classes/fs/testing.h"
#include "classes/label/label.h"
#include "classes/slicer/testing.h"

// What tests of labels need: disks in memory in a mesh whose classes give names.
namespace biotope::testing {

class LabelMesh : public SlicedMesh {
 public:
  LabelMesh() { must(mesh.load(std::make_unique<LabelClass>())); }

  // Everything that can be opened and is a name, in alphabetical order.
  std::vector<std::string> labels() {
    std::vector<std::string> all;
    for (const std::string& name : names()) {
      if (name.find('/') != std::string::npos) all.push_back(name);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  // Runs until the task has finished and its consequences have settled.
  Status run(Task<Status> task) {
    task.start();
    while (!task.done() && executor.step()) {
    }
    BIOTOPE_CHECK(task.done(), "a task waits for nothing but its disk");
    mesh.settle();
    return task.result();
  }
  Status label_disk(const std::string& disk, const std::string& name) {
    return run(label::write_label(mesh, provider(disk).id(), name));
  }
};

}  // namespace biotope::testing
