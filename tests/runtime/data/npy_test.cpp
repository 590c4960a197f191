#include "costmodel/errors.hpp"
#include "runtime/data/numpy/npy_array.hpp"
#include "runtime/data/numpy/npy_header.hpp"
#include "runtime/data/numpy/numpy_files.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

NpyHeader parse(const std::string& text) { return parse_npy_header(text, "a.npy", 10); }

std::string complaint(const std::string& text) {
  return message_of<InputError>([&] { parse(text); });
}

// A .npy file of version `major`.0 with `header` and `values`.
std::string npy(const std::string& header, const std::string& values, char major = 1) {
  std::string file = "\x93NUMPY";
  file += major;
  file += '\0';
  const auto length = static_cast<std::uint32_t>(header.size());
  const std::size_t bytes = major == 1 ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
  file.append(reinterpret_cast<const char*>(&length), bytes);
  return file + header + values;
}

std::string header_of(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}

class NpyFile : public testing::Test {
 protected:
  NpyArray open(const std::string& content) {
    write_text(folder_ / "a.npy", content);
    return open_array(folder_ / "a.npy");
  }
  std::string open_complaint(const std::string& content) {
    return message_of<InputError>([&] { open(content); });
  }
  TemporaryFolder folder_;
};

TEST(NpyHeaderText, IsTakenWithItsKeysInAnyOrderAndSpacing) {
  const NpyHeader header = parse("{\"shape\":(3L , 26),'fortran_order' : False,'descr':'<i8'}  \n");
  EXPECT_EQ(header.type.kind, 'i');
  EXPECT_EQ(header.type.bytes, 8);
  EXPECT_THAT(header.shape, ElementsAre(3, 26));
  EXPECT_THAT(parse(header_of("<f2", "(7,)")).shape, ElementsAre(7));
  EXPECT_TRUE(parse(header_of("<f2", "()")).shape.empty());
}

TEST(NpyHeaderText, NamesPlaceAndValueOfWhatIsWrong) {
  EXPECT_THAT(
      complaint(header_of(">i4", "(1,)")),
      AllOf(HasSubstr("a.npy: at byte 20: "), HasSubstr(">i4"), HasSubstr("little-endian")));
  EXPECT_THAT(complaint("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}"),
              HasSubstr("without fields"));
  EXPECT_THAT(complaint("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 2)}"),
              AllOf(HasSubstr("at byte 44"), HasSubstr("C order")));
  EXPECT_THAT(complaint("{'descr': '<i4', 'fortran_order': 0, 'shape': (2, 2)}"),
              HasSubstr("True or False"));
  EXPECT_THAT(complaint(header_of("<i4", "(9223372036854775808,)")), HasSubstr("63 bits"));
  EXPECT_THAT(complaint(header_of("<i4", "(-1,)")), HasSubstr("expected )"));
  EXPECT_THAT(complaint(header_of("<i4", "7")), HasSubstr("expected ("));
  EXPECT_THAT(complaint("{'descr': '<i4', 'descr': '<i4'}"), HasSubstr("each once"));
  EXPECT_THAT(complaint("{'descr': '<i4', 'shape': (1,)}"), HasSubstr("all of descr"));
  EXPECT_THAT(complaint(header_of("<i4", "(1,)") + "x"), HasSubstr("nothing behind"));
  EXPECT_THAT(complaint("{'descr': '<i4"), HasSubstr("in quotes"));
  EXPECT_THAT(complaint(""), HasSubstr("expected {"));
}

TEST_F(NpyFile, IsReadInEachVersionOfTheFormat) {
  for (const char version : {'\1', '\2', '\3'}) {
    NpyArray array =
        open(npy(header_of("<i2", "(2, 2)"), std::string("\1\0\2\0\xff\xff\0\1", 8), version));
    std::vector<std::int64_t> row;
    array.next(row);
    EXPECT_THAT(row, ElementsAre(1, 2));
    array.next(row);
    EXPECT_THAT(row, ElementsAre(-1, 256));
    EXPECT_THROW(array.next(row), std::out_of_range);
  }
}

TEST_F(NpyFile, HasItsNumbersConverted) {
  const std::vector<std::pair<std::string, std::string>> ones = {
      {"|b1", std::string("\1", 1)},
      {"|i1", std::string("\1", 1)},
      {"|u1", std::string("\1", 1)},
      {"<i2", std::string("\1\0", 2)},
      {"<u2", std::string("\1\0", 2)},
      {"<i4", std::string("\1\0\0\0", 4)},
      {"<u4", std::string("\1\0\0\0", 4)},
      {"<i8", std::string("\1\0\0\0\0\0\0\0", 8)},
      {"<u8", std::string("\1\0\0\0\0\0\0\0", 8)},
      {"<f2", std::string("\0\x3c", 2)},
      {"<f4", std::string("\0\0\x80\x3f", 4)},
      {"<f8", std::string("\0\0\0\0\0\0\xf0\x3f", 8)}};
  for (const auto& [type, bytes] : ones) {
    SCOPED_TRACE(type);
    std::vector<float> row;
    open(npy(header_of(type, "(1,)"), bytes)).next(row);
    EXPECT_THAT(row, ElementsAre(1.0F));
    std::vector<std::int64_t> integers;
    NpyArray again = open(npy(header_of(type, "(1,)"), bytes));
    if (type[1] == 'f') {
      EXPECT_THAT(message_of<InputError>([&] { again.next(integers); }),
                  HasSubstr("expected integers"));
    } else {
      again.next(integers);
      EXPECT_THAT(integers, ElementsAre(1));
    }
  }
}

TEST_F(NpyFile, IsRefusedIfItIsCutOffOrTooLong) {
  const std::string sound = npy(header_of("<i4", "(2,)"), std::string(8, '\0'));
  EXPECT_THAT(open_complaint(sound + "x"), HasSubstr("9 bytes of values are there"));
  for (std::size_t bytes = 0; bytes < sound.size(); ++bytes)
    EXPECT_THAT(open_complaint(sound.substr(0, bytes)), HasSubstr("a.npy: at byte ")) << bytes;
  EXPECT_THAT(open_complaint(npy(header_of("<i4", "(4611686018427387904, 4)"), "")),
              HasSubstr("any file can hold"));
}

TEST_F(NpyFile, IsRefusedIfItIsSomethingElse) {
  EXPECT_THAT(open_complaint("label,a\n0,1\n"), HasSubstr("no .npy file"));
  EXPECT_THAT(open_complaint(npy(header_of("<i4", "()"), std::string(4, '\0'))),
              HasSubstr("the shape is ()"));
  EXPECT_THAT(open_complaint(npy(header_of("<i4", "(1, 1, 1)"), std::string(4, '\0'))),
              HasSubstr("(1, 1, 1), expected (samples,)"));
  EXPECT_THAT(open_complaint(npy(header_of("<i4", "(0, 0)"), "")), HasSubstr("(0, 0)"));
  EXPECT_THAT(open_complaint(npy("", "", 4)), AllOf(HasSubstr("at byte 6"), HasSubstr("4.0")));
  EXPECT_THAT(open_complaint(std::string("\x93NUMPY\2\0\0\0\x20\0", 12)),
              HasSubstr("length is 2097152"));
  EXPECT_THAT(message_of<InputError>([&] { open_array(folder_ / "none.npy"); }),
              HasSubstr("No such file"));
  EXPECT_THAT(message_of<InputError>([&] { open_array(folder_ / ""); }),
              HasSubstr("not a regular file"));
}

// More rows than the buffer holds, which is refilled.
TEST_F(NpyFile, IsReadToItsEnd) {
  constexpr std::int32_t kRows = 50'000;
  std::string values(kRows * sizeof(std::int32_t), '\0');
  for (std::int32_t n = 0; n < kRows; ++n)
    std::memcpy(values.data() + static_cast<std::size_t>(n) * sizeof(n), &n, sizeof(n));
  NpyArray array = open(npy(header_of("<i4", "(50000,)"), values));
  std::vector<std::int64_t> row;
  for (std::int64_t n = 0; n < kRows; ++n) {
    array.next(row);
    ASSERT_EQ(row.front(), n);
  }
}

TEST(NumpyFileNames, AreOrderedByTheirNumbers) {
  EXPECT_TRUE(counts_before("day_2_", "day_10_"));
  EXPECT_FALSE(counts_before("day_10_", "day_2_"));
  EXPECT_TRUE(counts_before("day_02_", "day_2_") != counts_before("day_2_", "day_02_"));
  EXPECT_TRUE(counts_before("a", "b2"));
  EXPECT_TRUE(counts_before("day", "day_1"));
  EXPECT_FALSE(counts_before("day", "day"));
}

}  // namespace
}  // namespace shardwright
