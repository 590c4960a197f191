#include "costmodel/json/write_file.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace shardwright {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

class WriteFile : public ::testing::Test {
 protected:
  WriteFile() {
    std::string pattern = (fs::temp_directory_path() / "write_file_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    ::chmod(folder_.c_str(), 0755);
  }
  ~WriteFile() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

TEST_F(WriteFile, MakesAndReplacesFilesAndLeavesNothingElse) {
  write_file(path("a"), "one");
  write_file(path("a"), "two");
  EXPECT_EQ(content(path("a")), "two");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WriteFile, ReplacesAsWholeWhatNeedNotLast) {
  write_file(path("a"), "a longer text", Lasting::no);
  write_file(path("a"), "short", Lasting::no);
  EXPECT_EQ(content(path("a")), "short");
  EXPECT_EQ(files(), 1U);
  EXPECT_THROW(write_file(folder_.string(), "x", Lasting::no), EnvironmentError);
}

TEST_F(WriteFile, TakesANameWithoutFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write_file("a", "one");
  fs::current_path(before);
  EXPECT_EQ(content(path("a")), "one");
}

TEST_F(WriteFile, KeepsTheModeOfTheOldFile) {
  write_file(path("a"), "one");
  ::chmod(path("a").c_str(), 0640);
  write_file(path("a"), "two");
  EXPECT_EQ(fs::status(path("a")).permissions(), fs::perms(0640));
}

TEST_F(WriteFile, WritesThroughASymbolicLink) {
  write_file(path("a"), "one");
  fs::create_symlink("a", path("link"));
  write_file(path("link"), "two");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(path("a")), "two");
}

TEST_F(WriteFile, RefusesAFolderAndAMissingFolder) {
  EXPECT_THROW(write_file(folder_.string(), "x"), EnvironmentError);
  try {
    write_file(path("missing/a"), "x");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path("missing/a")));
    EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(WriteFile, SaysWhenADeviceIsFull) {
  try {
    write_file("/dev/full", "x");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/dev/full"));
    EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
  }
}

rlimit small_files() { return {4096, 4096}; }

// Runs in a child process, as limits and users cannot be taken back. Ends it with 0 if the write is
// refused with `cause`.
void expect_refusal(const std::string& file, const std::string& text, const std::string& cause) {
  try {
    write_file(file, text);
  } catch (const EnvironmentError& error) {
    ::_exit(std::string(error.what()).find(cause) == std::string::npos ? 2 : 0);
  }
  ::_exit(1);
}

TEST_F(WriteFile, KeepsTheOldFileWhenTheNewOneMayNotGrow) {
  write_file(path("a"), "old");
  const std::string large(1 << 16, 'x');
  EXPECT_EXIT(
      {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = small_files();
        ::setrlimit(RLIMIT_FSIZE, &limit);
        expect_refusal(path("a"), large, "File too large");
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(content(path("a")), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WriteFile, KeepsTheOldFileWhereNothingMayBeWritten) {
  write_file(path("a"), "old");
  ::chmod(folder_.c_str(), 0555);
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(3);
        expect_refusal(path("a"), "new", "Permission denied");
      },
      ::testing::ExitedWithCode(0), "");
  ::chmod(folder_.c_str(), 0755);
  EXPECT_EQ(content(path("a")), "old");
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace shardwright
