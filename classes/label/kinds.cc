#include "classes/label/kinds.h"

#include "classes/fs/volume/probes.h"
#include "classes/label/name.h"
#include "classes/layout.h"

namespace biotope::label {

namespace {

Parameter row(std::string_view name, std::string_view help) {
  return {
      .name = name, .kind = Parameter::Kind::boolean, .unit = {}, .fallback = true, .help = help};
}

// In the order of Kind.
const Parameter kOptions[] = {
    row("label", "labels in the last sector, by this class"),
    row("ufs", "names of UFS1 and UFS2 volumes"),
    row("ufsid", "numbers of UFS1 and UFS2 volumes"),
    row("msdosfs", "names of FAT volumes"),
    row("ext2fs", "names of ext2, ext3 and ext4 volumes"),
    row("iso9660", "names of ISO 9660 volumes"),
    row("ntfs", "names of NTFS volumes"),
    row("gpt", "labels that a GPT gives its partitions"),
    row("gptid", "unique GUIDs that a GPT gives its partitions"),
};
static_assert(std::size(kOptions) == kKinds);

std::string_view folder_of(Kind kind) { return kOptions[static_cast<std::size_t>(kind)].name; }

// The layout of the class's own metadata.
constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kFirstWithSize = 2;
constexpr layout::Text kLabel(20, kLongestLabel + 1);
constexpr auto kProviderSize = layout::le64(36);

// What is tasted, as the readers of volumes see it.
class TastedVolume final : public fs::VolumeReader {
 public:
  explicit TastedVolume(Taster& taster) : taster_(taster) {}
  std::int64_t size_bytes() const override { return taster_.properties().media_size_bytes; }
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) override {
    return taster_.read(offset_bytes, length_bytes);
  }

 private:
  Taster& taster_;
};

class Search {
 public:
  Search(Taster& taster, const Wanted& wanted) : taster_(taster), wanted_(wanted) {}

  Task<Result<std::vector<Name>>> run() {
    if (Status fine = co_await look_for_metadata(); !fine) co_return pass_on(fine);
    if (Status fine = co_await look_for_volumes(); !fine) co_return pass_on(fine);
    co_await look_for_gpt();
    co_return std::move(names_);
  }

 private:
  std::int64_t size_bytes() const { return taster_.properties().media_size_bytes; }

  void add(Kind kind, const std::string& name) { add(kind, name, size_bytes()); }
  void add(Kind kind, const std::string& name, std::int64_t length_bytes) {
    if (!wanted_[kind] || name.empty()) return;
    names_.push_back({kind, sentence(folder_of(kind), '/', encoded(name)), length_bytes});
  }

  Task<Status> look_for_metadata() {
    if (!wanted_[Kind::label]) co_return Status();
    const Result<metadata::Found> found = co_await metadata::look(taster_, kMetadata);
    if (!found && found.error().code == metadata::kNone) co_return Status();
    if (!found) co_return pass_on(found);
    if (const Result<std::string> label = label_in(*found, taster_.provider())) {
      add(Kind::label, *label, metadata::place_bytes(taster_.properties()));
    }
    co_return Status();
  }

  Task<Status> look_for_volumes() {
    struct Reader {
      fs::Probe (*probe)(fs::VolumeReader&);
      Kind kind;
      Kind other;
    };
    static constexpr Reader kReaders[] = {
        {&fs::probe_ufs, Kind::ufs, Kind::ufsid},
        {&fs::probe_fat, Kind::msdosfs, Kind::msdosfs},
        {&fs::probe_ext, Kind::ext2fs, Kind::ext2fs},
        {&fs::probe_iso9660, Kind::iso9660, Kind::iso9660},
        {&fs::probe_ntfs, Kind::ntfs, Kind::ntfs},
    };
    TastedVolume medium(taster_);
    for (const Reader& reader : kReaders) {
      if (!wanted_[reader.kind] && !wanted_[reader.other]) continue;
      const Result<std::unique_ptr<fs::Volume>> volume = co_await reader.probe(medium);
      // What only looks like a volume has no name; who mounts it will be told why.
      if (!volume && volume.error().code == EINVAL) continue;
      if (!volume) co_return pass_on(volume);
      if (*volume != nullptr) add_names(reader.kind, (*volume)->info());
    }
    co_return Status();
  }

  void add_names(Kind kind, const fs::VolumeInfo& volume) {
    // The start of a slice may be the start of its first partition, too: the volume is that one's
    // which is as long as it.
    const std::int64_t left_bytes = size_bytes() - volume.size_bytes;
    const bool exact = left_bytes >= 0 && left_bytes < volume.size_unit_bytes;
    if (kind == Kind::ufs && !exact) return;
    add(kind, volume.name);
    if (kind == Kind::ufs) add(Kind::ufsid, volume.id);
  }

  Task<void> look_for_gpt() {
    if (!wanted_[Kind::gpt] && !wanted_[Kind::gptid]) co_return;
    const std::string scheme = co_await taster_.attribute("PART::scheme");
    if (scheme != "GPT") co_return;
    const std::string name = co_await taster_.attribute("PART::label");
    const std::string id = co_await taster_.attribute("PART::uuid");
    add(Kind::gpt, name);
    add(Kind::gptid, id);
  }

  Taster& taster_;
  const Wanted& wanted_;
  std::vector<Name> names_;
};

}  // namespace

std::span<const Parameter> options() { return kOptions; }

Wanted::Wanted(const Values& values) {
  for (std::size_t i = 0; i < kKinds; ++i) kinds_[i] = values.boolean(kOptions[i].name);
}

Bytes metadata_sector(std::string_view label, const Provider& provider) {
  Bytes sector = metadata::blank(kMetadata, kVersion, provider.sector_size_bytes());
  kLabel.set(sector, label);
  kProviderSize.set(sector, static_cast<std::uint64_t>(provider.media_size_bytes()));
  return sector;
}

Result<std::string> label_in(const metadata::Found& found, const Provider& provider) {
  metadata::Owner owner;
  if (found.version >= kFirstWithSize) owner.provsize = kProviderSize.get(found.sector);
  if (const Status ours = metadata::belongs(owner, provider); !ours) return pass_on(ours);
  return kLabel.get(found.sector);
}

Task<Result<std::vector<Name>>> find_names(Taster& taster, Wanted wanted) {
  Search search(taster, wanted);
  co_return co_await search.run();
}

}  // namespace biotope::label
