#include "classes/dev/dev.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Raw access to disks.

namespace biotope::runtime {

namespace {

// The most that one call may read.
constexpr std::int64_t kMostBytes = 64 << 20;

Bytes to_bytes(const std::string& text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(data, data + text.size());
}

Outcome<Dev*> self_device(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::device, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  const auto geom = call.world().geom({HandleKind::geom, self->id});
  if (!geom) return hand_on(geom);
  auto* device = dynamic_cast<Dev*>(*geom);
  if (device == nullptr || device->withering() || device->consumers().empty()) {
    return misuse(whose, ": ", (*geom)->title(), " is closed");
  }
  return device;
}

// open(provider [, { mode, exclusive }])
Answer open(Call& call) {
  const auto provider = provider_at(call, 1, "open: the provider");
  if (!provider) return hand_on(provider);
  World& world = call.world();
  const auto cls = class_called(world, "dev", "open");
  if (!cls) return hand_on(cls);
  const auto values = call.values(2, (*cls)->parameters(), "open");
  if (!values) return hand_on(values);
  const Result<Geom*> geom = world.mesh().create("dev", (*provider)->name(), {*provider}, *values);
  if (!geom) return refused(geom.error());
  world.handle_of(**geom);
  return call.give(Handle{HandleKind::device, (*geom)->id()});
}

Answer read(Call& call) {
  const auto device = self_device(call, "read");
  if (!device) return hand_on(device);
  const auto offset = call.size_bytes(2, "read: the offset");
  if (!offset) return hand_on(offset);
  const auto length = call.size_bytes(3, "read: the length");
  if (!length) return hand_on(length);
  if (*length < 0 || *length > kMostBytes) {
    return misuse("read: the length is ", *length, "; it must be from 0 to ", kMostBytes);
  }
  return run_for_actor<Bytes>(
      call, sentence("a read of ", (*device)->edge().name()), (*device)->read(*offset, *length),
      [](Call& c, const Bytes& bytes) -> Answer {
        return c.give(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      });
}

Answer write(Call& call) {
  const auto device = self_device(call, "write");
  if (!device) return hand_on(device);
  const auto offset = call.size_bytes(2, "write: the offset");
  if (!offset) return hand_on(offset);
  const auto text = call.text(3, "write: the bytes");
  if (!text) return hand_on(text);
  return run_for_actor(call, sentence("a write to ", (*device)->edge().name()),
                       (*device)->write(*offset, to_bytes(*text)));
}

Answer erase(Call& call) {
  const auto device = self_device(call, "erase");
  if (!device) return hand_on(device);
  const auto offset = call.size_bytes(2, "erase: the offset");
  if (!offset) return hand_on(offset);
  const auto length = call.size_bytes(3, "erase: the length");
  if (!length) return hand_on(length);
  return run_for_actor(call, sentence("an erasure on ", (*device)->edge().name()),
                       (*device)->remove(*offset, *length));
}

Answer flush(Call& call) {
  const auto device = self_device(call, "flush");
  if (!device) return hand_on(device);
  return run_for_actor(call, sentence("a flush of ", (*device)->edge().name()), (*device)->flush());
}

Answer close(Call& call) {
  const auto device = self_device(call, "close");
  if (!device) return hand_on(device);
  (*device)->close();
  return 0;
}

Answer device_is_there(Call& call) {
  const auto self = call.handle(1, HandleKind::device, "is_there: self");
  if (!self) return hand_on(self);
  const Geom* geom = call.world().mesh().geom_by_id(self->id);
  return call.give(geom != nullptr && !geom->withering());
}

}  // namespace

void bind_devices(lua_State* thread) {
  const Binding globals[] = {{"open", &lua_function<&open>}};
  bind_globals(thread, globals);
  const Binding device_methods[] = {
      {"read", &lua_function<&read>},   {"write", &lua_function<&write>},
      {"erase", &lua_function<&erase>}, {"flush", &lua_function<&flush>},
      {"close", &lua_function<&close>}, {"is_there", &lua_function<&device_is_there>},
  };
  bind_methods(thread, HandleKind::device, device_methods);
}

}  // namespace biotope::runtime
