#include "classes/fs/fs.h"

namespace biotope::fs {

namespace {

const Parameter kParameters[] = {
    {.name = "readonly",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "mount for reading only; others may write"},
    {.name = "raw",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "mount even where no known volume is recognised; no file is found then"},
    {.name = "cache",
     .unit = "blocks",
     .fallback = std::int64_t{64},
     .min = 1,
     .max = 1'000'000,
     .help = "how many blocks of about 4 KiB are kept in memory"},
};

std::string list(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& file : files) text += sentence(text.empty() ? "" : ", ", file);
  return text;
}

std::string in_words(const LostData& lost) {
  if (!lost.any()) return "nothing is lost";
  std::string text = sentence(lost.blocks, " blocks, ", lost.bytes, " bytes are lost");
  if (lost.unflushed_blocks > 0) {
    text += sentence(", ", lost.unflushed_blocks, " more blocks were written and not flushed");
  }
  return text + ", of " + list(lost.files);
}

}  // namespace

Fs::~Fs() {
  if (mount_ != nullptr) mount_->lose();
}

Verdict Fs::start(Bio&, Provider&) { return Verdict::done(EOPNOTSUPP); }

void Fs::spoiled(Consumer&) {}

void Fs::orphaned(Consumer&) {
  if (mount_ != nullptr && mount_->alive()) {
    mount_->lose();
    mesh().note(*this, "unmounted by force: " + in_words(mount_->lost()));
  }
  mesh().wither(*this);
}

Status Fs::may_let_go(Consumer&) { return {}; }

Task<Status> Fs::let_go(Consumer&) { return unmount(mesh(), id()); }

std::string Fs::status() const {
  if (mount_ == nullptr || mount_->info() == nullptr) return "nothing recognised";
  const VolumeInfo& info = *mount_->info();
  return sentence(kind_name(info.kind), info.name.empty() ? "" : " ", info.name, ", ",
                  mount_->cache().blocks(), " blocks cached, ", mount_->cache().dirty_blocks(),
                  " dirty");
}

Task<Status> Fs::unmount(Mesh& mesh, std::uint64_t geom_id) {
  const auto find = [&] { return static_cast<Fs*>(mesh.geom_by_id(geom_id)); };
  if (find() == nullptr) co_return fail(ENXIO, "this file system is not mounted any more");
  const Mount::Pointer mount = find()->mount_;
  if (Status done = co_await Mount::unmount(mount); !done) co_return done;
  Fs* geom = find();
  if (geom == nullptr || geom->withering()) co_return Status{};
  mesh.note(*geom, "unmounted in good order");
  Status closed = mesh.close(geom->consumers().front());
  mesh.wither(*geom);
  co_return closed;
}

std::span<const Parameter> FsClass::parameters() const { return kParameters; }

Result<Geom*> FsClass::create(Mesh&, const Creation& creation) {
  return fail(EOPNOTSUPP, "fs ", creation.name,
              " is not made at once: a file system is mounted, which reads from the disk");
}

Task<Result<Fs*>> mount(Mesh& mesh, std::uint64_t provider_id, Creation creation) {
  const Class* cls = mesh.find_class("fs");
  if (cls == nullptr) co_return fail(ENOENT, "the class fs is not loaded");
  Provider* provider = mesh.provider_by_id(provider_id);
  if (provider == nullptr) co_return fail(ENXIO, "what is to be mounted is not there");
  const bool readonly = creation.values.boolean("readonly");
  auto& geom = static_cast<Fs&>(mesh.add(std::make_unique<Fs>(mesh, *cls, creation.name)));
  const std::uint64_t id = geom.id();
  const Result<Consumer*> edge = mesh.new_consumer(geom, *provider);
  Status fine = edge ? mesh.access(**edge, readonly ? kReadOnly : kReadWriteExclusive)
                     : Status(pass_on(edge));
  if (!fine) {
    mesh.wither(geom);
    co_return pass_on(fine);
  }
  const auto blocks = static_cast<std::size_t>(creation.values.integer("cache"));
  const auto mounted = std::make_shared<Mount>(**edge, readonly, blocks);
  geom.mount_ = mounted;
  fine = co_await Mount::recognise(mounted);
  auto* still_there = static_cast<Fs*>(mesh.geom_by_id(id));
  if (still_there == nullptr || !mounted->alive()) {
    co_return fail(ENXIO, "the disk of ", mounted->name(), " was lost while it was being mounted");
  }
  if (!fine && !(fine.error().code == EINVAL && creation.values.boolean("raw"))) {
    mounted->lose();
    // At once, so that who tries again is not in his own way.
    static_cast<void>(mesh.close(still_there->consumers().front()));
    mesh.wither(*still_there);
    co_return pass_on(fine);
  }
  co_return still_there;
}

}  // namespace biotope::fs
