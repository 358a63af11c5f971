// The paper's story, played by the program itself, twice.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace biotope::app {
namespace {

constexpr const char* kStory = "scenarios/010-zip-disk.lua";

class Story : public ::testing::Test {
 protected:
  Story() {
    std::string name = (std::filesystem::temp_directory_path() / "biotope-story-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Story() override { std::filesystem::remove_all(folder_); }

  std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // The exit status of `biotope run ARGUMENTS`; what it said is then in says().
  int run(const std::string& arguments) {
    const char* program = std::getenv("BIOTOPE_BINARY");
    if (program == nullptr) program = "build/biotope";
    const std::string line = "PATH=$PATH:/usr/sbin:/sbin " + std::string(program) + " run " +
                             arguments + " >" + in_folder("stdout") + " 2>" + in_folder("stderr");
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string says() const { return read(in_folder("stderr")); }

  std::filesystem::path folder_;
};

TEST_F(Story, Inv_D1_two_runs_with_one_seed_leave_the_same_bytes) {
  ASSERT_EQ(run(std::string(kStory) + " --seed 5 --out " + in_folder("one")), 0) << says();
  ASSERT_EQ(run(std::string(kStory) + " --seed 5 --out " + in_folder("two")), 0) << says();
  const std::string log = read(in_folder("one/events.log"));
  EXPECT_GT(log.size(), 100'000U);
  EXPECT_EQ(log, read(in_folder("two/events.log")));
  for (const char* name : {"index.html", "latency.json", "latency.hgrm", "trace.perfetto.json"}) {
    EXPECT_EQ(read(in_folder("one/") + name), read(in_folder("two/") + name)) << name;
    EXPECT_FALSE(read(in_folder("one/") + name).empty()) << name;
  }
}

}  // namespace
}  // namespace biotope::app
