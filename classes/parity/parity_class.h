#pragma once

#include <memory>
#include <string>
#include <vector>

#include "classes/parity/group.h"
#include "model/class.h"

namespace biotope::parity {

// What raid3 and raid5 have in common: how an array comes to be and goes. Found by its metadata
// (label), never made without.
class ParityClass : public Class {
 public:
  using Class::Class;

  std::span<const Parameter> options() const override;
  void configure(const biotope::Values& values) override;
  bool tastes() const override { return true; }
  Task<Geom*> taste(Taster& taster) override;

  // Writes metadata to the disks in `below`, which nobody may have open, and lets the array be
  // found. The last member then gets what fits the others. `given` is checked against parameters().
  // All or nothing, as far as disks that fail allow: a number of disks that can not be, one of them
  // twice, in use, too small, or a member of some array already; an array of that name there.
  Task<Status> label(Mesh& mesh, std::string name, std::vector<Provider*> below,
                     Values given) const;
  // Makes the metadata of a disk that is in no array zeros. ENOENT when it has none of this class.
  Task<Status> clear(Mesh& mesh, Provider& disk) const;

  const Tuning& tuning() const { return tuning_; }
  void tune(const Tuning& tuning) { tuning_ = tuning; }

  virtual const metadata::Kind& kind() const = 0;
  // EINVAL when a disk like `disk` can not be a member: too small, or with other sectors.
  Status fits(const Record& record, const Properties& disk) const;

  // The class of that name, if it is one of these; null otherwise.
  static const ParityClass* of(const Mesh& mesh, std::string_view class_name) {
    return dynamic_cast<const ParityClass*>(mesh.find_class(class_name));
  }

 protected:
  virtual std::unique_ptr<Group> make(Mesh& mesh, Record self) const = 0;
  // What `record`, decoded, must keep to besides.
  virtual Status sane(const Record&) const { return {}; }
  // Completes the record of a new array of `count` disks, of which the smallest has `usable_bytes`
  // before its metadata, and whose common sector is `sector_bytes`.
  virtual Status plan(Record& record, const Values& values, std::int64_t usable_bytes,
                      std::int64_t sector_bytes) const = 0;
  virtual std::int64_t member_sector_bytes(const Record& record) const = 0;
  virtual std::int64_t needed_bytes(const Record& record) const = 0;  // of each, before metadata
  virtual std::int64_t least_sector_bytes() const = 0;
  // For create(): an array without metadata on the disks in `creation`, open from now on.
  Result<Geom*> make_by_hand(Mesh& mesh, const Creation& creation) const;

 private:
  Result<Record> planned(const Mesh& mesh, const Creation& creation, bool by_hand) const;
  Status common(Record& record, const Creation& creation) const;
  Status join(Taster& taster, Record record, Geom*& made) const;
  Task<Status> write_records(std::vector<Consumer*> edges, Record record, bool hardcode) const;

  Tuning tuning_;
};

// For the tables of parameters.
inline constexpr Parameter kAutosync{
    .name = "autosync",
    .kind = Parameter::Kind::boolean,
    .fallback = true,
    .help = "a disk that was away gets a copy by itself when it is back"};

}  // namespace biotope::parity
