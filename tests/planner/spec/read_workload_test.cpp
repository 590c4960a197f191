#include "planner/spec/read_workload.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

SpecSource lists(const std::string& rows, const std::string& hot, std::int64_t dim) {
  SpecSource source;
  source.lists.num_embeddings_per_feature = rows;
  source.lists.multi_hot_sizes = hot;
  source.lists.embedding_dim = dim;
  return source;
}

SpecSource file(const std::string& name) {
  SpecSource source;
  source.file = name;
  return source;
}

// A file with `content` that lives as long as this.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : path_(::testing::TempDir() + "/" + std::to_string(getpid()) + "_" + name) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string usage_refusal(const SpecSource& source) {
  return refusal_of<UsageError>([&] { read_workload(source); });
}

TEST(ReadWorkload, ReadsCommaLists) {
  const auto reading = read_workload(lists("40000000, 39060", "3,2", 128));
  ASSERT_THAT(reading.workload.tables, SizeIs(2));
  const Table& table = reading.workload.tables[1];
  EXPECT_EQ(table.name, "t_cat_1");
  EXPECT_THAT(table.features, ElementsAre("cat_1"));
  EXPECT_EQ(table.rows, 39060);
  EXPECT_EQ(table.dim, 128);
  EXPECT_EQ(table.pooling, 2);
}

TEST(ReadWorkload, ReadsADashList) {
  SpecSource source;
  source.lists.arch_embedding_size = "80000-70000";
  source.lists.embedding_dim = 64;
  const auto reading = read_workload(source);
  ASSERT_THAT(reading.workload.tables, SizeIs(2));
  EXPECT_EQ(reading.workload.tables[1].rows, 70000);
  EXPECT_EQ(reading.workload.tables[1].dim, 64);
  EXPECT_THAT(reading.notes, ElementsAre(HasSubstr("1 id per sample")));
}

TEST(ReadWorkload, RefusesListsThatDoNotFitTogether) {
  EXPECT_THAT(usage_refusal(lists("10,20", "1", 4)),
              AllOf(HasSubstr("1 values"), HasSubstr("expected 2")));
  SpecSource both = lists("10,20", "", 4);
  both.lists.arch_embedding_size = "10-20";
  EXPECT_THAT(usage_refusal(both), HasSubstr("needed once"));
  SpecSource no_rows;
  no_rows.lists.multi_hot_sizes = "1,2";
  EXPECT_THAT(usage_refusal(no_rows), HasSubstr("needed once"));
  SpecSource no_dim;
  no_dim.lists.num_embeddings_per_feature = "10";
  EXPECT_THAT(usage_refusal(no_dim), HasSubstr("--embedding-dim"));
}

TEST(ReadWorkload, SaysWhichListedTableIsBad) {
  const auto refusal = [](const SpecSource& source) {
    return refusal_of<InputError>([&] { read_workload(source); });
  };
  EXPECT_THAT(refusal(lists("10,-5", "1,1", 4)), HasSubstr("command line: t_cat_1.rows is -5"));
  EXPECT_THAT(refusal(lists("10,,5", "1,1,1", 4)), HasSubstr("t_cat_1.rows is \"\""));
  EXPECT_THAT(refusal(lists("10,5", "1,-1", 4)), HasSubstr("t_cat_1.pooling is -1"));
  EXPECT_THAT(refusal(lists("10,5", "1,1", 30)), HasSubstr("t_cat_0.dim is 30"));
}

TEST(ReadWorkload, WarnsAboutTablesThatAreNeverLookedUp) {
  const auto reading = read_workload(lists("10,20,30", "0,2,0", 4));
  EXPECT_THAT(reading.notes,
              ElementsAre(AllOf(HasSubstr("Warning: 2 of 3"), HasSubstr("t_cat_0, t_cat_2"))));
}

TEST(ReadWorkload, TellsJsonFromCsvByContent) {
  const TemporaryFile json("spec_a.txt",
                           R"({"schema": "shardwright.tables/1",
                               "tables": [{"name": "a", "rows": 5, "dim": 4}]})");
  const TemporaryFile csv("spec_b.txt", "name,rows,dim\nb,5,4\n");
  EXPECT_EQ(read_workload(file(json.path())).workload.tables.at(0).name, "a");
  EXPECT_EQ(read_workload(file(csv.path())).workload.tables.at(0).name, "b");
}

TEST(ReadWorkload, FingerprintsItsInput) {
  const TemporaryFile csv("spec_c.csv", "name,rows,dim\nb,5,4\n");
  const auto inputs = read_workload(file(csv.path())).inputs;
  ASSERT_TRUE(inputs.contains(csv.path()));
  EXPECT_THAT(inputs.at(csv.path()), SizeIs(16));
}

TEST(ReadWorkload, RefusesTwoSourcesAndNone) {
  SpecSource both = lists("10", "1", 4);
  both.file = "tables.json";
  EXPECT_THAT(usage_refusal(both), HasSubstr("given twice"));
  EXPECT_THAT(usage_refusal(SpecSource{}), HasSubstr("No tables were given"));
}

TEST(ReadWorkload, RefusesOptionsThatDoNothing) {
  const TemporaryFile json("spec_d.json",
                           R"({"schema": "shardwright.tables/1",
                               "tables": [{"name": "a", "rows": 5, "dim": 4}]})");
  SpecSource source = file(json.path());
  source.csv_model = "m";
  EXPECT_THAT(usage_refusal(source), HasSubstr("--csv-model"));
  source = file(json.path());
  source.lists.embedding_dim = 8;
  EXPECT_THAT(usage_refusal(source), HasSubstr("--embedding-dim"));
  source = lists("10", "1", 4);
  source.csv_model = "m";
  EXPECT_THAT(usage_refusal(source), HasSubstr("--csv-model"));
}

TEST(ReadWorkload, NamesAFileThatCannotBeRead) {
  EXPECT_THAT(refusal_of<InputError>([] { read_workload(file("/nowhere/t.json")); }),
              AllOf(HasSubstr("/nowhere/t.json"), HasSubstr("No such file")));
  EXPECT_THAT(refusal_of<InputError>([] { read_workload(file(::testing::TempDir())); }),
              HasSubstr("is a folder"));
}

TEST(ReadWorkload, NamesAPathThatIsTooLong) {
  EXPECT_THROW(read_workload({std::string(5000, 'x'), "", {}}), InputError);
}

TEST(ReadWorkload, ReadsNoInputWithoutEnd) {
  EXPECT_THAT(refusal_of<InputError>([] { read_workload(file("/dev/zero")); }),
              AllOf(HasSubstr("/dev/zero"), HasSubstr("256 MiB")));
}

// Specs as they come from the field; SHARDWRIGHT_SHARED names the folder that holds them.
class FieldSpecs : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("SHARDWRIGHT_SHARED");
    if (shared == nullptr) GTEST_SKIP() << "SHARDWRIGHT_SHARED is not set";
    folder_ = std::string(shared) + "/data/table_specs/";
  }
  std::string folder_;
};

TEST_F(FieldSpecs, ReadsMlperfFromAListOfModels) {
  SpecSource source = file(folder_ + "table_specs.csv");
  source.csv_model = "mlperf_dlrm_dcnv2_criteo1tb";
  const auto tables = read_workload(source).workload.tables;
  ASSERT_THAT(tables, SizeIs(26));
  EXPECT_EQ(tables[20].pooling, 100);
}

TEST_F(FieldSpecs, ReadsAProductionPool) {
  EXPECT_THAT(read_workload(file(folder_ + "production_table_pool.csv")).workload.tables,
              SizeIs(968));
}

}  // namespace
}  // namespace shardwright
