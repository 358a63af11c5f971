#include <fmt/format.h>

#include "app/part_edits.h"
#include "app/part_show.h"
#include "app/part_text.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "scenarios/runtime/image/part_image.h"

namespace biotope::app {

namespace {

using runtime::PartImage;
Result<std::unique_ptr<PartImage>> open(const PartArguments& a, sim::ImageFile::Use use) {
  return PartImage::open(a.image, a.sector_size_bytes, use);
}

// What would be written, in this order, and the table as it would be.
void print_plan(const Document& document, const PartArguments& a) {
  for (const Step& step : document.steps()) {
    if (step.flush()) {
      fmt::print("would flush\n");
      continue;
    }
    const auto sectors = static_cast<std::int64_t>(step.bytes.size()) / a.sector_size_bytes;
    fmt::print("would write {} {} from sector {} of {}\n", sectors,
               sectors == 1 ? "sector" : "sectors", step.sector, a.on);
  }
  if (document.erased()) return;
  fmt::print("{}",
             table_text(document.table(), document.scheme().type_names(), a.on, document.medium()));
}

Status finish(PartImage& image, const Document& document, const PartArguments& a,
              const std::string& line) {
  if (a.dry_run) {
    print_plan(document, a);
    return {};
  }
  if (Status written = image.write(a.on, document); !written) return written;
  fmt::print("{}\n", line);
  return {};
}

// "sector 0", "sectors 0 and 40 to 43".
std::string sectors_text(const std::vector<Step>& steps, const PartArguments& a) {
  std::vector<std::string> runs;
  for (const Step& step : steps) {
    if (step.flush()) continue;
    const auto count = static_cast<std::int64_t>(step.bytes.size()) / a.sector_size_bytes;
    runs.push_back(count == 1 ? fmt::format("{}", step.sector)
                              : fmt::format("{} to {}", step.sector, step.sector + count - 1));
  }
  const bool one = runs.size() == 1 && runs[0].find(' ') == std::string::npos;
  return fmt::format("{} {}", one ? "sector" : "sectors", fmt::join(runs, " and "));
}

sim::ImageFile::Use use_for(const PartArguments& a) {
  return a.dry_run ? sim::ImageFile::Use::read : sim::ImageFile::Use::edit;
}

Status change(const PartArguments& a, PartEdit edit) {
  const auto image = open(a, use_for(a));
  if (!image) return pass_on(image);
  Result<Document> document = (*image)->table(a.on);
  if (!document) return pass_on(document);
  const Result<std::string> line = edit(*document, a);
  if (!line) return pass_on(line);
  return finish(**image, *document, a, *line);
}

Status create(const PartArguments& a) {
  const auto image = open(a, use_for(a));
  if (!image) return pass_on(image);
  const Result<Document> document =
      (*image)->blank(a.on, a.scheme, {.entries = a.entries, .id = {}});
  if (!document) return pass_on(document);
  return finish(**image, *document, a, a.on + " created");
}

// One that can not be read is wiped when that is insisted on.
Status destroy(const PartArguments& a) {
  const auto image = open(a, use_for(a));
  if (!image) return pass_on(image);
  Result<std::vector<Document>> refused = (*image)->refused(a.on);
  if (!refused) return pass_on(refused);
  const Result<Document> document = (*image)->table(a.on);
  if (document || refused->empty()) return change(a, &destroy_table);
  if (!a.force) {
    return fail(EBUSY, document.error().text,
                "; --force wipes what makes it a table, whatever it has");
  }
  for (const Document& wiped : *refused) {
    const std::string line = fmt::format("{} destroyed: of its refused {} table {} wiped", a.on,
                                         wiped.scheme().name(), sectors_text(wiped.steps(), a));
    if (Status done = finish(**image, wiped, a, line); !done) return done;
  }
  return {};
}

// --- the command line ---

class PartVerbs {
 public:
  PartVerbs(Program& program, CLI::App& part)
      : program_(program), part_(part), a_(std::make_shared<PartArguments>()) {}

  void add_all() {
    CLI::App& shown = verb("show", "Show all tables, with what is free in them");
    shown.add_flag("--json", a_->json, "One JSON document");
    act(shown, &show_tables);
    CLI::App& made = changing("create", "Make a table without partitions");
    made.add_option("-s,--scheme", a_->scheme,
                    fmt::format("The convention: {}", fmt::join(runtime::scheme_names(), ", ")))
        ->required();
    made.add_option("-n,--entries", a_->entries, "How many partitions there is to be room for");
    act(made, &create);
    CLI::App& destroyed = changing("destroy", "Take the table away");
    destroyed.add_flag("-F,--force", a_->force, "With all its partitions, or though it is refused");
    act(destroyed, &destroy);
    CLI::App& added = edit("add", "Make a partition", &add_partition);
    index(added, "Its number; the lowest that is free if not said");
    what(added);
    added.add_option("-b,--start", a_->start, "Where it starts; the first place with room");
    size(added);
    added.add_option("-a,--align", a_->alignment, "What start and size are multiples of");
    index(edit("delete", "Take a partition away", &delete_partition), "Its number")->required();
    CLI::App& resized = edit("resize", "Change the size of a partition", &resize_partition);
    index(resized, "Its number")->required();
    size(resized);
    CLI::App& modified =
        edit("modify", "Change a partition's type, label or attributes", &modify_partition);
    index(modified, "Its number")->required();
    what(modified);
    attributes(modified, "--unset", a_->unset, "Attributes it is not to have");
    CLI::App& booted =
        edit("bootcode", "Write the program that a computer starts", &write_bootcode);
    booted.add_option("-b,--program", a_->program, "The file that holds it")->required();
    edit("recover", "Repair a corrupt table from what is good of it", &recover_table);
  }

 private:
  CLI::App& verb(const std::string& name, const std::string& help) {
    CLI::App& verb = *part_.add_subcommand(name, help);
    verb.add_option("IMAGE", a_->image, "A raw disk image")->required();
    verb.add_option("--sector-size", a_->sector_size_bytes, "Bytes in a sector of the disk")
        ->capture_default_str();
    return verb;
  }
  CLI::App& changing(const std::string& name, const std::string& help) {
    CLI::App& changing = verb(name, help);
    changing.add_option("--on", a_->on, "What the table lies on: da0 is the image, da0s1 a slice")
        ->capture_default_str();
    changing.add_flag("--dry-run", a_->dry_run, "Tell what would be written, and write nothing");
    return changing;
  }
  CLI::App& edit(const std::string& name, const std::string& help, PartEdit edit) {
    CLI::App& edited = changing(name, help);
    act(edited, [edit](const PartArguments& a) { return change(a, edit); });
    return edited;
  }
  CLI::Option* index(CLI::App& verb, const std::string& help) {
    return verb.add_option("-i,--index", a_->index, help);
  }
  void size(CLI::App& verb) {
    verb.add_option("-s,--size", a_->size, "In sectors, or as in 512K or 20M; all there is");
  }
  void what(CLI::App& verb) {
    verb.add_option("-t,--type", a_->type, "A name as gpart has it, a byte or a GUID");
    verb.add_option_function<std::string>(
        "-l,--label",
        [a = a_](const std::string& label) {
          a->label = label;
          a->has_label = true;
        },
        "What the partition is called");
    attributes(verb, "--set", a_->set, "Attributes it is to have: active, bootme, ...");
  }
  static void attributes(CLI::App& verb, const std::string& name, std::vector<std::string>& names,
                         const std::string& help) {
    verb.add_option(name, names, help)->delimiter(',')->allow_extra_args(false);
  }
  void act(CLI::App& verb, std::function<Status(const PartArguments&)> action) {
    verb.callback([&program = program_, a = a_, action = std::move(action)] {
      program.chosen = [a, action] { return exit_status(action(*a)); };
    });
  }

  Program& program_;
  CLI::App& part_;
  std::shared_ptr<PartArguments> a_;
};

}  // namespace

void add_part(Program& program) {
  CLI::App* verb =
      program.parser.add_subcommand("part", "Show and change the partition tables of a disk image");
  verb->require_subcommand(1);
  verb->footer(
      "Sizes without a letter are sectors. A change that is refused leaves the image as it was.\n\n"
      "Exit status: 0 done, 2 wrong usage, no such image or a change that can not be.\n\n"
      "Examples:\n"
      "  biotope part create -s gpt disk.img\n"
      "  biotope part add -t freebsd-ufs -s 20M -a 1M -l home disk.img\n"
      "  biotope part show disk.img\n"
      "  biotope part modify -i 1 -l root --dry-run disk.img\n"
      "  biotope part create -s bsd --on da0s1 disk.img\n"
      "  biotope part recover disk.img");
  PartVerbs(program, *verb).add_all();
}

}  // namespace biotope::app
