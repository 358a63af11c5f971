#include "classes/dev/dev.h"

#include "model/mesh.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "mode",
     .kind = Parameter::Kind::text,
     .fallback = std::string("r"),
     .help = "what it is open for: r, w or rw"},
    {.name = "exclusive",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "whether it keeps other writers out"},
};

Result<Access> access_of(const Creation& creation) {
  const std::string& mode = creation.values.text("mode");
  if (mode != "r" && mode != "w" && mode != "rw") {
    return fail(EINVAL, "dev ", creation.name, ": 'mode' is '", mode, "'; it must be r, w or rw");
  }
  const bool reads = mode.front() == 'r';
  const bool writes = mode.back() == 'w';
  return Access{reads ? 1 : 0, writes ? 1 : 0, creation.values.boolean("exclusive") ? 1 : 0};
}

}  // namespace

Verdict Dev::start(Bio&, Provider&) { return Verdict::done(EOPNOTSUPP); }

void Dev::spoiled(Consumer&) {}

Status Dev::may_let_go(Consumer& consumer) {
  return fail(EBUSY, title(), " has ", consumer.provider()->name(), " open (",
              consumer.access().text(), "); close it first");
}

Task<Status> Dev::let_go(Consumer& consumer) { co_return may_let_go(consumer); }

std::string Dev::status() const { return "open " + consumers().front().access().text(); }

Task<Result<Bytes>> Dev::read(std::int64_t offset_bytes, std::int64_t length_bytes) {
  co_return co_await biotope::read(edge(), offset_bytes, length_bytes);
}

Task<Status> Dev::write(std::int64_t offset_bytes, Bytes data) {
  co_return co_await biotope::write(edge(), offset_bytes, data);
}

Task<Status> Dev::remove(std::int64_t offset_bytes, std::int64_t length_bytes) {
  co_return co_await biotope::remove(edge(), offset_bytes, length_bytes);
}

Task<Status> Dev::flush() { co_return co_await biotope::flush(edge()); }

void Dev::close() { mesh().wither(*this); }

std::span<const Parameter> DevClass::parameters() const { return kParameters; }

Result<Geom*> DevClass::create(Mesh& mesh, const Creation& creation) {
  if (creation.below.size() != 1) {
    return fail(EINVAL, "dev ", creation.name, " stands on exactly one provider, not on ",
                creation.below.size());
  }
  const Result<Access> access = access_of(creation);
  if (!access) return pass_on(access);
  Geom& geom = mesh.add(std::make_unique<Dev>(mesh, *this, creation.name));
  const Result<Consumer*> consumer = mesh.new_consumer(geom, *creation.below.front());
  const Status opened = consumer ? mesh.access(**consumer, *access) : pass_on(consumer);
  if (!opened) {
    mesh.wither(geom);
    return pass_on(opened);
  }
  return &geom;
}

}  // namespace biotope
