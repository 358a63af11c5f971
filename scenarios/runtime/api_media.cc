#include <algorithm>

#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/media/judge.h"
#include "scenarios/runtime/media/make.h"
#include "scenarios/runtime/program.h"
#include "scenarios/runtime/world.h"

// Images made and judged by real tools.

namespace biotope::runtime {

namespace {

// --- media.make ---

const Parameter kMedia[] = {
    {.name = "name",
     .kind = Parameter::Kind::text,
     .fallback = std::string("made.img"),
     .help = "name of the image file"},
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{100'663'296},
     .min = 1 << 16,
     .max = std::int64_t{1} << 34,
     .help = "of the image; a ZIP disk's"},
};
const Parameter kSlice[] = {
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "of the slice; 0 for all that is left"},
    {.name = "format",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "fat12, fat16 or fat32, for a slice without partitions"},
    {.name = "label",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "volume name of the FAT file system"},
    {.name = "active",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "whether it is the one to boot from"},
};
const Parameter kPartition[] = {
    {.name = "letter",
     .kind = Parameter::Kind::text,
     .fallback = std::string("a"),
     .help = "a, b, d, e, f, g or h; c is the whole slice"},
    {.name = "size",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "of the partition; 0 for all that is left"},
    {.name = "format",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "ufs1, ufs2 or none"},
    {.name = "mounted_on",
     .kind = Parameter::Kind::text,
     .unit = {},
     .fallback = std::string(),
     .help = "where the file system was mounted last, as its superblock says"},
};

constexpr std::pair<const char*, Format> kFormats[] = {
    {"none", Format::none},   {"ufs1", Format::ufs1},   {"ufs2", Format::ufs2},
    {"fat12", Format::fat12}, {"fat16", Format::fat16}, {"fat32", Format::fat32},
};

Outcome<Format> format_named(const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, format] : kFormats) {
    if (name == known) return format;
    names.emplace_back(known);
  }
  const std::string_view near = nearest(name, names);
  return misuse("media.make: there is no format '", name, "'",
                near.empty() ? "; there are none, ufs1, ufs2, fat12, fat16 and fat32"
                             : sentence("; did you mean '", near, "'?"));
}

// Names that can neither leave a folder nor be taken for an option.
bool is_plain_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), plain);
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  for (std::string_view rest = path.substr(1);;) {
    const std::size_t slash = rest.find('/');
    if (!is_plain_name(rest.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

// The table { ["/path"] = contents } at `index`.
Outcome<Files> files_at(Call& call, int index) {
  Files files;
  if (call.is_nil(index)) return files;
  if (!call.is_table(index)) return misuse("media.make: 'files' must be a table of paths");
  lua_State* thread = call.thread();
  lua_pushnil(thread);
  while (lua_next(thread, index) != 0) {
    const int value = lua_gettop(thread);
    const auto path = call.text(value - 1, "media.make: a file's path");
    if (!path) return hand_on(path);
    if (!is_plain_path(*path)) {
      return misuse("media.make: '", *path, "' is no path as in '/folder/file.txt'");
    }
    const auto contents = call.text(value, sentence("media.make: what is in ", *path));
    if (!contents) return hand_on(contents);
    files.emplace(*path, *contents);
    lua_pop(thread, 1);
  }
  return files;
}

// Calls read(call, index of the element) for each table in the list `name` of the table at `index`.
template <class Plan>
Outcome<std::vector<Plan>> list_at(Call& call, int index, const char* name,
                                   Outcome<Plan> (*read)(Call&, int)) {
  std::vector<Plan> plans;
  const int list = call.field(index, name);
  if (call.is_nil(list)) return plans;
  if (!call.is_table(list)) return misuse("media.make: '", name, "' must be a list of tables");
  const auto count = static_cast<lua_Integer>(lua_rawlen(call.thread(), list));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(call.thread(), list, i);
    const int element = lua_gettop(call.thread());
    if (!call.is_table(element)) return misuse("media.make: '", name, "' must be a list of tables");
    auto plan = read(call, element);
    if (!plan) return hand_on(plan);
    plans.push_back(std::move(*plan));
    lua_settop(call.thread(), list);
  }
  return plans;
}

Outcome<PartitionPlan> partition_at(Call& call, int index) {
  constexpr std::string_view kBesides[] = {"files"};
  const auto values = call.values(index, kPartition, "media.make: a partition", kBesides);
  if (!values) return hand_on(values);
  PartitionPlan plan;
  const std::string& letter = values->text("letter");
  if (letter.size() != 1 || std::string_view("abdefgh").find(letter) == std::string_view::npos) {
    return misuse("media.make: a partition's letter is a, b, d, e, f, g or h, not '", letter, "'");
  }
  plan.letter = letter.front();
  plan.size_bytes = values->integer("size");
  const auto format = format_named(values->text("format"));
  if (!format) return hand_on(format);
  if (is_fat(*format)) return misuse("media.make: a partition is ufs1, ufs2 or none");
  plan.format = *format;
  plan.mounted_on = values->text("mounted_on");
  if (!plan.mounted_on.empty() && !is_ufs(*format)) {
    return misuse("media.make: only UFS remembers where it was mounted on");
  }
  auto files = files_at(call, call.field(index, "files"));
  if (!files) return hand_on(files);
  plan.files = std::move(*files);
  return plan;
}

Outcome<SlicePlan> slice_at(Call& call, int index) {
  constexpr std::string_view kBesides[] = {"files", "partitions"};
  const auto values = call.values(index, kSlice, "media.make: a slice", kBesides);
  if (!values) return hand_on(values);
  SlicePlan plan;
  plan.size_bytes = values->integer("size");
  plan.active = values->boolean("active");
  plan.label = values->text("label");
  if (!plan.label.empty() && (!is_plain_name(plan.label) || plan.label.size() > 11)) {
    return misuse("media.make: '", plan.label, "' is no volume name of up to 11 letters");
  }
  const auto format = format_named(values->text("format"));
  if (!format) return hand_on(format);
  if (is_ufs(*format)) return misuse("media.make: UFS lies in a partition of a slice");
  plan.format = *format;
  auto files = files_at(call, call.field(index, "files"));
  if (!files) return hand_on(files);
  plan.files = std::move(*files);
  auto partitions = list_at<PartitionPlan>(call, index, "partitions", &partition_at);
  if (!partitions) return hand_on(partitions);
  plan.partitions = std::move(*partitions);
  if (!plan.partitions.empty() && is_fat(plan.format)) {
    return misuse("media.make: a slice has a FAT file system or partitions, not both");
  }
  return plan;
}

// What a tool could not do: missing on the machine, or asked for the impossible by the script.
tl::unexpected<Failure> tool_failure(const Error& error) {
  return failed(error.code == kMissingTool ? FailureKind::missing : FailureKind::script, error);
}

Answer make(Call& call) {
  constexpr std::string_view kBesides[] = {"slices"};
  const auto values = call.values(1, kMedia, "media.make", kBesides);
  if (!values) return hand_on(values);
  MediaPlan plan;
  plan.name = values->text("name");
  if (!is_plain_name(plan.name)) return misuse("media.make: '", plan.name, "' is no file name");
  plan.size_bytes = values->integer("size");
  if (call.is_table(1)) {
    auto slices = list_at<SlicePlan>(call, 1, "slices", &slice_at);
    if (!slices) return hand_on(slices);
    plan.slices = std::move(*slices);
  }
  if (plan.slices.size() > 4) return misuse("media.make: an MBR has room for 4 slices");
  World& world = call.world();
  const auto scratch = world.scratch();
  if (!scratch) return tool_failure(scratch.error());
  const auto path = (*scratch)->new_file(plan.name);
  if (const Status made = make_image(plan, **scratch, path); !made) {
    return tool_failure(made.error());
  }
  return call.give(world.add(Image{path}));
}

// --- judge ---

// A tool that can not judge has refused to; a missing one is missing.
tl::unexpected<Failure> judge_failure(const Error& error) {
  return failed(error.code == kMissingTool ? FailureKind::missing : FailureKind::refusal, error);
}

Outcome<std::filesystem::path> image_at(Call& call, std::string_view whose) {
  const auto image = call.handle(1, HandleKind::image, sentence(whose, ": the image"));
  if (!image) return hand_on(image);
  return call.world().image(*image).path;
}

Outcome<int> slice_number(Call& call, std::string_view whose) {
  const auto number = call.integer(2, sentence(whose, ": the slice"));
  if (!number) return hand_on(number);
  if (*number < 1 || *number > 4) return misuse(whose, ": a slice is 1, 2, 3 or 4");
  return static_cast<int>(*number);
}

int give_judgement(Call& call, const Judgement& judgement) {
  lua_State* thread = call.thread();
  lua_createtable(thread, 0, 2);
  lua_pushboolean(thread, judgement.clean ? 1 : 0);
  lua_setfield(thread, -2, "clean");
  call.give(judgement.says);
  lua_setfield(thread, -2, "says");
  return 1;
}

Answer table(Call& call) {
  const auto image = image_at(call, "judge.table");
  if (!image) return hand_on(image);
  const auto judgement = judge_table(*image);
  if (!judgement) return judge_failure(judgement.error());
  return give_judgement(call, *judgement);
}

Answer slices(Call& call) {
  const auto image = image_at(call, "judge.slices");
  if (!image) return hand_on(image);
  const auto found = read_table(*image);
  if (!found) return judge_failure(found.error());
  lua_State* thread = call.thread();
  lua_createtable(thread, static_cast<int>(found->size()), 0);
  lua_Integer place = 0;
  for (const FoundSlice& slice : *found) {
    lua_createtable(thread, 0, 4);
    for (const auto& [name, value] : {std::pair{"number", std::int64_t{slice.number}},
                                      {"start", slice.start_bytes},
                                      {"length", slice.length_bytes}}) {
      lua_pushinteger(thread, value);
      lua_setfield(thread, -2, name);
    }
    call.give(slice.type);
    lua_setfield(thread, -2, "type");
    lua_rawseti(thread, -2, ++place);
  }
  return 1;
}

Answer fat(Call& call) {
  const auto image = image_at(call, "judge.fat");
  if (!image) return hand_on(image);
  const auto slice = slice_number(call, "judge.fat");
  if (!slice) return hand_on(slice);
  const auto scratch = call.world().scratch();
  if (!scratch) return judge_failure(scratch.error());
  const auto judgement = judge_fat(*image, *slice, **scratch);
  if (!judgement) return judge_failure(judgement.error());
  return give_judgement(call, *judgement);
}

Answer fat_file(Call& call) {
  const auto image = image_at(call, "judge.fat_file");
  if (!image) return hand_on(image);
  const auto slice = slice_number(call, "judge.fat_file");
  if (!slice) return hand_on(slice);
  const auto path = call.text(3, "judge.fat_file: the path");
  if (!path) return hand_on(path);
  if (!is_plain_path(*path)) return misuse("judge.fat_file: '", *path, "' is no path");
  const auto contents = read_fat_file(*image, *slice, *path);
  if (!contents) return judge_failure(contents.error());
  return call.give(*contents);
}

Answer ufs_file(Call& call) {
  const auto image = image_at(call, "judge.ufs_file");
  if (!image) return hand_on(image);
  const auto start = call.size_bytes(2, "judge.ufs_file: where it starts");
  if (!start) return hand_on(start);
  const auto path = call.text(3, "judge.ufs_file: the path");
  if (!path) return hand_on(path);
  if (*start < 0 || !is_plain_path(*path)) {
    return misuse("judge.ufs_file: there is no '", *path, "' at ", *start);
  }
  const auto contents = read_ufs_file(*image, *start, *path);
  if (!contents) return judge_failure(contents.error());
  return call.give(*contents);
}

}  // namespace

void bind_media(lua_State* thread) {
  const Binding in_media[] = {{"make", &lua_function<&make>}};
  bind_table(thread, "media", in_media);
  const Binding in_judge[] = {
      {"table", &lua_function<&table>},       {"slices", &lua_function<&slices>},
      {"fat", &lua_function<&fat>},           {"fat_file", &lua_function<&fat_file>},
      {"ufs_file", &lua_function<&ufs_file>},
  };
  bind_table(thread, "judge", in_judge);
}

}  // namespace biotope::runtime
