#include "planner/spec/csv.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CsvDocument parse(const std::string& text) { return parse_csv({"t.csv", text}); }

std::string refusal(const std::string& text) {
  return refusal_of<InputError>([&] { parse(text); });
}

TEST(Csv, CutsLinesIntoCells) {
  const CsvDocument document = parse("Name, rows\na,1\nb , 2");
  EXPECT_THAT(document.header, ElementsAre("name", "rows"));
  ASSERT_EQ(document.rows.size(), 2U);
  EXPECT_THAT(document.rows[0].cells, ElementsAre("a", "1"));
  EXPECT_THAT(document.rows[1].cells, ElementsAre("b", "2"));
  EXPECT_EQ(document.column("rows"), 1U);
  EXPECT_EQ(document.column("dim"), std::nullopt);
}

TEST(Csv, CountsLinesAcrossBlankOnesAndQuotedBreaks) {
  const CsvDocument document = parse("name,note\n\na,\"x\ny\"\n  \nb,z\n");
  ASSERT_EQ(document.rows.size(), 2U);
  EXPECT_EQ(document.rows[0].line, 3);
  EXPECT_EQ(document.rows[1].line, 6);
}

TEST(Csv, KeepsCommasAndQuotesInsideQuotes) {
  EXPECT_THAT(parse("name,rows\n\"a, \"\"b\"\"\",1\n").rows.at(0).cells,
              ElementsAre("a, \"b\"", "1"));
}

TEST(Csv, AcceptsWindowsFiles) {
  const CsvDocument document = parse("\xEF\xBB\xBFname,rows\r\na,1\r\n");
  EXPECT_THAT(document.header, ElementsAre("name", "rows"));
  EXPECT_THAT(document.rows.at(0).cells, ElementsAre("a", "1"));
}

TEST(Csv, KeepsAnEmptyLastCell) {
  EXPECT_THAT(parse("name,rows\na,\n").rows.at(0).cells, ElementsAre("a", ""));
}

TEST(Csv, RefusesRowsOfAnotherWidth) {
  EXPECT_THAT(refusal("name,rows\na,1\nb\n"), HasSubstr("t.csv: line 3 has 1 cells, expected 2"));
}

TEST(Csv, RefusesAQuoteThatNeverEnds) {
  EXPECT_THAT(refusal("name,rows\n\"a,1\nb,2\n"), HasSubstr("t.csv: line 2"));
}

TEST(Csv, RefusesAColumnNamedTwice) {
  EXPECT_THAT(refusal("name,rows,Rows\n"), HasSubstr("'rows' twice"));
}

TEST(Csv, RefusesAnEmptyFile) {
  EXPECT_THAT(refusal("\n \n"), HasSubstr("t.csv: the file is empty"));
}

}  // namespace
}  // namespace shardwright
