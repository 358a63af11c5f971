#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/testing.h"
#include "model/many_cases.h"

namespace biotope::app {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::uint64_t kTiB = std::uint64_t{1} << 40;

// Sanitizers keep a map of all memory, which no limit holds.
const char* in_32_mebibytes() {
  return sanitized() ? "" : "sh -c 'ulimit -d 32768; exec \"$0\" \"$@\"'";
}

struct Taste : ::testing::Test {
  std::string image(const std::string& contents) const { return ground.write("x.img", contents); }
  std::string refusal(std::vector<std::string> words) const {
    words.insert(words.begin(), "taste");
    const Played played = ground.play(words);
    EXPECT_EQ(played.exit_status, 2);
    EXPECT_EQ(played.out, "");
    EXPECT_EQ(played.complaint() + "\n", played.errors);
    return played.complaint();
  }
  json tasted(std::vector<std::string> words) const {
    words.insert(words.begin(), "taste");
    words.emplace_back("--json");
    const Played played = ground.play(words);
    EXPECT_EQ(played.exit_status, 0) << played.errors;
    EXPECT_EQ(played.errors, "");
    return json::parse(played.out, nullptr, false);
  }

  Playground ground;
};

TEST_F(Taste, json_is_one_document_of_the_promised_shape) {
  const std::string path = image(with_table({{0x83, 64, 1000}, {0x06, 1064, 900}}));
  EXPECT_EQ(tasted({path}), json::parse(R"({
    "schema": "biotope/taste/1", "image": ")" +
                                        path + R"(",
    "sector_size": 512, "media_size_bytes": 1048576,
    "geoms": [{"class": "MBR", "scheme": "mbr", "provider": "da0", "status": "ok", "notes": [],
      "partitions": [
        {"name": "da0s1", "index": 1, "start_bytes": 32768, "length_bytes": 512000,
         "type": "0x83", "label": null},
        {"name": "da0s2", "index": 2, "start_bytes": 544768, "length_bytes": 460800,
         "type": "0x06", "label": null}]}]})"));
}

TEST_F(Taste, people_get_a_tree) {
  const Played played = ground.play({"taste", image(with_table({{0x83, 64, 1000}}))});
  EXPECT_EQ(played.exit_status, 0);
  EXPECT_EQ(played.out, "da0: " + ground.file("x.img") +
                            ", 1 MiB, sectors of 512 bytes\n"
                            "└─ MBR, 1 partition\n"
                            "   └─ da0s1: 0x83, 500 KiB from byte 32768\n");
}

TEST_F(Taste, dot_draws_the_mesh) {
  const std::string dot = ground.file("x.dot");
  const Played played = ground.play({"taste", image(with_table({{0x83, 64, 1000}})), "--dot", dot});
  EXPECT_EQ(played.exit_status, 0);
  EXPECT_THAT(ground.read("x.dot"), ::testing::StartsWith("digraph"));
  EXPECT_THAT(ground.read("x.dot"), HasSubstr("da0s1"));
  EXPECT_THAT(refusal({ground.file("x.img"), "--dot", "/proc/none/x.dot"}),
              HasSubstr("'/proc/none/x.dot' can not be written"));
}

TEST_F(Taste, sectors_may_have_any_size_that_fits) {
  std::string contents = with_table({{0x83, 8, 100}});
  EXPECT_EQ(tasted({image(contents), "--sector-size",
                    "4096"})["geoms"][0]["partitions"][0]["start_bytes"],
            8 * 4096);
  EXPECT_EQ(tasted({image(contents), "--sector-size", "1048576"})["geoms"], json::array());
  EXPECT_EQ(tasted({image(contents), "--sector-size", "1"})["geoms"], json::array());
}

TEST_F(Taste, a_refused_table_is_an_answer_with_its_reason) {
  const json overlapping = tasted({image(with_table({{6, 64, 1000}, {6, 500, 1000}}))})["geoms"][0];
  EXPECT_EQ(overlapping["status"], "refused");
  EXPECT_EQ(overlapping["scheme"], "mbr");
  EXPECT_EQ(overlapping["partitions"], json::array());
  EXPECT_THAT(overlapping["notes"][0].get<std::string>(), HasSubstr("overlaps partition s1"));
  const json past_end =
      tasted({image(with_table({{6, 64, 1'000'000}}).substr(0, 512))})["geoms"][0];
  EXPECT_EQ(past_end["status"], "refused");
  EXPECT_THAT(past_end["notes"][0].get<std::string>(), HasSubstr("outside the medium"));
}

TEST_F(Taste, an_image_of_many_tebibytes_is_tasted_in_32_mebibytes) {
  const std::string path = image(with_table({{0x83, 64, 0xFFFFFF00}}).substr(0, 512));
  std::filesystem::resize_file(path, 10 * kTiB);
  const Played played = ground.play({"taste", path}, in_32_mebibytes());
  EXPECT_EQ(played.exit_status, 0);
  EXPECT_THAT(played.out, HasSubstr("da0s1: 0x83, 2 TiB"));
}

TEST_F(Taste, bytes_behind_the_last_whole_sector_are_told) {
  const Played played = ground.play({"taste", image(with_table({}) + "abc")});
  EXPECT_EQ(played.exit_status, 0);
  EXPECT_THAT(played.errors, HasSubstr("ends with 3 bytes that are no whole sector"));
  EXPECT_THAT(played.out, HasSubstr("1 MiB"));
}

TEST_F(Taste, bad_input_ends_with_one_sentence) {
  const std::string path = image(with_table({}));
  EXPECT_THAT(refusal({ground.file("none.img")}), HasSubstr("none.img': No such file"));
  EXPECT_THAT(refusal({ground.file("")}), HasSubstr("directory"));
  EXPECT_THAT(refusal({"/dev/zero"}), HasSubstr("not a plain file"));
  EXPECT_THAT(refusal({ground.write("empty.img", "")}), HasSubstr("empty.img' is empty"));
  EXPECT_THAT(refusal({path, "--sector-size", "0"}), HasSubstr("sectors of 0 bytes"));
  EXPECT_THAT(refusal({path, "--sector-size", "-512"}), HasSubstr("sectors of -512 bytes"));
  EXPECT_THAT(refusal({path, "--sector-size", "4611686018427387904"}), HasSubstr("sectors of"));
  EXPECT_THAT(refusal({path, "--sector-size", "99999999999999999999"}),
              HasSubstr("can not have sectors of"));
  EXPECT_THAT(refusal({ground.write("short.img", "abc")}),
              HasSubstr("3 bytes, less than one sector of 512"));
  EXPECT_THAT(refusal({path, "--jsn"}), HasSubstr("did you mean '--json'?"));
  EXPECT_THAT(refusal({}), HasSubstr("IMAGE is required"));
}

}  // namespace
}  // namespace biotope::app
