#include "costmodel/errors.hpp"
#include "runtime/data/csv_reader.hpp"
#include "runtime/data/line_reader.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& file) {
  LineReader reader(file);
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) lines.emplace_back(line);
  return lines;
}

// All records of a CSV text, the header left out.
std::vector<std::vector<std::string>> records_of(const std::string& text, std::size_t columns) {
  const TemporaryFolder temporary;
  write_text(temporary / "a.csv", text);
  CsvReader reader(temporary / "a.csv");
  std::vector<std::vector<std::string>> records;
  while (reader.next()) {
    records.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) records.back().emplace_back(reader.cell(i).text);
  }
  return records;
}

std::string csv_message(const std::string& text) {
  return message_of<InputError>([&] { records_of(text, 1); });
}

Cell cell_of(std::string_view text) { return {"day.tsv", 7, 15, "C1", text}; }

TEST(LineReader, AcceptsBothLineEndsAndAMissingLastOne) {
  const TemporaryFolder temporary;
  write_text(temporary / "a", "one\r\n\ntwo\nthree");
  EXPECT_THAT(lines_of(temporary / "a"), ElementsAre("one", "", "two", "three"));
  write_text(temporary / "empty", "");
  EXPECT_THAT(lines_of(temporary / "empty"), ElementsAre());
}

TEST(LineReader, ReadsFilesLargerThanItsBuffer) {
  const TemporaryFolder temporary;
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; text.size() < 5'000'000; ++i) {
    expected.emplace_back(static_cast<std::size_t>(i % 7 == 0 ? 300'000 : i % 91), 'x');
    text += expected.back() + "\n";
  }
  write_text(temporary / "a", text);
  EXPECT_TRUE(lines_of(temporary / "a") == expected);
}

TEST(LineReader, RefusesALineThatNeverEnds) {
  const TemporaryFolder temporary;
  write_text(temporary / "a", "first\n" + std::string(3'000'000, 'x'));
  EXPECT_THAT(message_of<InputError>([&] { lines_of(temporary / "a"); }),
              AllOf(HasSubstr("line 2"), HasSubstr("1048576 bytes")));
}

TEST(LineReader, SaysHowToReadACompressedFile) {
  const TemporaryFolder temporary;
  write_text(temporary / "a.gz", "\x1f\x8b\x08 and so on\n");
  EXPECT_THAT(message_of<InputError>([&] { lines_of(temporary / "a.gz"); }), HasSubstr("zcat"));
}

TEST(LineReader, NamesAFileThatIsMissingOrAFolder) {
  const TemporaryFolder temporary;
  EXPECT_THAT(message_of<InputError>([&] { lines_of(temporary / "none"); }),
              AllOf(HasSubstr(temporary / "none"), HasSubstr("No such file")));
  EXPECT_THAT(message_of<InputError>([&] { lines_of(temporary / ""); }),
              HasSubstr("Is a directory"));
}

TEST(LineReader, HashesWhatItReadAsFnv1a) {
  const TemporaryFolder temporary;
  write_text(temporary / "a", "foobar");
  LineReader reader(temporary / "a");
  std::string_view line;
  while (reader.next(line)) {
  }
  EXPECT_EQ(reader.hash(), "85944171f73967e8");  // the published test vector
}

TEST(CsvReader, ReadsQuotedCommasQuotesAndLineEnds) {
  EXPECT_THAT(records_of("a,b\n\"x, y\",\"11'09\"\"01\"\n\"two\nlines\",\n\"\",z\n", 2),
              ElementsAre(ElementsAre("x, y", "11'09\"01"), ElementsAre("two\nlines", ""),
                          ElementsAre("", "z")));
}

RC_GTEST_PROP(CsvReader, GivesBackWhatWasQuoted, (std::vector<std::string> fields)) {
  RC_PRE(!fields.empty());
  std::string header;
  std::string record;
  for (std::string& field : fields) {
    std::erase(field, '\r');  // \r\n within a field becomes \n
    header += header.empty() ? "h" : ",h";
    record += record.empty() ? "\"" : ",\"";
    for (const char c : field) record += c == '"' ? std::string("\"\"") : std::string(1, c);
    record += '"';
  }
  RC_ASSERT(records_of(header + "\n" + record + "\n", fields.size()) ==
            std::vector<std::vector<std::string>>{fields});
}

TEST(CsvReader, FindsColumnsByAnyOfTheirNames) {
  const TemporaryFolder temporary;
  write_text(temporary / "a.csv", "\xef\xbb\xbfuserId,Id\n1,2\n");
  const CsvReader reader(temporary / "a.csv");
  EXPECT_EQ(reader.column({"userId"}), 0U);
  EXPECT_EQ(reader.column({"movieId", "Id"}), 1U);
  EXPECT_THAT(message_of<InputError>([&] { reader.column({"rating"}); }),
              AllOf(HasSubstr("a.csv:1: no column is named rating"), HasSubstr("userId,Id")));
}

TEST(CsvReader, NamesALineWithAnotherNumberOfFields) {
  EXPECT_THAT(csv_message("a,b\n1,2\n1,2,3\n"),
              AllOf(HasSubstr("a.csv:3: the line has 3 fields, expected 2"), HasSubstr("\"a,b\"")));
}

TEST(CsvReader, NamesAQuoteThatIsNeverClosed) {
  EXPECT_THAT(csv_message("a,b\n1,\"2\n3,4\n"), HasSubstr("a.csv:2:2: the quote"));
}

TEST(CsvReader, EndsAFieldThatWouldTakeTheWholeFile) {
  std::string text = "a\n\"";
  while (text.size() < 3'000'000) text += "not closed\n";
  EXPECT_THAT(csv_message(text), HasSubstr("more than 1048576 bytes"));
}

TEST(CsvReader, NamesTextBehindAClosingQuote) {
  EXPECT_THAT(csv_message("a,b\n1,\"2\"3\n"), AllOf(HasSubstr("a.csv:2:2:"), HasSubstr("\"3\"")));
}

TEST(CsvReader, RefusesAnEmptyFile) { EXPECT_THAT(csv_message(""), HasSubstr("is empty")); }

TEST(Cell, RefusesNumbersThatDoNotFillTheFieldOrTheRange) {
  EXPECT_EQ(parse_integer(cell_of("-12"), -12, 5), -12);
  for (const char* text : {"", "1x", " 1", "1.0", "6", "-13", "99999999999999999999"})
    EXPECT_THAT(message_of<InputError>([&] { parse_integer(cell_of(text), -12, 5); }),
                AllOf(HasSubstr("day.tsv:7:15: C1 is \"" + std::string(text) + "\""),
                      HasSubstr("a whole number from -12 to 5")));
  EXPECT_EQ(parse_number(cell_of("4.5"), 0.5, 5), 4.5);
  for (const char* text : {"", "nan", "inf", "5.5", "4,5"})
    EXPECT_THAT(message_of<InputError>([&] { parse_number(cell_of(text), 0.5, 5); }),
                HasSubstr("a number from 0.5 to 5"));
  EXPECT_EQ(parse_hexadecimal(cell_of("05db9164")), 0x05db9164U);
  EXPECT_EQ(parse_hexadecimal(cell_of("FFFFFFFFFFFFFFFF")), ~std::uint64_t{0});
  for (const char* text : {"", "zz", "0x12", "-1", "12345678901234567"})
    EXPECT_THAT(message_of<InputError>([&] { parse_hexadecimal(cell_of(text)); }),
                HasSubstr("1 to 16 hexadecimal digits"));
}

TEST(Cell, ShowsWhatDoesNotPrintAndCutsWhatIsLong) {
  EXPECT_EQ(quote("a\tb\x7f"), "\"a\\x09b\\x7f\"");
  EXPECT_EQ(quote(std::string(50, 'a')), "\"" + std::string(40, 'a') + "…\"");
}

}  // namespace
}  // namespace shardwright
