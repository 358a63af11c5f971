#pragma once

#include "model/buf.h"

// How completions of Bufs were stacked before requests had parents and children: each layer that
// wants to see a request come back puts its own b_iodone in front of the one before, and its note
// of that one on the Buf's chain (iodone_chain, paper section 1). An adapter for layers of old that
// are still written so; they need to know that every request they get is a Buf's own
// (BufForm::embedded).

namespace biotope {

// One layer's place on the chain. Belongs to the layer, and stays where it is until its handler has
// been called.
struct DoneLink {
  // Called when the request has come back to this layer, which is off the chain by then. Ends by
  // calling biodone(), now or later, or by sending the Buf down once more.
  void (*handler)(Buf& buf, DoneLink& link) = nullptr;
  void* argument = nullptr;

  // Set by push_done: what comes after this layer.
  BioDone previous_done = nullptr;
  DoneLink* previous = nullptr;
};

// Puts `link` in front of all who wait for `buf`. A link that is on the chain already stays where
// it is: a request that ran out of memory further down comes by a second time.
void push_done(Buf& buf, DoneLink& link);

// `buf` has come back: tells the newest who waits for it.
void biodone(Buf& buf);

}  // namespace biotope
