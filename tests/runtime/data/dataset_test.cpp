#include "runtime/data/dataset.hpp"

#include "costmodel/errors.hpp"
#include "tests/runtime/data/example_dataset.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <limits>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string open_message(const std::string& folder) {
  return message_of<InputError>([&] { const Dataset dataset(folder); });
}

std::string read_message(const std::string& folder, std::int64_t begin, std::int64_t end) {
  const Dataset dataset(folder);
  Batch batch;
  return message_of<InputError>([&] { dataset.read(begin, end, batch); });
}

// Overwrites value `index` of a column file.
template <class T>
void patch(const std::string& file, std::size_t index, T value) {
  std::string bytes = read_text(file);
  std::memcpy(bytes.data() + index * sizeof(T), &value, sizeof(T));
  write_text(file, bytes);
}

void shorten(const std::string& file, std::size_t bytes) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - bytes);
}

class DatasetOfSevenSamples : public testing::Test {
 protected:
  DatasetOfSevenSamples() { write_example(folder(), 7); }
  std::string folder() const { return temporary_ / "example"; }
  std::string file(const std::string& name) const { return folder() + "/" + name; }

 private:
  TemporaryFolder temporary_;
};

TEST_F(DatasetOfSevenSamples, GivesBackWhatWasWritten) {
  const Dataset dataset(folder());
  EXPECT_EQ(dataset.size(), 7);
  EXPECT_EQ(dataset.num_dense(), 2);
  EXPECT_THAT(dataset.dense_names(), ElementsAre("age", "half"));
  ASSERT_EQ(dataset.features().size(), 2U);
  EXPECT_EQ(dataset.features()[1].name, "b");
  EXPECT_EQ(dataset.features()[1].table, "table_b");
  EXPECT_FALSE(dataset.features()[0].weighted);
  EXPECT_TRUE(dataset.features()[1].weighted);
  Batch batch;
  dataset.read(4, 6, batch);
  EXPECT_EQ(batch.first_sample, 4);
  EXPECT_EQ(batch.size, 2);
  EXPECT_THAT(batch.labels, ElementsAre(0, 1));
  EXPECT_THAT(batch.dense, ElementsAre(4, 2, 5, 2.5));
  EXPECT_THAT(batch.features[0].lengths, ElementsAre(1, 2));
  EXPECT_THAT(batch.features[0].ids, ElementsAre(40, 50, 51));
  EXPECT_THAT(batch.features[0].weights, IsEmpty());
  EXPECT_THAT(batch.features[1].ids, ElementsAre(-4, -5));
  EXPECT_THAT(batch.features[1].weights, ElementsAre(4.5, 5.5));
}

TEST_F(DatasetOfSevenSamples, ReusesABatchOfAnotherSize) {
  const Dataset dataset(folder());
  Batch batch;
  dataset.read(0, 7, batch);
  dataset.read(2, 3, batch);
  EXPECT_THAT(batch.labels, ElementsAre(0));
  EXPECT_THAT(batch.dense, ElementsAre(2, 1));
  EXPECT_THAT(batch.features[0].ids, ElementsAre(20, 21));
  EXPECT_THAT(batch.features[1].weights, ElementsAre(2.5));
}

TEST_F(DatasetOfSevenSamples, ReadsAnEmptyRangeAtTheEnd) {
  const Dataset dataset(folder());
  Batch batch;
  dataset.read(7, 7, batch);
  EXPECT_EQ(batch.size, 0);
  EXPECT_THAT(batch.labels, IsEmpty());
  ASSERT_EQ(batch.features.size(), 2U);
  EXPECT_THAT(batch.features[0].lengths, IsEmpty());
}

TEST_F(DatasetOfSevenSamples, StaysUsableWhenMoved) {
  Dataset first(folder());
  const Dataset second = std::move(first);
  Batch batch;
  second.read(6, 7, batch);
  EXPECT_THAT(batch.features[1].ids, ElementsAre(-6));
}

/// Of this process.
std::ptrdiff_t mappings_of(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  std::ptrdiff_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.ends_with(file) ? 1 : 0;
  return count;
}

TEST_F(DatasetOfSevenSamples, MapsItsColumnsWhileItIsOpen) {
  const std::vector<std::string> columns = {"labels.f32",
                                            "dense.f32",
                                            "feature_0.offsets.u64",
                                            "feature_0.ids.i64",
                                            "feature_1.offsets.u64",
                                            "feature_1.ids.i64",
                                            "feature_1.weights.f32"};
  {
    const Dataset dataset(folder());
    for (const std::string& column : columns) EXPECT_EQ(mappings_of(file(column)), 1) << column;
  }
  for (const std::string& column : columns) EXPECT_EQ(mappings_of(file(column)), 0) << column;
}

TEST_F(DatasetOfSevenSamples, RefusesARangeOutsideItself) {
  const Dataset dataset(folder());
  Batch batch;
  EXPECT_THROW(dataset.read(3, 8, batch), std::out_of_range);
  EXPECT_THROW(dataset.read(-1, 2, batch), std::out_of_range);
  EXPECT_THROW(dataset.read(5, 4, batch), std::out_of_range);
}

TEST_F(DatasetOfSevenSamples, NamesTruncatedLabelsAndTheMissingBytes) {
  shorten(file("labels.f32"), 5);
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("labels.f32")), HasSubstr("has 23 bytes"),
                    HasSubstr("7 labels take 28"), HasSubstr("5 bytes are missing")));
}

TEST_F(DatasetOfSevenSamples, NamesTruncatedDenseFeatures) {
  shorten(file("dense.f32"), 4);
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("dense.f32")), HasSubstr("4 bytes are missing")));
}

TEST_F(DatasetOfSevenSamples, NamesTruncatedOffsets) {
  shorten(file("feature_1.offsets.u64"), 8);
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("feature_1.offsets.u64")),
                    HasSubstr("the 8 offsets of 7 samples"), HasSubstr("8 bytes are missing")));
}

TEST_F(DatasetOfSevenSamples, NamesTruncatedIds) {
  shorten(file("feature_0.ids.i64"), 16);
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("feature_0.ids.i64")), HasSubstr("the 6 ids"),
                    HasSubstr("16 bytes are missing")));
}

TEST_F(DatasetOfSevenSamples, NamesTruncatedWeights) {
  shorten(file("feature_1.weights.f32"), 1);
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("feature_1.weights.f32")), HasSubstr("1 bytes are missing")));
}

TEST_F(DatasetOfSevenSamples, NamesAColumnWithBytesTooMany) {
  write_text(file("labels.f32"), read_text(file("labels.f32")) + "abcd");
  EXPECT_THAT(open_message(folder()), HasSubstr("4 bytes are too many"));
}

TEST_F(DatasetOfSevenSamples, NamesAMissingColumn) {
  std::filesystem::remove(file("feature_0.ids.i64"));
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("feature_0.ids.i64")), HasSubstr("No such file or directory")));
}

TEST_F(DatasetOfSevenSamples, NamesAColumnThatCannotBeRead) {
  std::filesystem::remove(file("labels.f32"));
  std::filesystem::create_symlink("labels.f32", file("labels.f32"));  // a link to itself
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr("Cannot read " + file("labels.f32")), HasSubstr("symbolic links")));
}

TEST_F(DatasetOfSevenSamples, NamesAColumnWithoutPermission) {
  std::filesystem::permissions(file("labels.f32"), std::filesystem::perms::none);
  std::filesystem::permissions(folder(), std::filesystem::perms(0755));
  std::filesystem::permissions(std::filesystem::path(folder()).parent_path(),
                               std::filesystem::perms(0755));
  constexpr ::uid_t kNobody = 65534;  // root may read everything
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(3);
        const std::string message = open_message(folder());
        ::_exit(message.find(file("labels.f32")) != std::string::npos &&
                        message.find("Permission denied") != std::string::npos
                    ? 0
                    : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(DatasetOfSevenSamples, RefusesAFolderInAColumnsPlace) {
  std::filesystem::remove(file("labels.f32"));
  std::filesystem::create_directory(file("labels.f32"));
  EXPECT_THAT(open_message(folder()),
              AllOf(HasSubstr(file("labels.f32")), HasSubstr("not a regular file")));
}

TEST_F(DatasetOfSevenSamples, NamesTheSampleWhoseOffsetsGoBackwards) {
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 3, 0);  // was 0 0 1 3 3 4 6 6
  EXPECT_THAT(read_message(folder(), 0, 7),
              AllOf(HasSubstr(file("feature_0.offsets.u64")),
                    HasSubstr("go backwards at sample 2: 1, then 0")));
}

TEST_F(DatasetOfSevenSamples, ChecksTheOffsetsOfItsOwnPartOnly) {
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 3, 0);
  EXPECT_EQ(read_message(folder(), 4, 7), "(no error)");
}

TEST_F(DatasetOfSevenSamples, NamesTheSampleWhoseOffsetLeavesTheIds) {
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 4, 99);
  EXPECT_THAT(read_message(folder(), 3, 4),
              AllOf(HasSubstr("sample 3"), HasSubstr("3 to 99 of 6")));
}

TEST_F(DatasetOfSevenSamples, RefusesOffsetsThatDoNotBeginAtZero) {
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 0, 1);
  EXPECT_THAT(open_message(folder()), HasSubstr("the first offset is 1, expected 0"));
}

TEST_F(DatasetOfSevenSamples, RefusesALastOffsetBeyondAllFiles) {
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 7, std::uint64_t{1} << 63);
  EXPECT_THAT(open_message(folder()), HasSubstr("the last offset is 9223372036854775808"));
  patch<std::uint64_t>(file("feature_0.offsets.u64"), 7, std::uint64_t{1} << 62);  // · 8 overflows
  EXPECT_THAT(open_message(folder()), HasSubstr("feature_0.ids.i64"));
}

TEST_F(DatasetOfSevenSamples, NamesALabelThatIsNeither0Nor1) {
  patch<float>(file("labels.f32"), 5, 0.5F);
  EXPECT_THAT(read_message(folder(), 4, 7),
              AllOf(HasSubstr(file("labels.f32")), HasSubstr("the label of sample 5 is 0.5")));
}

TEST_F(DatasetOfSevenSamples, NamesADenseFeatureThatIsNotFinite) {
  patch<float>(file("dense.f32"), 7, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(read_message(folder(), 2, 7),
              AllOf(HasSubstr(file("dense.f32")), HasSubstr("half of sample 3 is nan")));
}

TEST_F(DatasetOfSevenSamples, NamesAWeightThatIsNotFinite) {
  patch<float>(file("feature_1.weights.f32"), 5, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(read_message(folder(), 2, 7), AllOf(HasSubstr(file("feature_1.weights.f32")),
                                                  HasSubstr("weight 0 of sample 5 is nan")));
  EXPECT_EQ(read_message(folder(), 0, 5), "(no error)");
}

TEST_F(DatasetOfSevenSamples, NamesTheSampleOfAnInfiniteWeightAmongBagsOfManyLengths) {
  const std::string bags = folder() + "/bags";
  {
    DatasetWriter writer(bags, {}, {{"a", "a", true}});
    for (const std::size_t length : {2U, 0U, 0U, 3U, 0U, 1U}) {
      writer.add({.label = 0,
                  .dense = {},
                  .ids = {std::vector<std::int64_t>(length)},
                  .weights = {std::vector<float>(length, 1.0F)}});
    }
    writer.finish();
  }
  patch<float>(bags + "/feature_0.weights.f32", 3, std::numeric_limits<float>::infinity());
  EXPECT_THAT(read_message(bags, 1, 6), HasSubstr("weight 1 of sample 3 is inf"));
}

TEST_F(DatasetOfSevenSamples, PointsAtMalformedMeta) {
  write_text(file("meta.json"), "{\"schema\": \"shardwright.data/1\",\n \"samples\": }");
  EXPECT_THAT(open_message(folder()), HasSubstr(file("meta.json")));
}

TEST_F(DatasetOfSevenSamples, RefusesAnotherSchema) {
  write_text(file("meta.json"), R"({"schema": "shardwright.plan/1", "samples": 7})");
  EXPECT_THAT(open_message(folder()), HasSubstr("plan"));
}

TEST_F(DatasetOfSevenSamples, SuggestsTheNearestKeyForAnUnknownOne) {
  write_text(file("meta.json"),
             R"({"schema": "shardwright.data/1", "sample": 7, "dense": [], "features": []})");
  EXPECT_THAT(open_message(folder()), AllOf(HasSubstr("\"sample\""), HasSubstr("samples")));
}

TEST_F(DatasetOfSevenSamples, RefusesNegativeAndOverflowingCounts) {
  write_text(file("meta.json"),
             R"({"schema": "shardwright.data/1", "samples": -1, "dense": [], "features": []})");
  EXPECT_THAT(open_message(folder()), AllOf(HasSubstr("samples"), HasSubstr("-1")));
  write_text(file("meta.json"),
             R"({"schema": "shardwright.data/1", "samples": 9223372036854775807, "dense": [],
                 "features": []})");
  EXPECT_THAT(open_message(folder()), HasSubstr("9223372036854775807"));
}

TEST(Dataset, SaysHowToMakeAFolderThatIsMissing) {
  EXPECT_THAT(open_message("/no/such/folder"),
              AllOf(HasSubstr("no data folder /no/such/folder"), HasSubstr("shardwright data")));
}

TEST(Dataset, RefusesAPathThatIsTooLong) {
  EXPECT_THAT(open_message(std::string(5000, 'x')), HasSubstr("There is no data folder"));
}

TEST(Dataset, SaysWhichFolderToGiveWhenMetaIsMissing) {
  const TemporaryFolder temporary;
  EXPECT_THAT(open_message(temporary / ""),
              AllOf(HasSubstr("holds no meta.json"), HasSubstr("train or test folder")));
}

TEST(Dataset, MayBeEmptyAndWithoutDenseFeatures) {
  const TemporaryFolder temporary;
  DatasetWriter writer(temporary / "empty", {}, {{"a", "a", false}});
  writer.finish();
  const Dataset dataset(temporary / "empty");
  EXPECT_EQ(dataset.size(), 0);
  EXPECT_EQ(dataset.num_dense(), 0);
  EXPECT_FALSE(std::filesystem::exists(temporary / "empty/dense.f32"));
  Batch batch;
  dataset.read(0, 0, batch);
  EXPECT_THAT(batch.features[0].ids, IsEmpty());
}

}  // namespace
}  // namespace shardwright
