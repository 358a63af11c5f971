#include <fmt/core.h>
#include <lua.hpp>

#include <boost/version.hpp>

#include "app/verbs.h"

namespace biotope::app {

void add_version(CLI::App& app, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("version", "what this is built of");
  verb->callback([&chosen] {
    chosen = [] {
      fmt::print("biotope {}\nLua {}\nBoost {}.{}\n", BIOTOPE_VERSION,
                 LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE,
                 BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000);
      return static_cast<int>(kFine);
    };
  });
}

}  // namespace biotope::app
