#include "sim/media/medium.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "classes/temporary_folder.h"

namespace biotope::sim {
namespace {

using Bytes = std::vector<std::byte>;

class Folder : public TemporaryFolder {
 public:
  using TemporaryFolder::file;
  std::string file(const std::string& name, const Bytes& contents) const {
    std::ofstream out(file(name), std::ios::binary);
    out.write(reinterpret_cast<const char*>(contents.data()),
              static_cast<std::streamsize>(contents.size()));
    return file(name);
  }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path()), {}));
  }
};

Bytes file_contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  Bytes bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return std::byte(c); });
  return bytes;
}

// Never zero, and different from place to place and from `salt` to `salt`.
Bytes pattern(std::size_t length, unsigned salt = 1) {
  Bytes bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = std::byte((i * 7 + i / 251 + salt) % 255 + 1);
  return bytes;
}

Bytes contents(const Medium& medium) {
  Bytes all(static_cast<std::size_t>(medium.size_bytes()), std::byte{0xee});
  EXPECT_TRUE(medium.read(0, all));
  return all;
}

constexpr MediumShape kSmall{64 * 1024, 512};

void expect_refused(const std::string& path, MediumShape shape, int code, const std::string& part) {
  const auto medium = Medium::load(path, shape);
  ASSERT_FALSE(medium) << path;
  EXPECT_EQ(medium.error().code, code) << medium.error().text;
  EXPECT_NE(medium.error().text.find(path), std::string::npos) << medium.error().text;
  EXPECT_NE(medium.error().text.find(part), std::string::npos) << medium.error().text;
}

TEST(Medium, reads_the_image_and_zeros_behind_it) {
  Folder folder;
  const Bytes image = pattern(10 * 512);
  const auto medium = Medium::load(folder.file("a.img", image), kSmall);
  ASSERT_TRUE(medium) << medium.error().text;
  Bytes wanted = image;
  wanted.resize(64 * 1024);
  EXPECT_EQ(contents(**medium), wanted);
  EXPECT_EQ((*medium)->overlay_bytes(), 0);
}

TEST(Medium, writing_never_touches_the_image_file) {
  Folder folder;
  const Bytes image = pattern(16 * 1024);
  const std::string path = folder.file("a.img", image);
  const auto medium = Medium::load(path, kSmall);
  ASSERT_TRUE(medium);
  ASSERT_TRUE((*medium)->write(5000, pattern(3000, 9)));
  ASSERT_TRUE((*medium)->erase(0, 512));
  EXPECT_EQ(file_contents(path), image);
}

TEST(Medium, keeps_only_what_differs) {
  const auto medium = Medium::blank("b", {std::int64_t{1} << 41, 512});
  ASSERT_TRUE(medium);
  ASSERT_TRUE((*medium)->write((std::int64_t{1} << 40) + 512, pattern(512)));
  EXPECT_EQ((*medium)->overlay_bytes(), 4096);
  ASSERT_TRUE((*medium)->erase(0, std::int64_t{1} << 41));
  EXPECT_EQ((*medium)->overlay_bytes(), 0);
}

// Any sequence of writes of bytes and of stamps, and of erasures, at any places, against a plain
// array of bytes. Few writers, generations and origins: so pieces of one often meet.
RC_GTEST_PROP(Medium, equals_a_plain_array, (const std::vector<std::uint8_t>& choices)) {
  Folder folder;
  const std::int64_t size_bytes = 5 * 2352 * 4;
  Bytes model = pattern(2352 * 7, 3);
  const auto loaded = Medium::load(folder.file("a.img", model), {size_bytes, 2352});
  RC_ASSERT(loaded.has_value());
  Medium& medium = **loaded;
  model.resize(static_cast<std::size_t>(size_bytes));
  for (std::size_t i = 0; i + 2 < choices.size(); i += 3) {
    const std::size_t begin = choices[i] * model.size() / 256;
    const std::size_t length = (model.size() - begin) * choices[i + 1] / 255;
    const auto place = model.begin() + static_cast<std::ptrdiff_t>(begin);
    if (choices[i + 2] % 2 == 1 && choices[i + 2] > 30) {
      const unsigned choice = choices[i + 2] / 2U;
      const Stamp stamp{choice % 2, choice / 2 % 3 + 1,
                        static_cast<std::int64_t>(begin) + (choice < 100 ? 2352 : 16)};
      Bytes data(length);
      stamp.fill(data);
      std::copy(data.begin(), data.end(), place);
      RC_ASSERT(
          medium.stamp(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(length), stamp)
              .has_value());
    } else if (choices[i + 2] % 2 == 0) {
      const Bytes data = pattern(length, choices[i + 2]);
      std::copy(data.begin(), data.end(), place);
      RC_ASSERT(medium.write(static_cast<std::int64_t>(begin), data).has_value());
    } else {
      std::fill_n(place, length, std::byte{0});
      RC_ASSERT(medium.erase(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(length))
                    .has_value());
    }
  }
  RC_ASSERT(contents(medium) == model);
  RC_ASSERT(medium.write_image(folder.file("out.img")).has_value());
  RC_ASSERT(file_contents(folder.file("out.img")) == model);
}

// Sixteen bytes for each block that loads wrote all of, however they lie on it.
TEST(Medium, keeps_what_loads_write_as_stamps) {
  constexpr std::int64_t kBlocks = 256;
  const auto medium = *Medium::blank("b", {kBlocks * 4096, 512});
  std::uint32_t writes = 0;
  const auto write_all = [&](std::int64_t begin_bytes, std::int64_t length_bytes) {
    for (std::int64_t at = begin_bytes; at + length_bytes <= medium->size_bytes();
         at += length_bytes) {
      // A load on a partition, which counts from where that begins.
      ASSERT_TRUE(medium->stamp(at, length_bytes, {1, ++writes % 3 + 1, at - begin_bytes}));
    }
  };
  write_all(0, 4096);
  EXPECT_EQ(medium->overlay_bytes(), 16 * kBlocks);
  // All but the first and the last block, of which a part is as it was.
  write_all(63 * 512, 4096);
  EXPECT_LE(medium->overlay_bytes(), 16 * kBlocks + 2 * 4096);
  write_all(0, 64 * 1024);
  EXPECT_EQ(medium->overlay_bytes(), 16 * kBlocks);
  // One sector of real bytes in between, and the block is a stamp again when it is written over.
  ASSERT_TRUE(medium->write(8 * 4096 + 512, pattern(512)));
  EXPECT_EQ(medium->overlay_bytes(), 16 * (kBlocks - 1) + 4096);
  for (const std::int64_t sector : {3, 4, 5, 6, 7, 0, 1, 2}) {
    ASSERT_TRUE(medium->stamp(8 * 4096 + sector * 512, 512, {1, 9, 8 * 4096 + sector * 512}));
  }
  EXPECT_EQ(medium->overlay_bytes(), 16 * kBlocks);
  ASSERT_TRUE(medium->stamp(0, medium->size_bytes(), Stamp()));
  EXPECT_EQ(medium->overlay_bytes(), 0);
}

TEST(Stamp, is_told_by_any_sixteen_bytes_of_its_own) {
  const Stamp stamp{4095, Stamp::kGenerations - 1, 1'000'000'000'512};
  Bytes bytes(4096);
  stamp.fill(bytes);
  EXPECT_EQ(stamp_of(stamp.origin_bytes, bytes), stamp);
  EXPECT_EQ(stamp_of(stamp.origin_bytes + 520, std::span(bytes).subspan(520)), stamp.shifted(520));
  EXPECT_EQ(stamp_of(0, std::span(bytes).subspan(2352)), stamp.shifted(2352));
  EXPECT_EQ(stamp.first_difference(bytes), bytes.size());
  EXPECT_FALSE(stamp_of(0, Bytes(64)));
  EXPECT_FALSE(stamp_of(0, std::span(bytes).first(15)));
  bytes[777] ^= std::byte{4};
  EXPECT_EQ(stamp.first_difference(bytes), 777U);
  EXPECT_FALSE(stamp_of(stamp.origin_bytes + 768, std::span(bytes).subspan(768)));
}

TEST(Medium, an_image_is_written_with_holes_where_it_is_zero) {
  Folder folder;
  Bytes image(16 << 20);
  image[9 << 20] = std::byte{1};
  const auto medium = Medium::load(folder.file("a.img", image), {64 << 20, 512});
  ASSERT_TRUE(medium);
  ASSERT_TRUE((*medium)->write(33 << 20, pattern(512)));
  ASSERT_TRUE((*medium)->write(35 << 20, Bytes(8192)));
  ASSERT_TRUE((*medium)->write_image(folder.file("out.img")));
  struct stat status {};
  ASSERT_EQ(stat(folder.file("out.img").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 64 << 20);
  // Two blocks of data; a file system may round them up, but not to the 16 MiB of the image.
  EXPECT_LE(status.st_blocks * 512, 1 << 20);
  EXPECT_EQ(file_contents(folder.file("out.img")), contents(**medium));
}

TEST(Medium, is_called_by_its_file_without_the_folders) {
  Folder folder;
  const auto medium = Medium::load(folder.file("holiday.img", pattern(512)), kSmall);
  ASSERT_TRUE(medium);
  EXPECT_EQ((*medium)->name(), "holiday.img");
}

TEST(Medium, an_image_may_be_written_over_the_one_it_was_loaded_from) {
  Folder folder;
  const std::string path = folder.file("a.img", pattern(kSmall.size_bytes));
  const auto medium = Medium::load(path, kSmall);
  ASSERT_TRUE((*medium)->write(512, pattern(512, 77)));
  const Bytes before = contents(**medium);
  ASSERT_TRUE((*medium)->write_image(path));
  EXPECT_EQ(file_contents(path), before);
  EXPECT_EQ(contents(**medium), before);
  EXPECT_EQ(folder.count(), 1U);
}

TEST(Medium, an_image_that_can_not_be_written_leaves_nothing_behind) {
  Folder folder;
  const auto medium = Medium::blank("b", kSmall);
  const Status no_folder = (*medium)->write_image(folder.file("no/such/folder/x.img"));
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().code, ENOENT);
  EXPECT_NE(no_folder.error().text.find("no/such/folder/x.img"), std::string::npos);
  const Status is_folder = (*medium)->write_image(folder.file(""));
  ASSERT_FALSE(is_folder);
  EXPECT_EQ(is_folder.error().code, EINVAL);
  EXPECT_EQ(folder.count(), 0U);
}

TEST(Medium, a_failed_write_leaves_the_old_image_as_it_was) {
  Folder folder;
  const Bytes old = pattern(512);
  const std::string source = folder.file("source.img", pattern(kSmall.size_bytes));
  const std::string target = folder.file("target.img", old);
  const auto medium = Medium::load(source, kSmall);
  ASSERT_TRUE(medium);
  ASSERT_EQ(truncate(source.c_str(), 512), 0);
  const Status written = (*medium)->write_image(target);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, EIO);
  EXPECT_EQ(file_contents(target), old);
  EXPECT_EQ(folder.count(), 2U);
}

TEST(Medium, bad_images_are_refused_by_a_sentence) {
  Folder folder;
  expect_refused(folder.file("missing.img"), kSmall, ENOENT, "No such file");
  expect_refused(folder.file("empty.img", {}), kSmall, EINVAL, "empty");
  expect_refused(folder.file("short.img", pattern(700)), kSmall, EINVAL, "512");
  expect_refused(folder.file("large.img", pattern(64 * 1024 + 512)), kSmall, EFBIG, "65536");
  std::filesystem::create_directory(folder.file("folder"));
  expect_refused(folder.file("folder"), kSmall, EISDIR, "directory");
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  expect_refused(folder.file("pipe"), kSmall, EINVAL, "plain file");
}

TEST(Medium, an_unreadable_image_is_refused_by_a_sentence) {
  Folder folder;
  const std::string path = folder.file("secret.img", pattern(512));
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const uid_t user = geteuid();
  // Root may read everything: look as somebody who may not.
  if (user == 0) {
    std::filesystem::permissions(std::filesystem::path(path).parent_path(),
                                 std::filesystem::perms::all);
    ASSERT_EQ(seteuid(65534), 0);
  }
  expect_refused(path, kSmall, EACCES, "Permission denied");
  ASSERT_EQ(seteuid(user), 0);
}

TEST(Medium, impossible_shapes_are_refused_by_a_sentence) {
  for (const MediumShape shape : {MediumShape{0, 512}, MediumShape{512, 0}, MediumShape{512, -1},
                                  MediumShape{-512, 512}, MediumShape{1000, 512}}) {
    const auto medium = Medium::blank("odd", shape);
    ASSERT_FALSE(medium);
    EXPECT_EQ(medium.error().code, EINVAL);
    EXPECT_NE(medium.error().text.find("'odd'"), std::string::npos);
  }
}

TEST(Medium, an_image_that_shrinks_underneath_gives_EIO) {
  Folder folder;
  const std::string path = folder.file("a.img", pattern(8192));
  const auto medium = Medium::load(path, kSmall);
  ASSERT_TRUE(medium);
  ASSERT_EQ(truncate(path.c_str(), 512), 0);
  Bytes sector(512);
  EXPECT_TRUE((*medium)->read(0, sector));
  const Status gone = (*medium)->read(512, sector);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, EIO);
}

}  // namespace
}  // namespace biotope::sim
