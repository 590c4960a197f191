#include "costmodel/bytes.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

TEST(Bytes, TellGigabytesFromGibibytes) {
  EXPECT_EQ(parse_bytes("80GB").value(), 80'000'000'000);
  EXPECT_EQ(parse_bytes("16GiB").value(), 16LL * 1024 * 1024 * 1024);
  EXPECT_EQ(parse_bytes("512 MiB").value(), 512LL * 1024 * 1024);
  EXPECT_EQ(parse_bytes("1.5kb").value(), 1500);
  EXPECT_EQ(parse_bytes("4096").value(), 4096);
  EXPECT_EQ(parse_bytes("0").value(), 0);
}

TEST(Bytes, RefuseWhatIsNoSizeAndSayWhatIs) {
  for (const char* text :
       {"", "GB", "-1GB", "12 parsecs", "16G", "1e30TB", "nan", "inf", "80GBs"}) {
    try {
      parse_bytes(text);
      FAIL() << text;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("'" + std::string(text) + "'"));
      EXPECT_THAT(error.what(), HasSubstr("16GiB"));
    }
  }
}

TEST(Bytes, PrintThreeDigitsAndABinaryUnit) {
  EXPECT_EQ(format_bytes(Bytes(640)), "640 B");
  EXPECT_EQ(format_bytes(Bytes(0)), "0 B");
  EXPECT_EQ(format_bytes(Bytes(1024)), "1 KiB");
  EXPECT_EQ(format_bytes(Bytes(5LL * 256 * 1024 * 1024)), "1.25 GiB");
  EXPECT_EQ(format_bytes(Bytes(1023 * 1024)), "0.999 MiB");
  EXPECT_EQ(format_bytes(Bytes(-2048)), "-2 KiB");
  EXPECT_EQ(format_bytes(Bytes(std::numeric_limits<std::int64_t>::max())), "8 EiB");
}

TEST(CheckedProduct, RefusesOverflowAndNegativeFactorsNamingThem) {
  EXPECT_EQ(checked_product(3'000'000'000, 3'000'000'000, "x"), 9'000'000'000'000'000'000);
  EXPECT_THROW(checked_product(-1, 2, "x"), InputError);
  try {
    checked_product(4'000'000'000, 4'000'000'000, "the weights of t");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the weights of t"));
    EXPECT_THAT(error.what(), HasSubstr("4000000000"));
  }
}

}  // namespace
}  // namespace shardwright
