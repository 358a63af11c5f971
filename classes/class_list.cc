#include "classes/class_list.h"

#include "classes/apm/apm.h"
#include "classes/bsd/bsd.h"
#include "classes/bsd64/bsd64.h"
#include "classes/ccd/ccd.h"
#include "classes/concat/concat.h"
#include "classes/delay/delay.h"
#include "classes/dev/dev.h"
#include "classes/disk/disk.h"
#include "classes/drive/drive.h"
#include "classes/dust/dust.h"
#include "classes/ebr/ebr.h"
#include "classes/flakey/flakey.h"
#include "classes/fs/fs.h"
#include "classes/gpt/gpt.h"
#include "classes/label/label.h"
#include "classes/log_writes/log_writes.h"
#include "classes/mbr/mbr.h"
#include "classes/mirror/mirror_class.h"
#include "classes/multipath/multipath.h"
#include "classes/nop/nop.h"
#include "classes/pc98/pc98.h"
#include "classes/raid3/raid3.h"
#include "classes/raid5/raid5.h"
#include "classes/sgi/sgi.h"
#include "classes/shsec/shsec.h"
#include "classes/stripe/stripe.h"
#include "classes/vinum/vinum.h"
#include "classes/vtoc8/vtoc8.h"
#include "classes/zero/zero.h"

namespace biotope {

std::vector<std::unique_ptr<Class>> all_classes() {
  std::vector<std::unique_ptr<Class>> classes;
  classes.push_back(std::make_unique<DiskClass>());
  classes.push_back(std::make_unique<MirrorClass>());
  classes.push_back(std::make_unique<Raid3Class>());
  classes.push_back(std::make_unique<Raid5Class>());
  classes.push_back(std::make_unique<MbrClass>());
  classes.push_back(std::make_unique<EbrClass>());
  classes.push_back(std::make_unique<BsdClass>());
  classes.push_back(std::make_unique<GptClass>());
  classes.push_back(std::make_unique<Bsd64Class>());
  classes.push_back(std::make_unique<Vtoc8Class>());
  classes.push_back(std::make_unique<ApmClass>());
  classes.push_back(std::make_unique<Pc98Class>());
  classes.push_back(std::make_unique<SgiClass>());
  classes.push_back(std::make_unique<fs::FsClass>());
  classes.push_back(std::make_unique<DevClass>());
  classes.push_back(std::make_unique<NopClass>());
  classes.push_back(std::make_unique<ZeroClass>());
  classes.push_back(std::make_unique<FlakeyClass>());
  classes.push_back(std::make_unique<DustClass>());
  classes.push_back(std::make_unique<DelayClass>());
  classes.push_back(std::make_unique<LogWritesClass>());
  classes.push_back(std::make_unique<StripeClass>());
  classes.push_back(std::make_unique<ConcatClass>());
  classes.push_back(std::make_unique<ShsecClass>());
  classes.push_back(std::make_unique<MultipathClass>());
  classes.push_back(std::make_unique<CcdClass>());
  classes.push_back(std::make_unique<DriveClass>());
  classes.push_back(std::make_unique<VinumClass>());
  // The last to taste: what another class takes for itself needs no names.
  classes.push_back(std::make_unique<LabelClass>());
  return classes;
}

}  // namespace biotope
