#pragma once

#include "classes/random_stream.h"
#include "classes/through/through.h"

namespace biotope {

// Passes everything through, or a window of it: the same disk again, and if so wished with other
// properties, another physical path, delays and failures (gnop's knobs, geom.md B3).
class Nop final : public Through {
 public:
  Nop(Mesh& mesh, const Class& cls, const Creation& creation);

  Verdict start(Bio& bio, Provider&) override {
    if (meddles_) [[unlikely]]
      return meddle(bio);
    bio.shift(offset_bytes_);
    return pass();
  }

  Result<Properties> offered(const Properties& below, const std::string& name) const override;
  Result<Consumer*> bypass() override;
  std::string status() const override;

  // Other values for the knobs of failing and delaying; what is not given stays. EINVAL for those
  // that say what the disk is like, and for what the table does not allow; then all stay.
  Status configure(const Values& given);

 private:
  // The knobs that configure() may turn.
  struct Knobs {
    int error = 0;
    std::int64_t read_fail_percent = 0;
    std::int64_t write_fail_percent = 0;
    std::int64_t count_until_fail = 0;
    std::int64_t delay_ns = 0;
    std::int64_t read_delay_percent = 0;
    std::int64_t write_delay_percent = 0;
    bool idle() const;
  };
  static Knobs knobs_of(const Values& values);

  void turn(const Knobs& knobs);
  Verdict meddle(Bio& bio);
  bool fails(Command command);
  std::int64_t waits_ns(Command command);

  std::int64_t offset_bytes_;
  bool meddles_ = false;
  bool other_path_;
  Knobs knobs_;
  std::int64_t failed_ = 0;
  std::int64_t delayed_ = 0;
  RandomStream failing_reads_;
  RandomStream failing_writes_;
  RandomStream waiting_reads_;
  RandomStream waiting_writes_;
  Lifeline later_;
};

class NopClass final : public Class {
 public:
  NopClass() : Class("nop") {}
  std::string_view help() const override { return "passes everything through"; }
  std::span<const Parameter> parameters() const override;
  // Stands on the one provider below; its own is called like the geom.
  Result<Geom*> create(Mesh& mesh, const Creation& creation) override;
};

}  // namespace biotope
