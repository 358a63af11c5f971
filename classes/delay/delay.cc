#include "classes/delay/delay.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "read",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "how long a READ waits before it goes on"},
    {.name = "write",
     .unit = "ns",
     .fallback = std::int64_t{0},
     .help = "how long a WRITE, DELETE or FORMAT waits"},
    {.name = "flush", .unit = "ns", .fallback = std::int64_t{0}, .help = "how long a FLUSH waits"},
};

class Delay final : public Through {
 public:
  Delay(Mesh& mesh, const Class& cls, const Creation& creation)
      : Through(mesh, cls, creation),
        read_ns_(values().integer("read")),
        write_ns_(values().integer("write")),
        flush_ns_(values().integer("flush")),
        later_(mesh.executor()) {}

  Verdict start(Bio& bio, Provider&) override {
    const std::int64_t delay_ns = delay_of(bio.command);
    if (delay_ns == 0) return pass();
    ++waiting_;
    later_.after(delay_ns, [this, &bio] {
      --waiting_;
      go_on(bio);
    });
    return Verdict::held();
  }

  std::string status() const override {
    return sentence("read ", read_ns_, " ns, write ", write_ns_, " ns, flush ", flush_ns_, " ns; ",
                    waiting_, " waiting");
  }

 private:
  std::int64_t delay_of(Command command) const {
    if (command == Command::read) return read_ns_;
    if (command == Command::flush) return flush_ns_;
    return command == Command::getattr ? 0 : write_ns_;
  }

  std::int64_t read_ns_;
  std::int64_t write_ns_;
  std::int64_t flush_ns_;
  std::int64_t waiting_ = 0;
  Lifeline later_;
};

}  // namespace

std::span<const Parameter> DelayClass::parameters() const { return kParameters; }

Result<Geom*> DelayClass::create(Mesh& mesh, const Creation& creation) {
  return create_through<Delay>(mesh, *this, creation);
}

}  // namespace biotope
