#include "runtime/metrics/replace_file.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

std::string content_of(const std::string& file) {
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

TEST(ReplaceFile, LeavesTheNewTextAndNothingBeside) {
  const TestFolder folder;
  replace_file(folder / "a.prom", "a longer text\n");
  replace_file(folder / "a.prom", "short\n");

  EXPECT_EQ(content_of(folder / "a.prom"), "short\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.prom.partial"));
}

TEST(ReplaceFile, KeepsTheOldTextOnAFullDisk) {
  const TestFolder folder;
  replace_file(folder / "a.prom", "old\n");
  std::filesystem::create_symlink("/dev/full", folder / "a.prom.partial");

  try {
    replace_file(folder / "a.prom", "new\n");
    FAIL() << "written to a full disk";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("a.prom cannot be written: No space left"));
  }
  EXPECT_EQ(content_of(folder / "a.prom"), "old\n");
}

TEST(ReplaceFile, SaysThatThereIsNoSuchFolder) {
  EXPECT_THROW(replace_file("/nowhere/a.prom", "new\n"), EnvironmentError);
}

}  // namespace
}  // namespace shardwright
