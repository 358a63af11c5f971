// Power: what of the bytes is left when it goes, and how a drive comes back.
#include <cerrno>
#include <vector>

#include "classes/random_stream.h"
#include "sim/rack/drive.h"

namespace biotope::sim {
namespace {

// The choices that a cut brings along, or drawn ones.
Choose chooser_of(const PowerCut& cut, const std::string& stream) {
  if (!cut.choices.empty()) {
    return [choices = cut.choices, next = std::size_t{0}](std::int64_t options) mutable {
      const std::int64_t choice = next < choices.size() ? choices[next++] : 0;
      return (choice % options + options) % options;
    };
  }
  return [random = RandomStream(cut.seed, stream)](std::int64_t options) mutable {
    return random.between(0, options - 1);
  };
}

}  // namespace

Status Drive::cut_power(const PowerCut& cut) {
  if (!has_power()) return fail(EALREADY, name(), " has no power already");
  if (usable()) crash_now(cut);
  power_ = Power::off;
  ++risings_;
  take_back_all(ENXIO);
  if (host_ != nullptr) host_->power_changed(false);
  stop(Removal::power_lost);
  return {};
}

Status Drive::restore_power() {
  if (has_power()) return fail(EALREADY, name(), " has power already");
  power_ = Power::rising;
  if (host_ != nullptr) host_->power_changed(true);
  const Handling& handling = kind_->handling;
  after(handling.power_up_ns + (medium_ == nullptr ? 0 : handling.load_ns), &Drive::risings_,
        &Drive::risen);
  return {};
}

void Drive::risen() {
  power_ = Power::on;
  appear();
}

// Unless the turn has gone on before.
void Drive::after(std::int64_t delay_ns, Count Drive::*turn, void (Drive::*then)()) {
  const Count mine = ++(this->*turn);
  if (delay_ns == 0) return (this->*then)();
  executor_.after(delay_ns, [this, turn, then, mine] {
    if (mine == this->*turn) (this->*then)();
  });
}

void Drive::keep_older(std::int64_t sectors) {
  if (older_ != nullptr && older_->most_sectors() == sectors) return;
  older_ = sectors == 0 ? nullptr : std::make_unique<OlderSectors>(sectors);
}

void Drive::crash_now(const PowerCut& cut) {
  catch_up();
  const Choose choose = chooser_of(cut, sentence("power of ", name(), ", cut ", ++cuts_));
  if (cut.rule.shorn_bytes > 0) shear_in_flight(cut.rule, choose);
  const std::int64_t lost = crash(cut.rule, volatile_.take(), *medium_, choose, older_.get());
  statistics_.lost_bytes += lost * kind_->sector_bytes;
}

// The sectors that the heads were in the middle of.
void Drive::shear_in_flight(const CrashRule& rule, const Choose& choose) {
  for (const tlm::tlm_generic_payload* payload : in_engine_) {
    if (payload == nullptr) continue;
    const DriveExtension& extension = *payload->get_extension<DriveExtension>();
    const bool begun = extension.command == DriveCommand::write && !extension.data.empty() &&
                       extension.transferred_bytes > 0 &&
                       extension.transferred_bytes < extension.length_bytes;
    if (!begun) continue;
    const std::int64_t units = (kind_->sector_bytes + rule.shorn_bytes - 1) / rule.shorn_bytes;
    std::vector<std::byte> piece(static_cast<std::size_t>(choose(units) * rule.shorn_bytes));
    extension.data.shifted(extension.transferred_bytes).copy_out(piece);
    const auto at_bytes = static_cast<std::int64_t>(payload->get_address());
    static_cast<void>(medium_->write(at_bytes + extension.transferred_bytes, piece));
  }
}

}  // namespace biotope::sim
