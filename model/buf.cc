#include "model/buf.h"

#include <algorithm>
#include <limits>

#include "model/check.h"
#include "model/geom.h"
#include "model/mesh.h"

namespace biotope {

namespace {

std::int64_t byte_offset(const Buf& buf) {
  if ((buf.b_flags & kBufPhys) != 0) return buf.b_io.offset_bytes;
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max() / kDevBlockBytes;
  return std::clamp(buf.b_blkno, -kLast, kLast) * kDevBlockBytes;
}

void come_back(Bio& bio) {
  Bio& own = static_cast<Buf*>(bio.caller1)->b_io;
  own.error = bio.error;
  own.completed_bytes = bio.completed_bytes;
  own.flags = bio.flags;
  bio.edge->geom().mesh().path().free_bio(&bio);
  own.done(own);
}

void send_allocated(Buf& buf, Consumer& edge) {
  RequestPath& path = edge.geom().mesh().path();
  Bio* bio = path.new_bio();
  if (bio == nullptr) {
    path.try_again_later(edge, [&buf, &edge] { send_allocated(buf, edge); });
    return;
  }
  const Bio& own = buf.b_io;
  bio->command = own.command;
  bio->flags = own.flags;
  bio->offset_bytes = own.offset_bytes;
  bio->length_bytes = own.length_bytes;
  bio->data = own.data;
  bio->attribute = own.attribute;
  bio->done = &come_back;
  bio->caller1 = &buf;
  path.submit(*bio, edge);
}

}  // namespace

void dev_strategy(Buf& buf, Consumer& edge, BufForm form) {
  BIOTOPE_CHECK(buf.b_io.done != nullptr, "a buf has somebody to tell when it is done");
  buf.b_io.offset_bytes = byte_offset(buf);
  if (form == BufForm::embedded) {
    edge.geom().mesh().submit(buf.b_io, edge);
    return;
  }
  buf.b_io.edge = &edge;
  send_allocated(buf, edge);
}

}  // namespace biotope
