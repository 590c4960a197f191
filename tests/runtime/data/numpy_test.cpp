#include "costmodel/errors.hpp"
#include "runtime/data/dataset.hpp"
#include "runtime/data/numpy/convert_numpy.hpp"
#include "runtime/data/numpy/zip_directory.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// What tests/data/make_numpy.py has written with numpy.
const std::string kFolder = SHARDWRIGHT_SOURCE_DIR "/tests/data/numpy";

NumpyOptions options_for(const std::string& input, const std::string& folder) {
  NumpyOptions options;
  options.inputs = {input};
  const bool stored = input == kFolder + "/hot/stored";
  options.test_inputs = {input == kFolder ? kFolder + "/day_10"
                                          : kFolder + (stored ? "/hot/zip64" : "/hot/stored")};
  options.output.folder = folder;
  return options;
}

Batch read_all(const std::string& folder) {
  const Dataset dataset(folder);
  Batch batch;
  dataset.read(0, dataset.size(), batch);
  return batch;
}

class Numpy : public testing::Test {
 protected:
  std::string complaint(const NumpyOptions& options) {
    return message_of<InputError>([&] { convert_numpy(options); });
  }
  // A folder with the arrays of one of those of `hot`, to be spoilt.
  std::string copy(const std::string& name) {
    std::filesystem::copy(kFolder + "/hot/" + name, folder_ / name);
    return folder_ / name;
  }
  std::string archive_complaint(const std::string& content) {
    write_text(folder_ / "a.npz", content);
    return message_of<InputError>([&] {
      NumpyBags bags(folder_ / "a.npz");
      std::vector<std::vector<std::int64_t>> ids;
      for (std::int64_t n = 0; n < bags.samples(); ++n) bags.next({}, ids);
    });
  }
  TemporaryFolder folder_;
};

TEST_F(Numpy, HasColumnsAsFeatures) {
  const DataSummary summary = convert_numpy(options_for(kFolder, folder_ / "out"));
  EXPECT_EQ(summary.parts[0].samples, 4);  // day_2
  EXPECT_EQ(summary.parts[0].positives, 2);
  EXPECT_EQ(summary.parts[1].samples, 3);  // day_10
  ASSERT_EQ(summary.workload.tables.size(), 2U);
  EXPECT_EQ(summary.workload.tables[1].name, "C2");
  const Batch train = read_all(folder_ / "out/train");
  EXPECT_THAT(train.labels, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(train.dense, ElementsAre(-1, -.75, -.5, -.25, 0, .25, .5, .75, 1, 1.25, 1.5, 1.75));
  EXPECT_THAT(train.features[0].ids, ElementsAre(0, 14 % 11, 28 % 11, 42 % 11));
  EXPECT_THAT(train.features[1].ids, ElementsAre(7, 21 % 11, 35 % 11, 49 % 11));
  EXPECT_THAT(read_all(folder_ / "out/test").features[1].ids, ElementsAre(7, 10, 2));
  EXPECT_EQ(summary.workload.tables[0].rows, 10);  // the largest is 42 % 11 = 9
  EXPECT_EQ(summary.workload.tables[1].rows, 11);  // 21 % 11 = 10
}

TEST_F(Numpy, HasBagsFromStoredDeflatedAndZip64Archives) {
  for (const char* name : {"stored", "deflated", "zip64"}) {
    SCOPED_TRACE(name);
    const std::string out = folder_ / name;
    const DataSummary summary = convert_numpy(options_for(kFolder + "/hot/" + name, out));
    const Batch train = read_all(out + "/train");
    EXPECT_EQ(summary.parts[0].samples, 4);
    EXPECT_THAT(train.labels, ElementsAre(0, 1, 0, 1));
    EXPECT_THAT(train.features[0].lengths, ElementsAre(3, 3, 3, 3));
    EXPECT_THAT(train.features[0].ids, ElementsAre(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1));
    EXPECT_THAT(train.features[1].ids, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(train.features[2].ids, ElementsAre(0, 1000, 2000, 3000));
    EXPECT_EQ(summary.workload.tables[0].pooling, 3);
    EXPECT_EQ(summary.workload.tables[2].rows, 3001);
  }
}

TEST_F(Numpy, LeavesOutPaddingAndWrapsIds) {
  NumpyOptions options = options_for(kFolder + "/hot/deflated", folder_ / "out");
  options.ids = {.rows = {4, 3, 7}, .wrap = true, .padding_id = 1};
  convert_numpy(options);
  const Batch train = read_all(folder_ / "out/train");
  EXPECT_THAT(train.features[0].lengths, ElementsAre(2, 3, 2, 2));
  EXPECT_THAT(train.features[0].ids, ElementsAre(0, 2, 3, 0, 0, 2, 3, 0, 0));
  EXPECT_THAT(train.features[1].lengths, ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(train.features[2].ids, ElementsAre(0, 1000 % 7, 2000 % 7, 3000 % 7));
}

TEST_F(Numpy, SplitsByTheSeed) {
  NumpyOptions options = options_for(kFolder, folder_ / "out");
  options.test_inputs.clear();
  options.test_share = 0.5;
  const DataSummary summary = convert_numpy(options);
  EXPECT_EQ(summary.parts[0].samples + summary.parts[1].samples, 7);
  EXPECT_THAT(summary.remarks.front(), HasSubstr("probability 0.5"));
}

TEST_F(Numpy, NamesTheIdThatIsOutsideItsTable) {
  NumpyOptions options = options_for(kFolder, folder_ / "out");
  options.ids.rows = {100, 10};
  EXPECT_THAT(
      complaint(options),
      AllOf(HasSubstr("day_2_sparse.npy: at byte 140: the value of sample 1, column 1, is 10"),
            HasSubstr("from 0 to 9 (feature C2)")));
  options = options_for(kFolder + "/hot/deflated", folder_ / "out");
  options.ids.rows = {2000};
  EXPECT_THAT(complaint(options),
              AllOf(HasSubstr("npz: \"2.npy\": at byte 144: the value of sample 2 is 2000"),
                    HasSubstr("feature C3")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(Numpy, RefusesTheWrongNumberOfRows) {
  NumpyOptions options = options_for(kFolder, folder_ / "out");
  options.ids.rows = {100, 10, 10};
  EXPECT_THAT(message_of<UsageError>([&] { convert_numpy(options); }),
              HasSubstr("3 numbers, expected 2"));
}

TEST_F(Numpy, RefusesRunsThatDoNotFitTogether) {
  NumpyOptions options = options_for(kFolder, folder_ / "out");
  options.test_inputs = {kFolder + "/hot/stored"};
  EXPECT_THAT(complaint(options), HasSubstr("has the features C1,C2,C3"));
  options.test_inputs = {copy("stored")};
  options.inputs = {kFolder + "/hot/stored"};
  std::filesystem::remove(folder_ / "stored/dense.npy");
  EXPECT_THAT(complaint(options), HasSubstr("are 0 dense features"));
  std::filesystem::copy(kFolder + "/day_10_dense.npy", folder_ / "stored/dense.npy");
  EXPECT_THAT(complaint(options), HasSubstr("dense.npy has 3 samples"));
  options.test_inputs = options.inputs;
  EXPECT_THAT(message_of<UsageError>([&] { convert_numpy(options); }), HasSubstr("test part"));
}

TEST_F(Numpy, NamesLabelsAndDenseValuesThatAreNone) {
  NumpyOptions options = options_for(copy("stored"), folder_ / "out");
  std::filesystem::copy(kFolder + "/day_2_dense.npy", folder_ / "stored/labels.npy",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(complaint(options), HasSubstr("labels.npy has 3 columns"));
  std::filesystem::copy(kFolder + "/hot/zip64/labels.npy", folder_ / "stored/labels.npy",
                        std::filesystem::copy_options::overwrite_existing);
  std::string labels = read_text(folder_ / "stored/labels.npy");
  labels.back() = 7;
  write_text(folder_ / "stored/labels.npy", labels);
  EXPECT_THAT(complaint(options), HasSubstr("sample 3 is 7, expected a label of 0 or 1"));
  labels.back() = 1;
  write_text(folder_ / "stored/labels.npy", labels);
  std::string dense = read_text(folder_ / "stored/dense.npy");
  dense.back() = 0x7c;  // infinity in float16
  dense[dense.size() - 2] = 0;
  write_text(folder_ / "stored/dense.npy", dense);
  EXPECT_THAT(complaint(options), HasSubstr("sample 3, column 2, is inf, expected a finite"));
}

TEST_F(Numpy, SaysWhatIsMissing) {
  NumpyOptions options = options_for(folder_ / "none", folder_ / "out");
  EXPECT_THAT(complaint(options), HasSubstr("neither a folder"));
  options.inputs = {folder_ / ""};
  EXPECT_THAT(complaint(options), HasSubstr("holds no *labels.npy"));
  options.inputs = {copy("stored")};
  std::filesystem::copy(kFolder + "/day_2_sparse.npy", folder_ / "stored/sparse.npy");
  EXPECT_THAT(complaint(options), HasSubstr("both there"));
  std::filesystem::remove(folder_ / "stored/sparse.npy");
  std::filesystem::remove(folder_ / "stored/sparse_multi_hot.npz");
  EXPECT_THAT(complaint(options), HasSubstr("neither"));
}

// An archive with a byte changed or the end cut off, by steps, is read or refused, never else.
TEST_F(Numpy, ReadsOrRefusesDamagedArchives) {
  for (const char* name : {"stored", "deflated", "zip64"}) {
    const std::string sound = read_text(kFolder + "/hot/" + name + "/sparse_multi_hot.npz");
    EXPECT_EQ(archive_complaint(sound), "(no error)");
    for (std::size_t bytes = 0; bytes < sound.size(); bytes += 31)
      EXPECT_THAT(archive_complaint(sound.substr(0, bytes)), HasSubstr("a.npz"));
    for (std::size_t at = 0; at < sound.size(); at += 5) {
      std::string damaged = sound;
      damaged[at] = static_cast<char>(~damaged[at]);
      EXPECT_THAT(archive_complaint(damaged), testing::Not(HasSubstr("another kind"))) << at;
    }
  }
}

TEST_F(Numpy, FindsDamagedValuesByTheirChecksum) {
  std::string archive = read_text(kFolder + "/hot/stored/sparse_multi_hot.npz");
  const RandomFile file(kFolder + "/hot/stored/sparse_multi_hot.npz");
  const ZipDirectory directory = read_zip_directory(file);
  ASSERT_EQ(directory.members.size(), 3U);
  const ByteRegion& last = directory.members[2].region;
  archive[static_cast<std::size_t>(last.offset + last.stored_bytes) - 1] ^= 1;
  EXPECT_THAT(archive_complaint(archive),
              AllOf(HasSubstr("\"2.npy\": at byte 144: the CRC-32"), HasSubstr("expected")));
}

}  // namespace
}  // namespace shardwright
