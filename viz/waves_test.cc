#include "viz/waves.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace biotope::viz {
namespace {

// What a strict reader of dumps makes of one: every variable by its whole name, with its changes.
class Dump {
 public:
  struct Variable {
    int width = 0;
    std::vector<std::pair<std::int64_t, std::string>> changes;
  };

  explicit Dump(const std::string& text) : in_(text) {
    std::string word;
    while (in_ >> word && word != "$enddefinitions") declaration(word);
    EXPECT_EQ(next(), "$end");
    EXPECT_TRUE(scopes_.empty());
    EXPECT_EQ(next(), "$dumpvars");
    while (in_ >> word) {
      if (word == "$end") {
        EXPECT_FALSE(std::exchange(dumped_, true));
      } else if (word[0] == '#') {
        const std::int64_t time = std::stoll(word.substr(1));
        EXPECT_TRUE(dumped_ && time > time_) << word;
        time_ = time;
      } else {
        change(word);
      }
    }
    EXPECT_TRUE(dumped_);
  }

  const Variable& operator[](const std::string& name) const {
    return variables_.at(names_.at(name));
  }
  std::size_t size() const { return variables_.size(); }

 private:
  std::string next() {
    std::string word;
    in_ >> word;
    return word;
  }

  void declaration(const std::string& word) {
    if (word == "$scope") {
      EXPECT_EQ(next(), "module");
      scopes_.push_back(next());
    } else if (word == "$upscope") {
      ASSERT_FALSE(scopes_.empty());
      scopes_.pop_back();
    } else if (word == "$var") {
      EXPECT_EQ(next(), "wire");
      Variable variable;
      variable.width = std::stoi(next());
      const std::string code = next();
      std::string name;
      for (const std::string& scope : scopes_) name += scope + ".";
      EXPECT_TRUE(names_.emplace(name + next(), code).second);
      EXPECT_TRUE(variables_.emplace(code, variable).second) << code;
    } else if (word == "$timescale") {
      EXPECT_EQ(next(), "1");
      EXPECT_EQ(next(), "ns");
    } else {
      EXPECT_EQ(word, "$version");
      next();
    }
    EXPECT_EQ(next(), "$end");
  }

  void change(const std::string& word) {
    const bool vector = word[0] == 'b';
    const std::string code = vector ? next() : word.substr(1);
    const std::string value = vector ? word.substr(1) : word.substr(0, 1);
    ASSERT_TRUE(variables_.contains(code)) << word;
    Variable& variable = variables_.at(code);
    EXPECT_EQ(vector, variable.width > 1);
    EXPECT_EQ(value.find_first_not_of(dumped_ ? "01" : "x"), std::string::npos) << word;
    if (dumped_) variable.changes.emplace_back(time_, value);
  }

  std::istringstream in_;
  std::vector<std::string> scopes_;
  std::map<std::string, std::string> names_;
  std::map<std::string, Variable> variables_;
  std::int64_t time_ = -1;
  bool dumped_ = false;
};

class WavesTest : public testing::Test {
 protected:
  void tell(std::int64_t time_ns, const char* component, const char* text) {
    Fact fact;
    fact.kind = FactKind::machine;
    fact.time_ns = time_ns;
    fact.component = component;
    fact.text = text;
    waves_.on_fact(fact);
  }
  std::string text() {
    const auto path =
        std::filesystem::temp_directory_path() / ("biotope-" + std::to_string(getpid()) + ".vcd");
    EXPECT_TRUE(waves_.write(path));
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    std::filesystem::remove(path);
    return text.str();
  }
  Waves waves_;
};

using Changes = std::vector<std::pair<std::int64_t, std::string>>;

TEST_F(WavesTest, levels_are_variables_in_the_scope_of_their_component) {
  tell(0, "scsi0.bay0", "queue=0");
  tell(0, "scsi0.bay0", "medium=on");
  tell(5, "scsi0.bay0", "queue=5");
  tell(7, "scsi0.bay1", "queue=1");
  tell(9, "scsi0.bay0", "medium=off");
  const Dump dump(text());
  EXPECT_EQ(dump.size(), 3U);
  EXPECT_EQ(dump["machine.scsi0.bay0.queue"].changes, (Changes{{0, "0"}, {5, "101"}}));
  EXPECT_EQ(dump["machine.scsi0.bay0.queue"].width, 64);
  EXPECT_EQ(dump["machine.scsi0.bay0.medium"].changes, (Changes{{0, "1"}, {9, "0"}}));
  EXPECT_EQ(dump["machine.scsi0.bay0.medium"].width, 1);
  EXPECT_EQ(dump["machine.scsi0.bay1.queue"].changes, (Changes{{7, "1"}}));
}

TEST_F(WavesTest, only_changes_are_written_and_only_levels_are_heard) {
  tell(1, "d", "queue=3");
  tell(2, "d", "queue=3");
  for (const char* other : {"busy", "medium 'a=b' inserted", "queue=", "queue=-1", "=3", "q=1.5",
                            "queue=99999999999999999999"}) {
    tell(3, "d", other);
  }
  EXPECT_EQ(text().find('3'), std::string::npos);
  EXPECT_EQ(Dump(text())["machine.d.queue"].changes.size(), 1U);
}

TEST_F(WavesTest, thousands_of_variables_have_codes_of_their_own) {
  for (int i = 0; i < 10'000; ++i) tell(i, ("d." + std::to_string(i)).c_str(), "busy=on");
  EXPECT_EQ(Dump(text()).size(), 10'000U);
}

TEST_F(WavesTest, names_with_blanks_and_an_empty_run_are_still_a_dump) {
  EXPECT_EQ(Dump(text()).size(), 0U);
  tell(1, "a disk", "queue=1");
  EXPECT_EQ(Dump(text())["machine.a_disk.queue"].changes.size(), 1U);
}

}  // namespace
}  // namespace biotope::viz
