#include "viz/spill.h"

#include <array>
#include <fstream>

namespace biotope::viz {

void Spill::append(std::string_view text) {
  if (!file_ || std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
    failed_ = true;
    return;
  }
  size_bytes_ += static_cast<int64_t>(text.size());
}

template <class Take>
void Spill::for_each_piece(Take take) {
  if (!file_) return;
  std::array<char, 1 << 16> piece;
  std::rewind(file_.get());
  while (const size_t n = std::fread(piece.data(), 1, piece.size(), file_.get())) {
    take(std::string_view(piece.data(), n));
  }
  std::fseek(file_.get(), 0, SEEK_END);
}

Status Spill::copy_to(const std::filesystem::path& path, std::string_view head) {
  if (failed_ || (file_ && std::fflush(file_.get()) != 0)) {
    return fail(ENOSPC, "the temporary file behind ", path.filename().string(),
                " could not be written; is there space for temporary files?");
  }
  std::ofstream out(path, std::ios::binary);
  out.write(head.data(), static_cast<std::streamsize>(head.size()));
  for_each_piece([&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
  });
  out.close();
  if (!out) return fail(EIO, path.string(), " can not be written; is the disk full?");
  return {};
}

std::string Spill::text() {
  std::string all;
  for_each_piece([&](std::string_view piece) { all += piece; });
  return all;
}

}  // namespace biotope::viz
