#pragma once

#include <cstdio>
#include <cstdlib>

// Stops the process with a sentence when biotope itself is wrong. Stays on in release builds.
// Input, media, scripts and modules can never reach one: what they do wrong is an Error (error.h).
#define BIOTOPE_CHECK(condition, sentence)                               \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::biotope::check_failed(#condition, sentence, __FILE__, __LINE__); \
  } while (false)

namespace biotope {

// Exit status of a bug in biotope, as told to the users of the command line.
inline constexpr int kExitBug = 3;

[[noreturn]] inline void check_failed(const char* condition, const char* sentence, const char* file,
                                      int line) {
  std::fprintf(stderr, "biotope: a bug in biotope: %s (%s, %s:%d)\n", sentence, condition, file,
               line);
  std::fflush(stderr);
  std::_Exit(kExitBug);
}

}  // namespace biotope
