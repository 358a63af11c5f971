#include "classes/flakey/flakey.h"

#include <list>

#include "classes/random_stream.h"
#include "model/control_io.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "up",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "how long it works, from its making on"},
    {.name = "down",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "how long it then does not"},
    {.name = "errors",
     .kind = Parameter::Kind::text,
     .fallback = std::string("all"),
     .help = "what fails with EIO while it is down: none, reads, writes or all"},
    {.name = "drop",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "writes are lost while it is down, though they are acknowledged"},
    {.name = "corrupt",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "whose data comes out wrong while it is down: none, reads, writes or all"},
    {.name = "corrupt_percent",
     .fallback = std::int64_t{100},
     .max = 100,
     .help = "how many of those requests"},
    {.name = "corrupt_byte",
     .fallback = std::int64_t{-1},
     .min = -1,
     .help = "which byte of a request; -1 for any, at random"},
    {.name = "corrupt_with",
     .fallback = std::int64_t{255},
     .min = 1,
     .max = 255,
     .help = "what that byte is XORed with"},
    {.name = "seed", .fallback = std::int64_t{0}, .help = "of what is random"},
};

constexpr std::string_view kWhose[] = {"none", "reads", "writes", "all"};

// Which commands a fault is about.
struct Whose {
  bool reads = false;
  bool writes = false;
  explicit Whose(const std::string& word)
      : reads(word == "reads" || word == "all"), writes(word == "writes" || word == "all") {}
  bool contains(Command c) const {
    return c == Command::read ? reads : needs_write(c) ? writes : false;
  }
};

class Flakey final : public Through {
 public:
  Flakey(Mesh& mesh, const Class& cls, const Creation& creation)
      : Through(mesh, cls, creation),
        up_ns_(values().integer("up")),
        down_ns_(values().integer("down")),
        drop_(values().boolean("drop")),
        errors_(values().text("errors")),
        corrupt_(values().text("corrupt")),
        since_ns_(mesh.executor().now_ns()),
        random_(static_cast<std::uint64_t>(values().integer("seed")), title()) {}

  Result<Properties> offered(const Properties& below, const std::string& name) const override {
    for (const char* parameter : {"errors", "corrupt"}) {
      const auto known = choice(*this, parameter, values().text(parameter), kWhose);
      if (!known) return pass_on(known);
    }
    if (up_ns_ > INT64_MAX - down_ns_) {
      return fail(EINVAL, title(), ": 'up' and 'down' together are beyond all time");
    }
    return Through::offered(below, name);
  }

  Verdict start(Bio& bio, Provider&) override {
    if (!down()) return pass();
    if (drop_ && changes(bio.command)) {
      ++dropped_;
      return Verdict::done();
    }
    if (errors_.contains(bio.command)) {
      ++failed_;
      return Verdict::done(EIO);
    }
    if (transfers(bio.command) && corrupt_.contains(bio.command) && chosen()) return corrupt(bio);
    return pass();
  }

  std::string status() const override {
    return sentence(down() ? "down" : "up", "; ", failed_, " failed, ", dropped_, " dropped, ",
                    corrupted_, " corrupted");
  }

 private:
  static bool changes(Command c) { return needs_write(c) && c != Command::flush; }
  static bool transfers(Command c) { return c == Command::read || c == Command::write; }

  bool down() const {
    if (down_ns_ == 0) return false;
    return (mesh().executor().now_ns() - since_ns_) % (up_ns_ + down_ns_) >= up_ns_;
  }

  bool chosen() {
    const std::int64_t percent = values().integer("corrupt_percent");
    return percent == 100 || random_.between(0, 99) < percent;
  }

  // A read's data is spoilt when it has come; a write's in a copy of it, since it is the issuer's.
  Verdict corrupt(Bio& bio) {
    const std::int64_t named = values().integer("corrupt_byte");
    const std::int64_t at = named < 0 ? random_.between(0, bio.length_bytes - 1) : named;
    if (at >= bio.length_bytes) return pass();
    ++corrupted_;
    bio.driver1 = reinterpret_cast<void*>(static_cast<std::intptr_t>(at));
    bio.driver2 = this;
    if (bio.command == Command::read) return pass_and_hear(bio, &Flakey::read_done);
    return write_spoilt(bio, at);
  }

  Verdict write_spoilt(Bio& bio, std::int64_t at) {
    Bio* part = mesh().path().new_bio();
    if (part == nullptr) return Verdict::done(ENOMEM);
    Copy& copy = copies_.emplace_front();
    copy.self = this;
    copy.place = copies_.begin();
    copy.bytes.resize(static_cast<std::size_t>(bio.length_bytes));
    bio.data.copy_out(copy.bytes);
    spoil(Data(copy.bytes.data()), at);
    part->command = bio.command;
    part->flags = bio.flags & kBioInheritedFlags;
    part->offset_bytes = bio.position_bytes;
    part->length_bytes = bio.length_bytes;
    part->data = Data(copy.bytes.data());
    part->caller1 = &copy;
    part->parent = &bio;
    part->done = &Flakey::write_done;
    bio.error = 0;
    bio.children = 1;
    bio.inbed = 0;
    mesh().submit(*part, lower());
    return Verdict::held();
  }

  static void write_done(Bio& part) {
    const auto& copy = *static_cast<Copy*>(part.caller1);
    copy.self->copies_.erase(copy.place);
    Children::part_done(part);
  }

  static void read_done(Bio& part) {
    Bio& bio = *part.parent;
    auto& self = *static_cast<Flakey*>(bio.driver2);
    if (part.error == 0) self.spoil(bio.data, reinterpret_cast<std::intptr_t>(bio.driver1));
    Children::part_done(part);
  }

  void spoil(Data data, std::int64_t at) const {
    const auto with = static_cast<std::byte>(values().integer("corrupt_with"));
    data.shifted(at).for_each_piece(1, [&](std::span<std::byte> one) { one[0] ^= with; });
  }

  // The data of a write that comes out wrong, as long as that is under way.
  struct Copy {
    Flakey* self = nullptr;
    std::list<Copy>::iterator place;
    Bytes bytes;
  };

  std::int64_t up_ns_;
  std::int64_t down_ns_;
  bool drop_;
  Whose errors_;
  Whose corrupt_;
  std::int64_t since_ns_;
  RandomStream random_;
  std::list<Copy> copies_;
  std::int64_t failed_ = 0;
  std::int64_t dropped_ = 0;
  std::int64_t corrupted_ = 0;
};

}  // namespace

std::span<const Parameter> FlakeyClass::parameters() const { return kParameters; }

Result<Geom*> FlakeyClass::create(Mesh& mesh, const Creation& creation) {
  return create_through<Flakey>(mesh, *this, creation);
}

}  // namespace biotope
