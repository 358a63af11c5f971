#pragma once

#include <boost/icl/interval_set.hpp>

#include "classes/through/through.h"

namespace biotope {

// Passes everything through but what touches a sector on its list: reading that fails with EIO.
// Writing it takes it off the list, as a drive puts another sector in its place; or fails as well,
// when there is none left.
class Dust final : public Through {
 public:
  Dust(Mesh& mesh, const Class& cls, const Creation& creation);

  Result<Properties> offered(const Properties& below, const std::string& name) const override;
  Verdict start(Bio& bio, Provider& provider) override;
  std::string status() const override;
  std::string recipe() const override;

  // `count` sectors from `first` on are bad from now on, or good. EINVAL when they are not on the
  // disk.
  Status add_bad(std::int64_t first, std::int64_t count = 1);
  Status remove_bad(std::int64_t first, std::int64_t count = 1);
  bool is_bad(std::int64_t sector) const;
  std::int64_t bad_count() const;
  // Whether the list matters. It is kept, and cleared by writes, only while it does.
  void enable(bool on) { enabled_ = on; }

 private:
  using Run = boost::icl::right_open_interval<std::int64_t>;
  using Runs = boost::icl::interval_set<std::int64_t, std::less, Run>;

  static Result<Runs> parsed(const Geom& geom, const std::string& list);
  Run run_of(const Bio& bio) const;
  Result<Run> checked(std::int64_t first, std::int64_t count) const;
  static void write_done(Bio& part);

  Runs bad_;
  bool enabled_;
  bool heals_;
  std::int64_t refused_ = 0;
  std::int64_t healed_ = 0;
};

class DustClass final : public Class {
 public:
  DustClass() : Class("dust") {}
  std::string_view help() const override { return "has bad sectors, which a write makes good"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
