#pragma once

#include "model/facts.h"
#include "viz/spill.h"

namespace biotope::viz {

// Writes every fact as one line of events.log: fixed columns, with a legend at the top. Identical
// runs give identical bytes.
class EventLog final : public Observer {
 public:
  // `log` must outlive this.
  explicit EventLog(Spill& log);
  void on_fact(const Fact& fact) override;

 private:
  Spill& log_;
};

}  // namespace biotope::viz
