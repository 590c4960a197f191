#include "runtime/data/criteo.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/criteo_line.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

constexpr const char* kTwentyLines = SHARDWRIGHT_SOURCE_DIR "/tests/data/criteo_20.tsv";

CriteoOptions options_for(const std::vector<std::string>& inputs, const std::string& folder) {
  CriteoOptions options;
  options.inputs = inputs;
  options.rows.assign(26, 1000);
  options.test_share = 0.3;
  options.output.folder = folder;
  return options;
}

// A legal line whose field `index` (from 0) is `text`.
std::string line_with(std::size_t index, const std::string& text) {
  std::string line;
  for (std::size_t i = 0; i < 40; ++i)
    line += (i == 0 ? "" : "\t") + (i == index ? text : std::string(i < 14 ? "1" : "0a"));
  return line;
}

Sample parse(const std::string& line, const std::vector<std::int64_t>& rows) {
  Sample sample;
  parse_criteo_line(line, "day.tsv", 7, rows, sample);
  return sample;
}

std::string parse_message(const std::string& line) {
  return message_of<InputError>([&] { parse(line, std::vector<std::int64_t>(26, 100)); });
}

Batch read_all(const std::string& folder) {
  const Dataset dataset(folder);
  Batch batch;
  dataset.read(0, dataset.size(), batch);
  return batch;
}

TEST(CriteoRow, KeepsRow0ForEmptyFields) {
  // mix(1) = 0x5692161d100b05e5, from the published SplitMix64: 6238072747940578789 mod 99 = 22.
  EXPECT_EQ(criteo_row(1, 100), 1 + 6238072747940578789U % 99);
  EXPECT_EQ(criteo_row(0xffffffff, 1), 0);
  EXPECT_EQ(criteo_row(0xffffffff, 2), 1);
  for (std::uint64_t id = 0; id < 1000; ++id) {
    EXPECT_GE(criteo_row(id, 7), 1);
    EXPECT_LT(criteo_row(id, 7), 7);
  }
}

TEST(CriteoRow, SpreadsIdsEvenly) {
  std::vector<int> counts(11);
  for (std::uint64_t id = 0; id < 10'000; ++id)
    ++counts[static_cast<std::size_t>(criteo_row(id << 8, 11))];
  EXPECT_EQ(counts[0], 0);
  for (std::size_t row = 1; row < counts.size(); ++row) EXPECT_NEAR(counts[row], 1000, 150);
}

TEST(CriteoLine, BecomesLogarithmsAndRows) {
  const std::string line = read_text(kTwentyLines);
  const std::vector<std::int64_t> rows(26, 1000);
  const Sample sample = parse(line.substr(0, line.find('\n')), rows);
  EXPECT_EQ(sample.label, 0);
  ASSERT_EQ(sample.dense.size(), 13U);
  EXPECT_FLOAT_EQ(sample.dense[0], std::log(2.0F));
  EXPECT_EQ(sample.dense[1], 0);  // empty
  EXPECT_EQ(sample.dense[2], 0);  // 0
  EXPECT_EQ(sample.dense[3], 0);  // -2
  EXPECT_FLOAT_EQ(sample.dense[12], std::log(8103.0F));
  ASSERT_EQ(sample.ids.size(), 26U);
  EXPECT_EQ(sample.ids[0][0], criteo_row(0, 1000));
  EXPECT_EQ(sample.ids[1][0], 0);  // empty
  EXPECT_EQ(sample.ids[25][0], criteo_row(25 % 16, 1000));
  EXPECT_THAT(sample.ids, Each(testing::SizeIs(1)));
}

TEST(CriteoLine, NamesALabelThatIsNeither0Nor1) {
  EXPECT_THAT(parse_message(line_with(0, "2")),
              AllOf(HasSubstr("day.tsv:7:1: label is \"2\""), HasSubstr("from 0 to 1")));
}

TEST(CriteoLine, NamesAnIntegerThatIsNone) {
  EXPECT_THAT(parse_message(line_with(5, "1.5")), HasSubstr("day.tsv:7:6: I5 is \"1.5\""));
}

TEST(CriteoLine, NamesAnIdThatIsNotHexadecimal) {
  EXPECT_THAT(parse_message(line_with(14, "zz")),
              AllOf(HasSubstr("day.tsv:7:15: C1 is \"zz\""), HasSubstr("hexadecimal")));
  EXPECT_THAT(parse_message(line_with(39, "05db9164 ")), HasSubstr("day.tsv:7:40: C26"));
}

TEST(CriteoLine, NamesALineWithAnotherNumberOfFields) {
  EXPECT_THAT(parse_message("1\t2\t3"),
              AllOf(HasSubstr("day.tsv:7: the line has 3 fields, expected 40"),
                    HasSubstr("1\\x092\\x093")));
  EXPECT_THAT(parse_message(line_with(0, "1") + "\t"), HasSubstr("has 41 fields"));
}

TEST(Criteo, SplitsALineStreamByTheSeed) {
  const TemporaryFolder temporary;
  const DataSummary summary =
      convert_criteo(options_for({kTwentyLines, kTwentyLines}, temporary / "out"));
  EXPECT_EQ(summary.parts[0].samples + summary.parts[1].samples, 40);
  EXPECT_EQ(summary.parts[0].positives + summary.parts[1].positives, 10);
  EXPECT_GT(summary.parts[1].samples, 3);
  EXPECT_LT(summary.parts[1].samples, 25);
  EXPECT_EQ(summary.workload.tables.size(), 26U);
  EXPECT_EQ(summary.workload.tables[25].name, "C26");
  EXPECT_EQ(summary.workload.tables[25].pooling, 1);
  EXPECT_EQ(Dataset(temporary / "out/train").dense_names()[12], "I13");

  const DataSummary again =
      convert_criteo(options_for({kTwentyLines, kTwentyLines}, temporary / "again"));
  EXPECT_EQ(again.parts[1].samples, summary.parts[1].samples);
}

TEST(Criteo, TakesTestFilesWhole) {
  const TemporaryFolder temporary;
  CriteoOptions options = options_for({kTwentyLines}, temporary / "out");
  options.test_inputs = {kTwentyLines};
  const DataSummary summary = convert_criteo(options);
  EXPECT_EQ(summary.parts[0].samples, 20);
  EXPECT_EQ(summary.parts[1].samples, 20);
  const Batch train = read_all(temporary / "out/train");
  EXPECT_EQ(train.labels[0], 0);
  EXPECT_EQ(train.labels[1], 1);  // every fourth line, from the second
  EXPECT_FLOAT_EQ(train.dense[12], std::log(8103.0F));
  EXPECT_TRUE(read_text(temporary / "out/train/dense.f32") ==
              read_text(temporary / "out/test/dense.f32"));
}

TEST(Criteo, LeavesNothingBehindOnABadLine) {
  const TemporaryFolder temporary;
  write_text(temporary / "bad.tsv", line_with(0, "1") + "\n" + line_with(20, "?") + "\n");
  EXPECT_THAT(message_of<InputError>([&] {
                convert_criteo(options_for({kTwentyLines, temporary / "bad.tsv"}, temporary / "o"));
              }),
              HasSubstr("bad.tsv:2:21: C7 is \"?\""));
  EXPECT_FALSE(std::filesystem::exists(temporary / "o"));
  EXPECT_FALSE(std::filesystem::exists(temporary / "o.partial"));
}

TEST(Criteo, RefusesAnotherNumberOfTables) {
  const TemporaryFolder temporary;
  CriteoOptions options = options_for({kTwentyLines}, temporary / "out");
  options.rows = {10, 20};
  EXPECT_THAT(message_of<UsageError>([&] { convert_criteo(options); }),
              AllOf(HasSubstr("10,20"), HasSubstr("expected 26 numbers")));
  options.rows.assign(26, 0);
  EXPECT_THAT(message_of<UsageError>([&] { convert_criteo(options); }), HasSubstr("1 or more"));
}

TEST(Criteo, ReadsARealSample) {
  const char* shared = std::getenv("SHARDWRIGHT_SHARED");
  const std::string folder =
      std::string(shared == nullptr ? "" : shared) + "/data/criteo_kaggle_8k";
  if (shared == nullptr || !std::filesystem::exists(folder))
    GTEST_SKIP() << "SHARDWRIGHT_SHARED names no folder with data/criteo_kaggle_8k";
  const TemporaryFolder temporary;
  CriteoOptions options = options_for({folder + "/train.tsv"}, temporary / "out");
  options.test_inputs = {folder + "/dev.tsv", folder + "/test.tsv"};
  const DataSummary summary = convert_criteo(options);
  EXPECT_EQ(summary.parts[0].samples, 7200);
  EXPECT_EQ(summary.parts[1].samples, 800);
  EXPECT_NEAR(static_cast<double>(summary.parts[0].positives + summary.parts[1].positives) / 8000,
              0.216, 0.001);
}

}  // namespace
}  // namespace shardwright
