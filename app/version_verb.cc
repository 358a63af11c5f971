#include <fmt/format.h>

#include "app/verbs.h"
#include "scenarios/runtime/run.h"

namespace biotope::app {

void add_version(Program& program) {
  program.parser.add_subcommand("version", "What this is, and what it is built on")
      ->callback([&program] {
        program.chosen = [] {
          fmt::print("biotope {}\n{}\nfmt {}.{}.{}\n", kVersion, runtime::lua_version(),
                     FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
          return 0;
        };
      });
}

}  // namespace biotope::app
