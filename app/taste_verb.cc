#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "app/terminal.h"
#include "app/verbs.h"
#include "scenarios/runtime/image/taste_report.h"
#include "sim/media/file_driver.h"
#include "viz/dot.h"
#include "viz/json_text.h"

namespace biotope::app {

namespace {

struct TasteArguments {
  std::string image;
  std::string dot;
  std::int64_t sector_size_bytes = 512;
  bool json = false;
};

Status draw(const Mesh& mesh, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << viz::to_dot(mesh, viz::DotStyle::paper);
  file.close();
  if (file) return {};
  return fail(EIO, "the picture '", path, "' can not be written: ", std::strerror(errno),
              "; choose another name");
}

Status taste(const TasteArguments& arguments) {
  auto driver = sim::FileDriver::open(arguments.image, arguments.sector_size_bytes);
  if (!driver) return pass_on(driver);
  const std::int64_t left_over_bytes = (*driver)->left_over_bytes();
  const auto tasted = runtime::TastedDisk::make(std::move(*driver));
  if (!tasted) return pass_on(tasted);
  if (!arguments.dot.empty()) {
    if (Status drawn = draw((*tasted)->mesh(), arguments.dot); !drawn) return drawn;
  }
  if (left_over_bytes > 0) {
    tell(
        fmt::format("biotope: image '{}' ends with {} bytes that are no whole sector of {}; they "
                    "are left out",
                    arguments.image, left_over_bytes, arguments.sector_size_bytes));
  }
  if (arguments.json) {
    fmt::print("{}\n", viz::json_text(runtime::taste_json(**tasted, arguments.image), 2));
  } else {
    fmt::print("{}", runtime::taste_tree(**tasted, arguments.image));
  }
  return {};
}

int answer(const TasteArguments& arguments) { return exit_status(taste(arguments)); }

}  // namespace

void add_taste(Program& program) {
  auto arguments = std::make_shared<TasteArguments>();
  CLI::App* verb =
      program.parser.add_subcommand("taste", "Tell what partition tables are on a disk image");
  verb->add_option("IMAGE", arguments->image, "A raw disk image; nothing is written to it")
      ->required();
  verb->add_flag("--json", arguments->json, "One JSON document in place of a tree");
  verb->add_option("--sector-size", arguments->sector_size_bytes, "Bytes in a sector of the disk")
      ->capture_default_str();
  verb->add_option("--dot", arguments->dot, "Draw the mesh into this file, for Graphviz");
  verb->footer(
      "A table that is refused is an answer too: the reason stands beside it.\n\n"
      "Exit status: 0 the disk was looked at, 2 wrong usage or no such image.\n\n"
      "Examples:\n"
      "  biotope taste disk.img\n"
      "  biotope taste disk.img --json --sector-size 4096\n"
      "  biotope taste disk.img --dot disk.dot && dot -Tsvg disk.dot -o disk.svg");
  verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return answer(*arguments); }; });
}

}  // namespace biotope::app
