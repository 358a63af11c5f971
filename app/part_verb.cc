#include <fmt/format.h>

#include <fstream>

#include "app/part_text.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "scenarios/runtime/image/part_image.h"

namespace biotope::app {

namespace {

using runtime::PartImage;

// What is typed behind any of the verbs; each looks at what it takes.
struct PartArguments {
  std::string image;
  std::string on = "da0";
  std::int64_t sector_size_bytes = 512;
  bool dry_run = false;
  bool force = false;
  std::string scheme;
  std::int64_t entries = 0;
  int index = 0;
  std::string type;
  std::string label;
  bool has_label = false;
  std::string start;
  std::string size;
  std::string alignment;
  std::vector<std::string> set;
  std::vector<std::string> unset;
  std::string program;
};
using Arguments = std::shared_ptr<PartArguments>;

// Changes the table, and gives the line that says what was done.
using Edit = Result<std::string> (*)(Document&, const PartArguments&);

Result<std::unique_ptr<PartImage>> open(const PartArguments& a, sim::ImageFile::Use use) {
  return PartImage::open(a.image, a.sector_size_bytes, use);
}

std::string name_of(const Document& document, const PartArguments& a, int index) {
  const Slice* slice = document.table().slice(index);
  return a.on + (slice == nullptr ? document.scheme().suffix(index) : slice->suffix);
}

// --- the edits ---

Result<std::string> add(Document& document, const PartArguments& a) {
  NewPartition wanted;
  wanted.index = a.index;
  wanted.type = a.type;
  wanted.label = a.label;
  wanted.attributes.insert(a.set.begin(), a.set.end());
  const std::pair<const std::string*, std::int64_t*> sizes[] = {
      {&a.start, &wanted.start_bytes},
      {&a.size, &wanted.length_bytes},
      {&a.alignment, &wanted.alignment_bytes},
  };
  constexpr const char* kNames[] = {"--start", "--size", "--align"};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    if (sizes[i].first->empty()) continue;
    const auto bytes = bytes_of(*sizes[i].first, a.sector_size_bytes, kNames[i]);
    if (!bytes) return pass_on(bytes);
    *sizes[i].second = *bytes;
  }
  const Result<int> index = document.add(wanted);
  if (!index) return pass_on(index);
  return name_of(document, a, *index) + " added";
}

Result<std::string> remove(Document& document, const PartArguments& a) {
  const std::string name = name_of(document, a, a.index);
  if (const Status done = document.remove(a.index); !done) return pass_on(done);
  return name + " deleted";
}

Result<std::string> resize(Document& document, const PartArguments& a) {
  std::int64_t length = 0;
  if (!a.size.empty()) {
    const auto bytes = bytes_of(a.size, a.sector_size_bytes, "--size");
    if (!bytes) return pass_on(bytes);
    if (*bytes == 0) return fail(EINVAL, "--size is 0; 'part delete' takes a partition away");
    length = *bytes;
  }
  if (const Status done = document.resize(a.index, length); !done) return pass_on(done);
  return name_of(document, a, a.index) + " resized";
}

Result<std::string> modify(Document& document, const PartArguments& a) {
  Modification change;
  if (!a.type.empty()) change.type = a.type;
  if (a.has_label) change.label = a.label;
  change.set.insert(a.set.begin(), a.set.end());
  change.unset.insert(a.unset.begin(), a.unset.end());
  if (!change.type && !change.label && change.set.empty() && change.unset.empty()) {
    return fail(EINVAL, "nothing is to be modified; say --type, --label, --set or --unset");
  }
  if (const Status done = document.modify(a.index, change); !done) return pass_on(done);
  return name_of(document, a, a.index) + " modified";
}

Result<std::string> bootcode(Document& document, const PartArguments& a) {
  // No convention has room for more than this.
  constexpr std::streamsize kMostBytes = 1 << 20;
  std::ifstream file(a.program, std::ios::binary);
  std::string program(kMostBytes + 1, '\0');
  file.read(program.data(), kMostBytes + 1);
  program.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || program.empty() || file.gcount() > kMostBytes) {
    return fail(EINVAL, "the program '", a.program,
                "' can not be read, is empty or is longer than ", kMostBytes, " bytes");
  }
  const Status done = document.boot(std::as_bytes(std::span(program)));
  if (!done) return pass_on(done);
  return "bootcode written to " + a.on;
}

Result<std::string> recover(Document& document, const PartArguments& a) {
  if (!document.table().corrupt) return a.on + " needs no recovery";
  if (const Status done = document.recover(); !done) return pass_on(done);
  return a.on + " recovered";
}

Result<std::string> destroy(Document& document, const PartArguments& a) {
  if (const Status done = document.erase(a.force); !done) {
    const std::string hint = done.error().code == EBUSY ? "; --force takes them along" : "";
    return fail(done.error().code, done.error().text, hint);
  }
  return a.on + " destroyed";
}

// --- around them ---

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
  if (!document.erased()) fmt::print("{}", table_text(document.table(), a.on, document.medium()));
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

sim::ImageFile::Use use_for(const PartArguments& a) {
  return a.dry_run ? sim::ImageFile::Use::read : sim::ImageFile::Use::edit;
}

Status change(const PartArguments& a, Edit edit) {
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

Status show(const PartArguments& a) {
  const auto image = open(a, sim::ImageFile::Use::read);
  if (!image) return pass_on(image);
  for (const Slicer* slicer : (*image)->tables()) {
    fmt::print("{}\n", table_text(slicer->table(), slicer->name(), slicer->below()->properties()));
  }
  if ((*image)->tables().empty()) {
    const Result<Document> none = (*image)->table(a.on);
    if (!none) return pass_on(none);
  }
  return {};
}

// --- the command line ---

class PartVerbs {
 public:
  PartVerbs(Program& program, CLI::App& part)
      : program_(program), part_(part), a_(std::make_shared<PartArguments>()) {}

  void add_all() {
    verb("show", "Show all tables, with what is free in them", &show);
    CLI::App& made = changing("create", "Make a table without partitions");
    made.add_option("-s,--scheme", a_->scheme,
                    fmt::format("The convention: {}", fmt::join(runtime::scheme_names(), ", ")))
        ->required();
    made.add_option("-n,--entries", a_->entries, "How many partitions there is to be room for");
    act(made, &create);
    CLI::App& destroyed = edit("destroy", "Take the table away", &destroy);
    destroyed.add_flag("-F,--force", a_->force, "With all its partitions");
    CLI::App& added = edit("add", "Make a partition", &add);
    index(added, "Its number; the lowest that is free if not said");
    what(added);
    added.add_option("-b,--start", a_->start, "Where it starts; the first place with room");
    size(added);
    added.add_option("-a,--align", a_->alignment, "What start and size are multiples of");
    index(edit("delete", "Take a partition away", &remove), "Its number")->required();
    CLI::App& resized = edit("resize", "Change the size of a partition", &resize);
    index(resized, "Its number")->required();
    size(resized);
    CLI::App& modified = edit("modify", "Change a partition's type, label or attributes", &modify);
    index(modified, "Its number")->required();
    what(modified);
    attributes(modified, "--unset", a_->unset, "Attributes it is not to have");
    CLI::App& booted = edit("bootcode", "Write the program that a computer starts", &bootcode);
    booted.add_option("-b,--program", a_->program, "The file that holds it")->required();
    edit("recover", "Repair a corrupt table from what is good of it", &recover);
  }

 private:
  using Verb = Status (*)(const PartArguments&);

  CLI::App& verb(const std::string& name, const std::string& help) {
    CLI::App& verb = *part_.add_subcommand(name, help);
    verb.add_option("IMAGE", a_->image, "A raw disk image")->required();
    verb.add_option("--sector-size", a_->sector_size_bytes, "Bytes in a sector of the disk")
        ->capture_default_str();
    return verb;
  }
  void verb(const std::string& name, const std::string& help, Verb action) {
    act(verb(name, help), action);
  }
  CLI::App& changing(const std::string& name, const std::string& help) {
    CLI::App& changing = verb(name, help);
    changing.add_option("--on", a_->on, "What the table lies on: da0 is the image, da0s1 a slice")
        ->capture_default_str();
    changing.add_flag("--dry-run", a_->dry_run, "Tell what would be written, and write nothing");
    return changing;
  }
  CLI::App& edit(const std::string& name, const std::string& help, Edit edit) {
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
      program.chosen = [a, action] {
        const Status done = action(*a);
        if (done) return 0;
        complain(done.error().text);
        return 2;
      };
    });
  }

  Program& program_;
  CLI::App& part_;
  Arguments a_;
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
