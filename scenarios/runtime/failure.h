#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "model/error.h"

namespace biotope::runtime {

// Why a script, or a call of a script, does not go on. Each kind has its exit status.
enum class FailureKind : std::uint8_t {
  script,       // the script is wrong: syntax, types, names, stale handles
  refusal,      // mesh or machine said no, and the script did not expect that
  expectation,  // the script expected something that is not so
  bad_input,    // what the script was given to play can not be played
  missing,      // something is not installed on this machine
  time_out,     // the script used up its budget
  bug,          // biotope itself is wrong
};

struct Failure {
  FailureKind kind = FailureKind::script;
  int code = 0;       // errno of a refusal
  std::string text;   // one sentence
  std::string where;  // "story.lua:12", empty where no line is to blame
  std::string traceback;
};

int exit_status(FailureKind kind);

template <class T>
using Outcome = tl::expected<T, Failure>;

// The script called us wrongly.
template <class... Parts>
tl::unexpected<Failure> misuse(const Parts&... parts) {
  return tl::unexpected<Failure>(Failure{FailureKind::script, 0, sentence(parts...), {}, {}});
}

// Mesh or machine refused what the script asked for.
inline tl::unexpected<Failure> refused(Error error) {
  return tl::unexpected<Failure>(
      Failure{FailureKind::refusal, error.code, std::move(error.text), {}, {}});
}

// An error of the outside world, by its kind.
inline tl::unexpected<Failure> failed(FailureKind kind, Error error) {
  return tl::unexpected<Failure>(Failure{kind, error.code, std::move(error.text), {}, {}});
}

template <class T>
tl::unexpected<Failure> hand_on(const Outcome<T>& failed) {
  return tl::unexpected<Failure>(failed.error());
}

}  // namespace biotope::runtime
