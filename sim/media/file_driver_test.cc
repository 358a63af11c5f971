#include "sim/media/file_driver.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "classes/disk/disk.h"
#include "classes/temporary_folder.h"
#include "model/control_io.h"
#include "model/testing.h"

namespace biotope::sim {
namespace {

namespace files = std::filesystem;
using testing::TestMesh;

struct FileDisk : ::testing::Test {
  std::string image(std::int64_t size_bytes) const {
    std::ofstream(path(), std::ios::binary);
    files::resize_file(path(), static_cast<std::uintmax_t>(size_bytes));
    return path();
  }
  std::string path() const { return folder.file("image"); }
  std::int64_t allocated_bytes() const {
    struct stat status {};
    return stat(path().c_str(), &status) == 0 ? status.st_blocks * 512 : -1;
  }
  // The disk that a user has open, with the driver under it.
  Consumer& open(std::int64_t sector_size_bytes, ImageFile::Use use, Access how) {
    driver = FileDriver::open(path(), sector_size_bytes, use).value();
    mesh = std::make_unique<TestMesh>();
    EXPECT_TRUE(mesh->mesh.load(std::make_unique<DiskClass>()));
    add_disk(mesh->mesh, "da0", *driver).value();
    EXPECT_TRUE(mesh->mesh.settle());
    Consumer& edge = mesh->user("user", *mesh->mesh.provider("da0")).edge();
    const Status opened = mesh->mesh.access(edge, how);
    EXPECT_TRUE(opened) << opened.error().text;
    return edge;
  }
  template <class T>
  T run(Task<T> task) {
    task.start();
    mesh->executor.run();
    return task.result();
  }

  TemporaryFolder folder;
  std::unique_ptr<FileDriver> driver;  // outlives the mesh
  std::unique_ptr<TestMesh> mesh;
};

constexpr Access kReadWrite{1, 1, 0};
constexpr std::int64_t kTiB = std::int64_t{1} << 40;

TEST_F(FileDisk, what_is_written_is_read_back_from_the_file_at_any_offset) {
  image(10 * kTiB);
  Consumer& edge = open(512, ImageFile::Use::edit, kReadWrite);
  Bytes sector(512, std::byte{0x5a});
  const std::int64_t last = 10 * kTiB - 512;
  ASSERT_TRUE(run(write(edge, last, sector)));
  ASSERT_TRUE(run(flush(edge)));
  EXPECT_EQ(run(read(edge, last, 512)).value(), sector);
  EXPECT_EQ(run(read(edge, last - 512, 512)).value(), Bytes(512));
  EXPECT_LT(allocated_bytes(), 1 << 20);
  EXPECT_EQ(files::file_size(path()), static_cast<std::uintmax_t>(10 * kTiB));
}

TEST_F(FileDisk, what_is_deleted_reads_as_zeros_and_takes_no_room) {
  image(1 << 20);
  Consumer& edge = open(512, ImageFile::Use::edit, kReadWrite);
  const Bytes full(1 << 20, std::byte{1});
  ASSERT_TRUE(run(write(edge, 0, full)));
  ASSERT_TRUE(run(remove(edge, 0, 1 << 20)));
  EXPECT_EQ(run(read(edge, 0, 1 << 20)).value(), Bytes(1 << 20));
  EXPECT_LT(allocated_bytes(), 1 << 20);
}

TEST_F(FileDisk, an_image_that_is_only_read_refuses_writers) {
  image(4096);
  Consumer& edge = open(512, ImageFile::Use::read, Access{1, 0, 0});
  const Status writing = mesh->mesh.access(edge, Access{0, 1, 0});
  ASSERT_FALSE(writing);
  EXPECT_EQ(writing.error().code, EROFS);
}

TEST_F(FileDisk, sectors_are_whole_and_the_rest_is_left_over) {
  image(3 * 2352 + 100);
  Consumer& edge = open(2352, ImageFile::Use::read, Access{1, 0, 0});
  EXPECT_EQ(edge.provider()->properties().sector_count(), 3);
  EXPECT_EQ(driver->left_over_bytes(), 100);
}

TEST_F(FileDisk, a_file_that_becomes_shorter_is_an_io_error_and_not_zeros) {
  image(4096);
  Consumer& edge = open(512, ImageFile::Use::read, Access{1, 0, 0});
  files::resize_file(path(), 1000);
  EXPECT_TRUE(run(read(edge, 0, 512)));
  const Result<Bytes> gone = run(read(edge, 1024, 512));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, EIO);
}

TEST_F(FileDisk, impossible_sector_sizes_are_refused) {
  image(4096);
  for (const std::int64_t size :
       {std::int64_t{0}, std::int64_t{-512}, FileDriver::kMaxSectorBytes + 1, std::int64_t{8192}}) {
    const auto driver_or = FileDriver::open(path(), size);
    ASSERT_FALSE(driver_or) << size;
    EXPECT_EQ(driver_or.error().code, EINVAL);
    EXPECT_NE(driver_or.error().text.find(std::to_string(size)), std::string::npos);
  }
  EXPECT_TRUE(FileDriver::open(path(), 4096));
}

}  // namespace
}  // namespace biotope::sim
