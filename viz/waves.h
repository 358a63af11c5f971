#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "model/facts.h"
#include "viz/level.h"
#include "viz/spill.h"

namespace biotope::viz {

// Writes waves.vcd (IEEE 1364, value change dump), for GTKWave and its like: every level of the
// machine is a variable, in the scope of its component (scsi0.bay1: bay1 in scsi0). Undefined until
// it is first told. No date stands in it: the same run leaves the same bytes.
class Waves final : public Observer {
 public:
  void on_fact(const Fact& fact) override;

  // Writes all to a new file. Errors: those of Spill::copy_to.
  Status write(const std::filesystem::path& path);

 private:
  struct Variable {
    std::string code;  // what it is called in the body
    bool is_switch = false;
    std::int64_t value = -1;
  };
  // By name, in their scopes.
  struct Scope {
    std::map<std::string, Scope> scopes;
    std::map<std::string, Variable> variables;
  };

  Variable& variable(const Fact& fact, const Level& level);
  std::string head() const;

  Scope root_;
  std::size_t count_ = 0;
  std::int64_t last_time_ns_ = -1;
  Spill changes_;
};

}  // namespace biotope::viz
