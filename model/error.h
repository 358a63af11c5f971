#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace biotope {

// What went wrong: an errno for programs and one sentence for people, which names the object, what
// was wrong and, where there is something to do, what to do.
struct Error {
  int code = 0;
  std::string text;
};

using Status = tl::expected<void, Error>;

template <class T>
using Result = tl::expected<T, Error>;

namespace detail {
template <class Part>
void append(std::string& text, const Part& part) {
  if constexpr (std::is_same_v<Part, char>) {
    text += part;
  } else if constexpr (std::is_arithmetic_v<Part>) {
    text += std::to_string(part);
  } else {
    text += std::string_view(part);
  }
}
}  // namespace detail

// One string of texts, characters and numbers, in order.
template <class... Parts>
std::string sentence(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

// `return fail(EBUSY, "da0s1 is open by ", name);` in any function that returns Status or Result.
template <class... Parts>
tl::unexpected<Error> fail(int code, const Parts&... parts) {
  return tl::unexpected<Error>(Error{code, sentence(parts...)});
}

// Hands the error of one Result on as the error of another.
template <class T>
tl::unexpected<Error> pass_on(const tl::expected<T, Error>& failed) {
  return tl::unexpected<Error>(failed.error());
}

}  // namespace biotope
