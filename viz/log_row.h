#pragma once

#include <cstdint>
#include <string>

#include "model/facts.h"

namespace biotope::viz {

// One fact, copied into the columns of the event log. Objects are told by name and number, so that
// identical runs give identical rows.
struct LogRow {
  int64_t time_ns = 0;
  uint64_t number = 0;
  FactKind kind{};
  std::string geom;      // class and name: whose doing it is; "-" for none
  std::string provider;  // "-" for none
  std::string edge;      // "c" and the number of the consumer; "-" for none
  std::string bio;       // number of the request; "-" for none, like the next three
  std::string command;
  std::string offset_bytes;  // on the provider of this row, where the request is about to be there
  std::string length_bytes;
  std::string error;  // "ENXIO"; "-" for none
  std::string details;
};

LogRow log_row(const Fact& fact);

// One character that lets the eye find what it looks for.
char symbol(FactKind kind);

}  // namespace biotope::viz
