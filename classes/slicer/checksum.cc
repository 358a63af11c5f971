#include "classes/slicer/checksum.h"

#include <zlib.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <string>

namespace biotope::checksum {

std::uint32_t crc32(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t of_text(std::string_view text) { return crc32(std::as_bytes(std::span(text))); }

std::uint16_t exclusive_or(std::span<const std::byte> bytes) {
  unsigned even = 0;
  unsigned odd = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    even ^= std::to_integer<unsigned>(bytes[i]);
    odd ^= std::to_integer<unsigned>(bytes[i + 1]);
  }
  return static_cast<std::uint16_t>(odd << 8 | even);
}

std::string guid_from(std::string_view text) {
  static const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::oid());
  return boost::uuids::to_string(generate(text.data(), text.size()));
}

}  // namespace biotope::checksum
