#include "model/facts.h"

#include <algorithm>
#include <array>

#include "model/executor.h"
#include "model/fact_stream.h"

namespace biotope {

const char* fact_name(FactKind kind) {
  static constexpr std::array kNames{"class_loaded",
                                     "geom_created",
                                     "geom_withers",
                                     "geom_freed",
                                     "provider_created",
                                     "provider_published",
                                     "provider_orphaned",
                                     "provider_freed",
                                     "attached",
                                     "detached",
                                     "consumer_orphaned",
                                     "consumer_spoiled",
                                     "tasting",
                                     "tasted",
                                     "access_asked",
                                     "access_granted",
                                     "access_refused",
                                     "properties_changed",
                                     "resized",
                                     "media_changed",
                                     "eject_asked",
                                     "eject_refused",
                                     "ejected",
                                     "suspended",
                                     "resumed",
                                     "surgery_done",
                                     "surgery_failed",
                                     "bio_issued",
                                     "bio_remapped",
                                     "bio_parked",
                                     "bio_replayed",
                                     "bio_passed",
                                     "bio_done",
                                     "note",
                                     "machine"};
  static_assert(kNames.size() == static_cast<std::size_t>(FactKind::machine) + 1);
  return kNames[static_cast<std::size_t>(kind)];
}

void FactStream::add(Observer& observer) {
  observers_.push_back(&observer);
  watched_ = true;
}

void FactStream::remove(Observer& observer) {
  std::erase(observers_, &observer);
  watched_ = !observers_.empty();
}

void FactStream::emit(Fact fact) {
  if (!watched_) return;
  if (silence_ != nullptr) {
    silence_->kept_.push_back({fact, std::string(fact.text)});
    return;
  }
  fact.time_ns = executor_->now_ns();
  fact.number = ++number_;
  for (Observer* observer : observers_) observer->on_fact(fact);
}

void FactStream::Silence::take_back(std::size_t count) {
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count));
}

FactStream::Silence::~Silence() {
  facts_->silence_ = nullptr;
  for (Kept& kept : kept_) {
    kept.fact.text = kept.text;
    facts_->emit(kept.fact);
  }
}

}  // namespace biotope
