// The medium: how it comes, how it goes, and what the host notices of it.
#include <cerrno>
#include <utility>

#include "sim/rack/drive.h"

namespace biotope::sim {

Status Drive::insert(std::shared_ptr<Medium> medium) {
  if (medium_ != nullptr) {
    return fail(EBUSY, name(), " already holds medium '", medium_->name(), "'; take it out first");
  }
  if (!medium->in_drive().empty()) {
    return fail(EBUSY, "medium '", medium->name(), "' is in ", medium->in_drive(),
                "; take it out there first");
  }
  const std::int64_t capacity_bytes = kind_->capacity_bytes();
  if (medium->sector_size() != kind_->sector_bytes || medium->size_bytes() > capacity_bytes) {
    return fail(EINVAL, "medium '", medium->name(), "' with ", medium->size_bytes(), " bytes in ",
                medium->sector_size(), "-byte sectors does not fit ", name(), ", a ", kind_->name,
                " of ", capacity_bytes, " bytes in ", kind_->sector_bytes, "-byte sectors");
  }
  medium_ = std::move(medium);
  medium_->set_in_drive(name());
  if (power_ != Power::on) return {};
  loading_ = true;
  after(kind_->handling.load_ns, &Drive::loadings_, &Drive::loaded);
  return {};
}

void Drive::loaded() {
  loading_ = false;
  appear();
}

// The medium that is in can be used.
void Drive::appear() {
  if (!usable()) return;
  if (kind_->handling.change_line) {
    changed_ = true;
    return;
  }
  told_ = true;
  if (host_ != nullptr) host_->media_inserted();
}

void Drive::look() {
  if (!std::exchange(changed_, false)) return;
  if (told_) tell_removed(Removal::torn_out);
  if (!usable()) return;
  told_ = true;
  if (host_ != nullptr) host_->media_inserted();
}

void Drive::tell_removed(Removal how) {
  changed_ = false;
  if (std::exchange(told_, false) && host_ != nullptr) host_->media_removed(how);
}

Status Drive::tear_out() {
  if (medium_ == nullptr) return fail(ENXIO, name(), " holds no medium");
  if (usable()) catch_up();
  take_away(Removal::torn_out);
  return {};
}

Status Drive::press_button() {
  switch (kind_->handling.button) {
    case Handling::Button::none:
      return fail(EOPNOTSUPP, name(), ", a ", kind_->name, ", has no button");
    case Handling::Button::asks:
      return has_power() ? eject() : fail(ENXIO, name(), " has no power");
    case Handling::Button::releases:
      return tear_out();
  }
  return {};
}

Status Drive::eject() {
  if (medium_ == nullptr) return fail(ENXIO, name(), " holds no medium");
  if (locked_by(LockHolder::person)) {
    return fail(EBUSY, name(), " is locked; unlock it to eject medium '", medium_->name(), "'");
  }
  if (locked()) {
    return fail(EBUSY, name(), " is locked while its disk is open; let its users close medium '",
                medium_->name(), "' first, or eject it with notice");
  }
  if (in_drive() > 0) {
    return fail(EBUSY, name(), " is working on ", in_drive(), " requests for medium '",
                medium_->name(), "'; eject it when they are done");
  }
  catch_up();
  if (engine_->writes_back()) {
    return fail(EBUSY, name(), " has not yet written all that it was given for medium '",
                medium_->name(), "'; flush it first");
  }
  take_away(Removal::ejected);
  return {};
}

void Drive::take_away(Removal how) {
  medium_->set_in_drive({});
  medium_.reset();
  stop(how);
}

// Nothing goes on. The requests are answered after this: when the host hears of a failure it knows
// why already, unless it could not notice.
void Drive::stop(Removal how) {
  locks_ = 0;
  loading_ = false;
  ++loadings_;
  const bool noticed = !kind_->handling.change_line || how == Removal::power_lost || in_drive() > 0;
  let_go_of_all(ENXIO);
  engine_->restart();
  in_engine_.clear();
  free_tags_.clear();
  volatile_.take();
  if (older_ != nullptr) older_->clear();
  alone_ = false;
  unreported_ = 0;
  wake_ns_ = kNever;
  if (noticed) {
    tell_removed(how);
  } else {
    changed_ = told_;
  }
  set_busy(false);
  if (host_ != nullptr) host_->drive_changed();
}

void Drive::set_lock(LockHolder holder, bool on) {
  const bool before = locked();
  const auto bit = static_cast<unsigned>(holder);
  locks_ = on ? locks_ | bit : locks_ & ~bit;
  if (locked() != before && host_ != nullptr) host_->lock_changed(locked());
}

}  // namespace biotope::sim
