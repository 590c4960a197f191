#include "runtime/checkpoint/safetensors.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SafetensorsTest : public testing::Test {
 protected:
  SafetensorsTest() { std::filesystem::create_directories(folder_); }
  ~SafetensorsTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// A file of this header and this many bytes of data.
  std::string write_raw(const std::string& header, std::size_t data_bytes) const {
    std::ofstream out(path("raw"), std::ios::binary);
    const std::uint64_t length = header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header << std::string(data_bytes, '\0');
    return path("raw");
  }

  static void expect_refused(const std::string& file, const std::string& sentence) {
    try {
      const SafetensorsReader reader(file);
      FAIL() << "accepted; expected: " << sentence;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(sentence));
    }
  }

  std::string folder_ = testing::TempDir() + "safetensors_test." + std::to_string(getpid());
};

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_F(SafetensorsTest, ReadsBackWhatWasWritten) {
  const std::vector<float> weights = {1.0F, -2.5F, 3.0F, 0.0F, 5.0F, 6.0F};
  const std::vector<float> state = {0.25F};
  write_safetensors(path("a"), std::vector<NamedTensor>{{"t/weights", {2, 3}, weights},
                                                        {"\"odd\" name\n", {1, 1}, state},
                                                        {"empty", {0, 4}, {}}});

  const SafetensorsReader reader(path("a"));

  EXPECT_EQ(reader.read("t/weights"), weights);
  EXPECT_EQ(reader.read("\"odd\" name\n"), state);
  EXPECT_EQ(reader.read("empty"), std::vector<float>());
  EXPECT_THAT(reader.entry("t/weights").shape, ElementsAre(2, 3));
  EXPECT_EQ(reader.entry("t/weights").dtype, "F32");
}

// {"__metadata__":{"format":"pt"},"x":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}} is 83
// bytes.
TEST_F(SafetensorsTest, LaysTheFileOutAsTheFormatSays) {
  const std::vector<float> value = {1.5F};
  const FileRecord record =
      write_safetensors(path("b"), std::vector<NamedTensor>{{"x", {1}, value}});
  const std::string bytes = bytes_of(path("b"));

  const std::string header =
      R"({"__metadata__":{"format":"pt"},"x":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  ASSERT_EQ(bytes.size(), 8U + 88U + 4U);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x58\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(8, 88), header + std::string(88 - header.size(), ' '));
  EXPECT_EQ(bytes.substr(96), std::string("\0\0\xc0\x3f", 4));
  EXPECT_EQ(record.bytes, 100);
  EXPECT_EQ(record.checksum, add_to_checksum(kEmptyChecksum, std::as_bytes(std::span(bytes))));
}

TEST_F(SafetensorsTest, ChecksumIsTheKnownFnv1a) {
  const std::string text = "foobar";
  EXPECT_EQ(add_to_checksum(kEmptyChecksum, std::as_bytes(std::span(text))), 0x85944171f73967e8U);
}

TEST_F(SafetensorsTest, WritesMoreThanOnePiece) {
  std::vector<float> values(700'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  write_safetensors(path("big"), std::vector<NamedTensor>{{"v", {700'000}, values}});

  EXPECT_EQ(SafetensorsReader(path("big")).read("v"), values);
}

TEST_F(SafetensorsTest, RefusesATruncatedFile) {
  const std::vector<float> values(16, 1.0F);
  write_safetensors(path("c"), std::vector<NamedTensor>{{"x", {16}, values}});
  const auto size = std::filesystem::file_size(path("c"));
  std::filesystem::resize_file(path("c"), size - 1);
  expect_refused(path("c"), "data_offsets[1] is 64, expected an integer from 0 to 63");
  std::filesystem::resize_file(path("c"), 40);
  expect_refused(path("c"), "its header should have");
  std::filesystem::resize_file(path("c"), 7);
  expect_refused(path("c"), "it has 7 bytes");
  expect_refused(path("absent"), "cannot be read");
}

TEST_F(SafetensorsTest, RefusesAHeaderThatDoesNotFitTheData) {
  expect_refused(write_raw("[1, 2]", 0), "expected an object");
  expect_refused(write_raw("{]", 0), "raw");
  expect_refused(write_raw(R"({"x":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", 4),
                 "x.dtype is \"F99\"");
  expect_refused(write_raw(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
                 "tensor x has 4 bytes, but its shape needs 8");
  expect_refused(write_raw(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4),
                 "data_offsets[1] is 0, expected an integer from 4 to 4");
  expect_refused(write_raw(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4),
                 "expected two positions");
}

TEST_F(SafetensorsTest, RefusesOverlapsAndHoles) {
  const std::string x = R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  expect_refused(
      write_raw("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8),
      "tensor y starts at byte 4 of the data, where 8 was expected");
  expect_refused(
      write_raw("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})", 16),
      "tensor y starts at byte 12");
  expect_refused(write_raw("{" + x + "}", 12), "end at byte 8 of the data, which has 12");
}

TEST_F(SafetensorsTest, RefusesShapesThatOverflow) {
  expect_refused(write_raw(R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],)"
                           R"("data_offsets":[0,0]}})",
                           0),
                 "x");
  expect_refused(write_raw(R"({"x":{"dtype":"F32","shape":[18446744073709551615],)"
                           R"("data_offsets":[0,0]}})",
                           0),
                 "shape[0]");
}

TEST_F(SafetensorsTest, SuggestsTheNearestTensor) {
  const std::vector<float> value = {1.0F};
  write_safetensors(path("d"), std::vector<NamedTensor>{{"weights", {1}, value}});
  try {
    SafetensorsReader(path("d")).read("wieghts");
    FAIL() << "found";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean weights?"));
  }
}

TEST_F(SafetensorsTest, AnUnwritableFileIsAnEnvironmentError) {
  try {
    write_safetensors(path("no/such/folder"), {});
    FAIL() << "written";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no/such/folder cannot be written: No such file"));
  }
}

}  // namespace
}  // namespace shardwright
