#include "sim/context.h"

#include <cstdlib>
#include <systemc>

#include "model/check.h"
#include "model/error.h"

// libsystemc.so asks for this symbol from every program. We elaborate and start by ourselves.
extern "C" int sc_main(int, char*[]) { return 0; }

namespace biotope::sim {
namespace {

bool context_lives = false;
std::string first_report;

void keep_first_report(const sc_core::sc_report& report, const sc_core::sc_actions&) {
  if (report.get_severity() < sc_core::SC_ERROR || !first_report.empty()) return;
  first_report = sentence("SystemC: ", report.get_msg_type(), ": ", report.get_msg());
}

void make_current(sc_core::sc_simcontext* context) {
  sc_core::sc_curr_simcontext = context;
  sc_core::sc_default_global_context = context;
}

// Events with static storage duration inside the library point into the context that was current
// when the library was loaded: it is never used for a simulation and never deleted.
sc_core::sc_simcontext* eternal_context() {
  static sc_core::sc_simcontext* const eternal = [] {
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    return sc_core::sc_get_curr_simcontext();
  }();
  return eternal;
}

}  // namespace

FreshContext::FreshContext() {
  BIOTOPE_CHECK(!context_lives, "two SystemC contexts can not live at the same time");
  context_lives = true;
  first_report.clear();
  eternal_context();
  sc_core::sc_report_handler::set_handler(keep_first_report);
  make_current(nullptr);
  sc_core::sc_get_curr_simcontext();
  sc_core::sc_set_time_resolution(1, sc_core::SC_NS);
}

FreshContext::~FreshContext() {
  delete sc_core::sc_curr_simcontext;
  make_current(eternal_context());
  sc_core::sc_report_handler::set_handler(nullptr);
  context_lives = false;
}

const std::string& FreshContext::first_error() const { return first_report; }

bool FreshContext::alive() { return context_lives; }

}  // namespace biotope::sim
