// What a slicer does when others write what its table lies on.
#include <utility>

#include "classes/slicer/slicer.h"

namespace biotope {

Status Slicer::may_adopt(const Document& written) const {
  if (writing_ || document_->changed()) {
    return fail(EBUSY, title(), " is being changed; commit or undo that first");
  }
  return open_partitions_stay(written.table(), true);
}

void Slicer::adopt(Document written) {
  document_ = std::move(written);
  if (const Status followed = follow(); !followed) {
    mesh().note(*this, followed.error().text);
    mesh().wither(*this);
  }
}

void Slicer::spoiled(Consumer& consumer) {
  if (!guard_ || below()->access().e > consumer.access().e) return Geom::spoiled(consumer);
  doubted_ = true;
  for (Provider& own : providers()) mesh().doubt(own);
  if (below()->access().w == 0) mesh().taste(*consumer.provider());
}

void Slicer::settle_doubt(Result<Document> found) {
  const Status fine = found ? may_adopt(*found) : Status(pass_on(found));
  if (!fine) {
    for (const Provider& own : providers()) {
      if (own.access().closed()) continue;
      mesh().note(*this, sentence(name(), " holds another table by now, but ", own.name(),
                                  " is open: ", fine.error().text));
      return;
    }
    Provider& below = *consumers().front().provider();
    mesh().wither(*this);
    return mesh().taste(below);
  }
  doubted_ = false;
  adopt(std::move(*found));
  for (Provider& own : providers()) {
    if (own.orphaned()) continue;
    mesh().doubt(own);
    mesh().taste(own);
  }
}

}  // namespace biotope
