#include "runtime/data/dataset_writer.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/column_file.hpp"
#include "runtime/data/staged_folder.hpp"
#include "tests/runtime/data/example_dataset.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

// Lets no file of this process grow beyond `bytes`: writes fail with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const struct rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  struct rlimit old_ = {};
  void (*old_handler_)(int) = nullptr;
};

TEST(ColumnFile, NamesTheFileAndTheFullDisk) {
  ColumnFile file("/dev/full");
  const std::vector<float> values(10);
  file.append(std::span<const float>(values));
  EXPECT_THAT(message_of<EnvironmentError>([&] { file.close(); }),
              AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
}

TEST(ColumnFile, WritesWhatDoesNotFitItsBuffer) {
  const TemporaryFolder temporary;
  std::vector<std::int64_t> values(50'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i * i);
  ColumnFile file(temporary / "column");
  for (std::size_t i = 0; i < values.size(); i += 1000)
    file.append(std::span<const std::int64_t>(values).subspan(i, 1000));
  file.close();
  const std::string expected(reinterpret_cast<const char*>(values.data()), values.size() * 8);
  EXPECT_TRUE(read_text(temporary / "column") == expected);
}

TEST(DatasetWriter, KeepsTheOldFolderWhenAFileGrowsTooLarge) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 3);
  const std::string message = message_of<EnvironmentError>([&] {
    const FileSizeLimit limit(100'000);
    write_example(temporary / "example", 100'000);
  });
  EXPECT_THAT(message, AllOf(HasSubstr("example.partial/"), HasSubstr("File too large")));
  EXPECT_EQ(Dataset(temporary / "example").size(), 3);
  EXPECT_FALSE(fs::exists(temporary / "example.partial"));
}

TEST(DatasetWriter, ShowsNothingBeforeFinish) {
  const TemporaryFolder temporary;
  {
    DatasetWriter writer(temporary / "example", {}, {{"a", "a", false}});
    writer.add({1, {}, {{3}}, {}});
    EXPECT_FALSE(fs::exists(temporary / "example"));
    EXPECT_TRUE(fs::exists(temporary / "example.partial"));
  }
  EXPECT_FALSE(fs::exists(temporary / "example"));
  EXPECT_FALSE(fs::exists(temporary / "example.partial"));
}

TEST(DatasetWriter, ReplacesADataFolderWhole) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 3);
  DatasetWriter writer(temporary / "example/", {}, {{"a", "a", false}});  // the slash is harmless
  writer.add({1, {}, {{3}}, {}});
  EXPECT_EQ(Dataset(temporary / "example").size(), 3);
  writer.finish();
  EXPECT_EQ(Dataset(temporary / "example").size(), 1);
  EXPECT_FALSE(fs::exists(temporary / "example/dense.f32"));
  EXPECT_FALSE(fs::exists(temporary / "example.partial"));
}

TEST(DatasetWriter, NeverReplacesWhatIsNotADataFolder) {
  const TemporaryFolder temporary;
  fs::create_directories(temporary / "home/train");
  write_text(temporary / "home/train/letter.txt", "Dear …");
  const std::string message = message_of<UsageError>([&] { write_example(temporary / "home", 3); });
  EXPECT_THAT(message, AllOf(HasSubstr("letter.txt"), HasSubstr("another folder")));
  EXPECT_EQ(read_text(temporary / "home/train/letter.txt"), "Dear …");
  EXPECT_FALSE(fs::exists(temporary / "home.partial"));
}

TEST(DatasetWriter, RefusesAFileInTheFoldersPlace) {
  const TemporaryFolder temporary;
  write_text(temporary / "example", "text");
  EXPECT_THAT(message_of<UsageError>([&] { write_example(temporary / "example", 3); }),
              HasSubstr("is a file, expected a folder"));
  EXPECT_EQ(read_text(temporary / "example"), "text");
}

TEST(DatasetWriter, NamesAFolderThatCannotBeMade) {
  const TemporaryFolder temporary;
  write_text(temporary / "file", "text");
  EXPECT_THAT(message_of<EnvironmentError>([&] { write_example(temporary / "file/example", 3); }),
              HasSubstr("file/example"));
}

TEST(DatasetWriter, TakesOverWhatAKilledProcessLeft) {
  const TemporaryFolder temporary;
  fs::create_directories(temporary / "example.partial");
  write_text(temporary / "example.partial/feature_99.ids.i64", "rest");
  write_example(temporary / "example", 3);
  EXPECT_FALSE(fs::exists(temporary / "example/feature_99.ids.i64"));
}

TEST(DatasetWriter, RefusesAFolderThatIsBeingWritten) {
  const TemporaryFolder temporary;
  StagedFolder other(temporary / "example");
  write_text(other.path() + "/labels.f32", "abcd");
  EXPECT_THAT(message_of<EnvironmentError>([&] { write_example(temporary / "example", 3); }),
              HasSubstr("another process is writing it"));
  other.publish();
  EXPECT_EQ(read_text(temporary / "example/labels.f32"), "abcd");
}

TEST(DatasetWriter, FollowsALinkToTheFolderItself) {
  const TemporaryFolder temporary;
  write_example(temporary / "real", 3);
  fs::create_directory_symlink(temporary / "real", temporary / "link");
  write_example(temporary / "link", 4);
  EXPECT_TRUE(fs::is_symlink(temporary / "link"));
  EXPECT_EQ(Dataset(temporary / "real").size(), 4);
}

TEST(DatasetWriter, RefusesSamplesOfAnotherShape) {
  const TemporaryFolder temporary;
  DatasetWriter writer(temporary / "example", {"age"}, {{"a", "a", false}, {"b", "b", true}});
  EXPECT_THROW(writer.add({0, {}, {{1}, {2}}, {{}, {1}}}), std::invalid_argument);
  EXPECT_THROW(writer.add({0, {1}, {{1}}, {{}, {1}}}), std::invalid_argument);
  EXPECT_THROW(writer.add({0, {1}, {{1}, {2}}, {}}), std::invalid_argument);
  EXPECT_THROW(writer.add({0, {1}, {{1}, {2}}, {{}, {1, 2}}}), std::invalid_argument);
}

}  // namespace
}  // namespace shardwright
