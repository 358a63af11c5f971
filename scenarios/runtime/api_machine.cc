#include <algorithm>
#include <iterator>

#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// The hardware: controllers with bays, and media to put into them.

namespace biotope::runtime {

namespace {

const Parameter kMachine[] = {
    {.name = "name",
     .kind = Parameter::Kind::text,
     .fallback = std::string("scsi0"),
     .help = "what the controller is called"},
    {.name = "bays",
     .fallback = std::int64_t{1},
     .min = 1,
     .max = sim::Rack::kMostBays,
     .help = "drives on the controller"},
    {.name = "profile",
     .kind = Parameter::Kind::text,
     .fallback = std::string("zip100"),
     .help = "the kind of drive"},
    {.name = "controller",
     .kind = Parameter::Kind::text,
     .fallback = std::string("direct"),
     .help = "what lies between it and its drives"},
    {.name = "rate",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "what its wire moves in a second; 0: what its kind does"},
    {.name = "timeout",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "until something is done about a drive that does not answer; 0: what its kind does"},
};

// What lies between the controller and its drives.
Outcome<sim::LinkTraits> link_of(const Values& values) {
  const std::string& kind = values.text("controller");
  const auto at = std::find(std::begin(sim::kLinkNames), std::end(sim::kLinkNames), kind);
  if (at == std::end(sim::kLinkNames)) {
    return misuse("machine: 'controller' is direct, scsi, sata, floppy or usb, not '", kind, "'");
  }
  auto link = sim::LinkTraits::of(static_cast<sim::LinkKind>(at - std::begin(sim::kLinkNames)));
  if (values.integer("rate") > 0) link.bytes_per_second = values.integer("rate");
  if (values.integer("timeout") > 0) link.timeout_ns = values.integer("timeout");
  return link;
}

Answer machine(Call& call) {
  const auto values = call.values(1, kMachine, "machine");
  if (!values) return hand_on(values);
  const int bays = static_cast<int>(values->integer("bays"));
  const std::string& name = values->text("name");
  const auto link = link_of(*values);
  if (!link) return hand_on(link);
  const Result<int> first =
      call.world().rack().add_controller(name, bays, values->text("profile"), *link);
  if (!first) return misuse("machine: ", first.error().text);
  return call.give(call.world().add(Machine{name, *first, bays}));
}

Answer done_or_refused(const Status& status) {
  if (!status) return refused(status.error());
  return 0;
}

Answer insert(Call& call) {
  const auto bay = bay_of(call, "insert");
  if (!bay) return hand_on(bay);
  const auto medium = call.handle(3, HandleKind::medium, "insert: the medium");
  if (!medium) return hand_on(medium);
  if (const auto on = call.world().power_on(); !on) return refused(on.error());
  return done_or_refused(call.world().rack().insert(*bay, call.world().medium(*medium)));
}

Answer tear_out(Call& call) {
  const auto bay = bay_of(call, "tear_out");
  if (!bay) return hand_on(bay);
  if (const auto on = call.world().power_on(); !on) return refused(on.error());
  return done_or_refused(call.world().rack().tear_out(*bay));
}

Answer lock(Call& call) {
  const auto bay = bay_of(call, "lock");
  if (!bay) return hand_on(bay);
  if (const auto on = call.world().power_on(); !on) return refused(on.error());
  return done_or_refused(call.world().rack().lock(*bay));
}

Answer unlock(Call& call) {
  const auto bay = bay_of(call, "unlock");
  if (!bay) return hand_on(bay);
  if (const auto on = call.world().power_on(); !on) return refused(on.error());
  return done_or_refused(call.world().rack().unlock(*bay));
}

const Parameter kEject[] = {
    {.name = "deadline",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "when users must have let go; 0: however long it takes"},
    {.name = "on_timeout",
     .kind = Parameter::Kind::text,
     .fallback = std::string("refuse"),
     .help = "what happens then: refuse or surprise"},
};

Answer eject(Call& call) {
  const auto bay = bay_of(call, "eject");
  if (!bay) return hand_on(bay);
  const auto values = call.values(3, kEject, "eject");
  if (!values) return hand_on(values);
  Mesh::EjectOptions options{.deadline_ns = values->integer("deadline")};
  const std::string& on_timeout = values->text("on_timeout");
  if (on_timeout == "surprise") {
    options.on_timeout = Mesh::OnTimeout::surprise;
  } else if (on_timeout != "refuse") {
    return misuse("eject: 'on_timeout' is refuse or surprise, not '", on_timeout, "'");
  }
  World& world = call.world();
  const auto bridge = world.power_on();
  if (!bridge) return refused(bridge.error());
  const auto wait = world.actors().wait(call, "an eject");
  if (!wait) return hand_on(wait);
  const auto wake = [&world, wait = *wait](const Status& out) {
    world.actors().wake(wait, [out](Call&) { return done_or_refused(out); });
  };
  if (const Status asked = (*bridge)->eject(*bay, options, wake); !asked) {
    return refused(asked.error());
  }
  return kWaits;
}

Answer disk(Call& call) {
  const auto bay = bay_of(call, "disk");
  if (!bay) return hand_on(bay);
  const auto bridge = call.world().power_on();
  if (!bridge) return refused(bridge.error());
  const Result<Provider*> disk = (*bridge)->disk(*bay);
  if (!disk) return refused(disk.error());
  return call.give(call.world().handle_of(**disk));
}

// --- media ---

const Parameter kMedium[] = {
    {.name = "profile",
     .kind = Parameter::Kind::text,
     .fallback = std::string("zip100"),
     .help = "the kind of drive it is for"},
    {.name = "name",
     .kind = Parameter::Kind::text,
     .fallback = std::string("a blank medium"),
     .help = "what people call it, where it has no image"},
    {.name = "write_protected",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "the tab on the cartridge"},
};

// The image of the table of options: a path, or what media.make() gave. Empty: none.
Outcome<std::string> image_of(Call& call) {
  if (!call.is_table(1)) return std::string();
  const int field = call.field(1, "image");
  if (call.is_nil(field)) return std::string();
  if (call.is_text(field)) return call.text(field, "medium: 'image'");
  const auto image = call.handle(field, HandleKind::image, "medium: 'image'");
  if (!image) return hand_on(image);
  return call.world().image(*image).path.string();
}

Answer medium(Call& call) {
  constexpr std::string_view kBesides[] = {"image"};
  const auto values = call.values(1, kMedium, "medium", kBesides);
  if (!values) return hand_on(values);
  const auto image = image_of(call);
  if (!image) return hand_on(image);
  const auto kind = sim::find_drive_kind(values->text("profile"));
  if (!kind) return misuse("medium: ", kind.error().text);
  const sim::MediumShape shape{(*kind)->capacity_bytes(), (*kind)->sector_bytes};
  auto made = image->empty() ? sim::Medium::blank(values->text("name"), shape)
                             : sim::Medium::load(*image, shape);
  if (!made) return failed(FailureKind::bad_input, made.error());
  (*made)->set_write_protected(values->boolean("write_protected"));
  return call.give(call.world().add(*made));
}

Outcome<sim::Medium*> self_medium(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::medium, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return call.world().medium(*self).get();
}

Answer medium_name(Call& call) {
  const auto self = self_medium(call, "name");
  if (!self) return hand_on(self);
  return call.give((*self)->name());
}

Answer medium_size(Call& call) {
  const auto self = self_medium(call, "size");
  if (!self) return hand_on(self);
  return call.give((*self)->size_bytes());
}

// Also of a medium in a drive, in mid-transfer: then it is what the heads have written by now.
Answer write_out(Call& call) {
  const auto self = self_medium(call, "write_out");
  if (!self) return hand_on(self);
  World& world = call.world();
  const auto scratch = world.scratch();
  if (!scratch) return refused(scratch.error());
  const std::string path = (*scratch)->new_file("written-out.img").string();
  const std::string& drive = (*self)->in_drive();
  Status written;
  if (drive.empty()) {
    written = (*self)->write_image(path);
  } else {
    for (int bay = 0; bay < world.rack().bays(); ++bay) {
      if (world.rack().bay_name(bay) == drive) written = world.rack().write_image(bay, path);
    }
  }
  if (!written) return refused(written.error());
  return call.give(world.add(Image{path}));
}

}  // namespace

void bind_machine(lua_State* thread) {
  const Binding globals[] = {
      {"machine", &lua_function<&machine>},
      {"medium", &lua_function<&medium>},
  };
  bind_globals(thread, globals);
  const Binding machine_methods[] = {
      {"insert", &lua_function<&insert>},     {"eject", &lua_function<&eject>},
      {"tear_out", &lua_function<&tear_out>}, {"lock", &lua_function<&lock>},
      {"unlock", &lua_function<&unlock>},     {"disk", &lua_function<&disk>},
  };
  bind_methods(thread, HandleKind::machine, machine_methods);
  const Binding medium_methods[] = {
      {"name", &lua_function<&medium_name>},
      {"size", &lua_function<&medium_size>},
      {"write_out", &lua_function<&write_out>},
  };
  bind_methods(thread, HandleKind::medium, medium_methods);
}

}  // namespace biotope::runtime
