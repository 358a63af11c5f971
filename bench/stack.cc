#include "bench/stack.h"

#include "classes/mirror/mirror_class.h"
#include "classes/nop/nop.h"
#include "classes/raid5/raid5.h"
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

MetadataDriver::MetadataDriver(std::int64_t size_bytes) {
  traits_.properties.media_size_bytes = size_bytes;
  last_.resize(static_cast<std::size_t>(traits_.properties.sector_size_bytes));
}

Verdict MetadataDriver::strategy(Bio& bio) {
  const Properties& p = traits_.properties;
  if (bio.position_bytes == p.media_size_bytes - p.sector_size_bytes) {
    if (bio.command == Command::read) bio.data.copy_in(last_);
    if (bio.command == Command::write) bio.data.copy_out(last_);
  }
  return Verdict::done();
}

void Bench::load() {
  must(mesh.load(std::make_unique<DiskClass>()));
  must(mesh.load(std::make_unique<NopClass>()));
  must(mesh.load(std::make_unique<StripeClass>()));
  must(mesh.load(std::make_unique<MirrorClass>()));
  must(mesh.load(std::make_unique<Raid5Class>()));
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

Provider& Bench::raid5(int count, std::int64_t stripe_bytes) {
  std::vector<Provider*> below;
  for (int i = 0; i < count; ++i) {
    drivers_.push_back(std::make_unique<MetadataDriver>(8 << 20));
    const std::string name = "raid" + std::to_string(i);
    below.push_back(&must(add_disk(mesh, name, *drivers_.back()))->providers().front());
  }
  mesh.set_tasting(true);
  Values values;
  values.set("stripe_size", stripe_bytes);
  auto label = parity::ParityClass::of(mesh, "raid5")->label(mesh, "r", below, values);
  label.start();
  const auto step = [this] {
    BIOTOPE_CHECK(mesh.executor().step(), "an array of sound disks comes together");
  };
  while (mesh.geom("raid5", "r") == nullptr) step();
  must(label.result());
  auto& group = static_cast<parity::Group&>(*mesh.geom("raid5", "r"));
  bool complete = false;
  group.when_complete([&](const Status& done) {
    must(done);
    complete = true;
  });
  while (!complete) step();
  mesh.set_tasting(false);
  return group.providers().front();
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

void issue_long(Mesh& mesh, Consumer& edge, std::int64_t count, std::int64_t length_bytes) {
  alignas(64) static std::byte data[1 << 20];
  const std::int64_t places = edge.provider()->media_size_bytes() / length_bytes;
  Bio bio;
  bio.done = [](Bio&) {};
  for (std::int64_t i = 0; i < count; ++i) {
    bio.command = Command::write;
    bio.offset_bytes = i % places * length_bytes;
    bio.length_bytes = length_bytes;
    bio.data = Data(data);
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
