#include "bench/stack.h"

#include "classes/mirror/mirror_class.h"
#include "classes/nop/nop.h"
#include "classes/stripe/stripe.h"

namespace biotope::bench {

namespace {

constexpr std::int64_t kRequestBytes = 4096;

class Fanout final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    Children copies(mesh().path(), bio);
    for (Consumer& consumer : consumers()) {
      if (!copies.add_copy(consumer, bio.position_bytes)) return Verdict::done(ENOMEM);
    }
    return copies.issue();
  }
};

class User final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
};

}  // namespace

DiskTraits NullDriver::traits() const {
  DiskTraits traits;
  traits.properties.media_size_bytes = size_bytes_;
  return traits;
}

void Bench::load() {
  must(mesh.load(std::make_unique<DiskClass>()));
  must(mesh.load(std::make_unique<NopClass>()));
  must(mesh.load(std::make_unique<StripeClass>()));
  must(mesh.load(std::make_unique<MirrorClass>()));
  mesh.set_tasting(false);
}

Provider& Bench::disk(const std::string& name, std::int64_t size_bytes) {
  drivers_.push_back(std::make_unique<NullDriver>(size_bytes));
  return must(add_disk(mesh, name, *drivers_.back()))->providers().front();
}

Provider& Bench::nops(Provider& below, int layers) {
  Provider* top = &below;
  for (int i = 0; i < layers; ++i) {
    Values values;
    values.set("offset", std::int64_t{i % 2 == 0 ? 0 : 4096});
    Geom& geom = *must(mesh.create("nop", top->name() + ".nop", {top}, values));
    top = &geom.providers().front();
  }
  return *top;
}

Provider& Bench::fanout(const std::vector<Provider*>& below) {
  Geom& geom = mesh.add(std::make_unique<Fanout>(mesh, cls_, "fanout"));
  for (Provider* provider : below) must(mesh.new_consumer(geom, *provider));
  Provider& top = *must(mesh.new_provider(geom, "fanout", below.front()->properties()));
  mesh.publish(top);
  return top;
}

Provider& Bench::stripe(const std::vector<Provider*>& below) {
  return must(mesh.create("stripe", "bench", below))->providers().front();
}

Provider& Bench::mirror(const std::vector<Provider*>& below) {
  auto& geom = static_cast<mirror::Mirror&>(*must(mesh.create("mirror", "m", below)));
  while (!geom.complete()) {
    BIOTOPE_CHECK(mesh.executor().step(), "a copy onto a sound disk ends");
  }
  return geom.providers().front();
}

Consumer& Bench::user(Provider& below) {
  Geom& geom = mesh.add(std::make_unique<User>(mesh, cls_, "user"));
  Consumer& edge = *must(mesh.new_consumer(geom, below));
  must(mesh.access(edge, kReadWriteExclusive));
  return edge;
}

namespace {

void fill_in(Bio& bio, std::int64_t turn, Command command = Command::write) {
  alignas(64) static std::byte data[kRequestBytes];
  bio.command = command;
  bio.offset_bytes = (turn % 1024) * kRequestBytes;
  bio.length_bytes = kRequestBytes;
  bio.data = Data(data);
}

}  // namespace

void issue_reads(Mesh& mesh, Consumer& edge, std::int64_t count) {
  Bio bio;
  bio.done = [](Bio&) {};
  for (std::int64_t i = 0; i < count; ++i) {
    fill_in(bio, i, Command::read);
    mesh.submit(bio, edge);
  }
}

void issue(Mesh& mesh, Consumer& edge, std::int64_t count) {
  Bio bio;
  bio.done = [](Bio&) {};
  for (std::int64_t i = 0; i < count; ++i) {
    fill_in(bio, i);
    mesh.submit(bio, edge);
  }
}

void issue_pooled(Mesh& mesh, Consumer& edge, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    Bio& bio = *mesh.path().new_bio();
    fill_in(bio, i);
    bio.caller1 = &mesh;
    bio.done = [](Bio& done) { static_cast<Mesh*>(done.caller1)->path().free_bio(&done); };
    mesh.submit(bio, edge);
  }
}

}  // namespace biotope::bench
