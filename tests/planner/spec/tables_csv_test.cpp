#include "planner/spec/tables_csv.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Reading {
  std::vector<Table> tables;
  std::vector<std::string> notes;
};

Reading read(const std::string& text, const CsvOptions& options = {}) {
  Reading reading;
  const InputFile input{"t.csv", text};
  reading.tables = tables_of(entries_from_csv(input, options, reading.notes), input.name);
  return reading;
}

std::string refusal(const std::string& text, const CsvOptions& options = {}) {
  return refusal_of<InputError>([&] { read(text, options); });
}

TEST(TablesCsv, MakesUpNoMoreNamesThanMemoryHolds) {
  const std::string line = std::string(4000, 'n') + ",9,4,100000\n";
  EXPECT_THAT(refusal("name,rows,dim,num_features\n" + line), HasSubstr("8 MiB in all"));
}

TEST(TablesCsv, ReadsEveryColumnItKnows) {
  const Reading reading = read(
      "name,rows,dim,pooling,mode,weighted,dtype,optimizer,features\n"
      "a,1000,16,2.5,mean,true,bf16,adam,x;y\n");
  ASSERT_THAT(reading.tables, SizeIs(1));
  const Table& table = reading.tables[0];
  EXPECT_EQ(table.rows, 1000);
  EXPECT_EQ(table.dim, 16);
  EXPECT_EQ(table.pooling, 2.5);
  EXPECT_EQ(table.mode, PoolingMode::mean);
  EXPECT_TRUE(table.weighted);
  EXPECT_EQ(table.dtype, DataType::bf16);
  EXPECT_EQ(table.optimizer, OptimizerKind::adam);
  EXPECT_THAT(table.features, ElementsAre("x", "y"));
  EXPECT_THAT(reading.notes, IsEmpty());
}

TEST(TablesCsv, ReadsAPoolOfProductionTables) {
  const Reading reading = read(
      "name,rows,dim,pooling,num_features,output\n"
      "t1,80000000,128,6066.0,3,sequence\n"
      "t2,1591378,1024,24.003,1,pooled\n");
  ASSERT_THAT(reading.tables, SizeIs(2));
  EXPECT_EQ(reading.tables[0].mode, PoolingMode::none);
  EXPECT_THAT(reading.tables[0].features, ElementsAre("t1.0", "t1.1", "t1.2"));
  EXPECT_EQ(reading.tables[1].mode, PoolingMode::sum);
  EXPECT_THAT(reading.tables[1].features, ElementsAre("t2"));
}

TEST(TablesCsv, NotesIgnoredColumnsAndAssumedPooling) {
  const Reading reading = read("name,rows,dim,pooling,source,note\na,5,4,,x,y\nb,5,4,2,x,y\n");
  EXPECT_EQ(reading.tables[0].pooling, 1);
  EXPECT_THAT(reading.notes, ElementsAre(HasSubstr("source, note"), HasSubstr("1 tables have no")));
}

TEST(TablesCsv, SaysWhichColumnAnIgnoredOneMayBe) {
  EXPECT_THAT(read("name,rows,dim,poolin\na,5,4,3\n").notes,
              testing::Contains(HasSubstr("ignored: poolin (did you mean pooling?).")));
}

TEST(TablesCsv, TakesMissingDimsFromTheOption) {
  const Reading reading = read("name,rows,dim\na,5,\nb,5,8\n", {"", 16});
  EXPECT_EQ(reading.tables[0].dim, 16);
  EXPECT_EQ(reading.tables[1].dim, 8);
  EXPECT_THAT(refusal("name,rows,dim\na,5,\n"),
              AllOf(HasSubstr("line 2 has no dim"), HasSubstr("--embedding-dim")));
}

TEST(TablesCsv, ChoosesAModel) {
  const std::string text = "model,name,rows,dim\nm1,a,5,4\nm2,a,6,8\nm2,b,7,8\n";
  EXPECT_THAT(read(text, {"m2", {}}).tables, SizeIs(2));
  EXPECT_EQ(read(text, {"m1", {}}).tables.at(0).rows, 5);
  EXPECT_THAT(refusal(text), AllOf(HasSubstr("2 models"), HasSubstr("m1 (1), m2 (2)")));
  EXPECT_THAT(refusal(text, {"m3", {}}), AllOf(HasSubstr("'m3'"), HasSubstr("m1 (1), m2 (2)")));
  EXPECT_THAT(refusal("name,rows,dim\na,5,4\n", {"m1", {}}), HasSubstr("no column 'model'"));
}

TEST(TablesCsv, NeedsNoChoiceForOneModel) {
  EXPECT_THAT(read("model,name,rows,dim\nm,a,5,4\n").tables, SizeIs(1));
}

TEST(TablesCsv, SaysTheLineOfBadRows) {
  const std::string good = "name,rows,dim,pooling\na,5,4,1\n\n";
  EXPECT_THAT(refusal(good + "b,-5,4,1\n"), HasSubstr("t.csv: line 4.rows is -5"));
  EXPECT_THAT(refusal(good + "b,99999999999999999999,4,1\n"), HasSubstr("line 4.rows is 1e+20"));
  EXPECT_THAT(refusal(good + "b,many,4,1\n"), HasSubstr("line 4.rows is \"many\""));
  EXPECT_THAT(refusal(good + "b,,4,1\n"), HasSubstr("line 4.rows is \"\""));
}

TEST(TablesCsv, SaysTheLineOfBadDims) {
  EXPECT_THAT(refusal("name,rows,dim\na,5,30\n"),
              AllOf(HasSubstr("line 2.dim is 30"), HasSubstr("28 or 32")));
}

TEST(TablesCsv, SaysTheLineOfBadPooling) {
  const std::string header = "name,rows,dim,pooling\n";
  EXPECT_THAT(refusal(header + "a,5,4,-1\n"), HasSubstr("line 2.pooling is -1"));
  EXPECT_THAT(refusal(header + "a,5,4,nan\n"), HasSubstr("line 2.pooling is \"nan\""));
  EXPECT_THAT(refusal(header + "a,5,4,inf\n"), HasSubstr("line 2.pooling is \"inf\""));
  EXPECT_THAT(refusal(header + "a,5,4,1e999\n"), HasSubstr("line 2.pooling is \"1e999\""));
}

TEST(TablesCsv, SaysTheLinesOfANameThatComesTwice) {
  EXPECT_THAT(refusal("name,rows,dim\na,5,4\nb,5,4\na,5,4\n"),
              AllOf(HasSubstr("line 4.name is \"a\""), HasSubstr("line 2")));
}

TEST(TablesCsv, RefusesOtherBadCells) {
  EXPECT_THAT(refusal("name,rows,dim,weighted\na,5,4,maybe\n"),
              HasSubstr("line 2.weighted is \"maybe\""));
  EXPECT_THAT(refusal("name,rows,dim,output\na,5,4,both\n"), HasSubstr("pooled or sequence"));
  EXPECT_THAT(refusal("name,rows,dim,num_features\na,5,4,0\n"),
              HasSubstr("line 2.num_features is \"0\""));
  EXPECT_THAT(refusal("name,rows,dim,mode,output\na,5,4,sum,pooled\n"), HasSubstr("line 2.mode"));
}

TEST(TablesCsv, NamesTheColumnThatIsMissing) {
  EXPECT_THAT(refusal("name,row,dim\na,5,4\n"),
              AllOf(HasSubstr("no column 'rows'"), HasSubstr("is it 'row'?")));
}

TEST(TablesCsv, RefusesTextThatIsNotUtf8) {
  EXPECT_THAT(refusal("name,rows,dim\n\xff\xfe,5,4\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("UTF-8")));
}

}  // namespace
}  // namespace shardwright
