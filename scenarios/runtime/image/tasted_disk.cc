#include "scenarios/runtime/image/tasted_disk.h"

#include <utility>

#include "classes/class_list.h"
#include "classes/disk/disk.h"
#include "model/check.h"

namespace biotope::runtime {

TastedDisk::TastedDisk(std::unique_ptr<DiskDriver> driver) : driver_(std::move(driver)) {
  mesh_.facts().add(*this);
}

TastedDisk::~TastedDisk() { mesh_.facts().remove(*this); }

Result<std::unique_ptr<TastedDisk>> TastedDisk::make(std::unique_ptr<DiskDriver> driver) {
  std::unique_ptr<TastedDisk> tasted(new TastedDisk(std::move(driver)));
  for (std::unique_ptr<Class>& cls : all_classes()) {
    const Status loaded = tasted->mesh_.load(std::move(cls));
    BIOTOPE_CHECK(loaded, "every class of the list has a name of its own");
  }
  const Result<Disk*> disk = add_disk(tasted->mesh_, "da0", *tasted->driver_);
  if (!disk) return pass_on(disk);
  BIOTOPE_CHECK(tasted->mesh_.settle(), "a driver completes every request it was given");
  return tasted;
}

void TastedDisk::on_fact(const Fact& fact) {
  if (fact.kind != FactKind::note || fact.cls == nullptr || fact.provider == nullptr) return;
  notes_.push_back({fact.cls, fact.provider->name(), fact.error, std::string(fact.text)});
}

}  // namespace biotope::runtime
