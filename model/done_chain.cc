#include "model/done_chain.h"

namespace biotope {

namespace {

void pop_done(Bio& bio) {
  Buf& buf = Buf::of(bio);
  DoneLink& link = *buf.b_iodone_chain;
  buf.b_iodone_chain = link.previous;
  buf.b_iodone() = link.previous_done;
  link.handler(buf, link);
}

}  // namespace

void push_done(Buf& buf, DoneLink& link) {
  for (const DoneLink* l = buf.b_iodone_chain; l != nullptr; l = l->previous) {
    if (l == &link) return;
  }
  link.previous_done = buf.b_iodone();
  link.previous = buf.b_iodone_chain;
  buf.b_iodone() = &pop_done;
  buf.b_iodone_chain = &link;
}

void biodone(Buf& buf) { buf.b_iodone()(buf.b_io); }

}  // namespace biotope
