// The kept inputs of the fuzz targets: seeds, and one for each defect that was found, by which it
// was repaired. Each must be read or refused; the sanitizers' builds look closer.

#include "tests/fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>

namespace shardwright::fuzz {

// Instead of its bytes, which hold addresses.
void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::map<std::string, std::string> inputs_of(const Target& target) {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : fs::directory_iterator(fs::path(SHARDWRIGHT_CORPUS) / target.name)) {
    inputs[entry.path().filename()] = content_of(entry.path());
  }
  return inputs;
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, IsReadOrRefused) {
  std::size_t accepted = 0;
  for (const auto& [name, input] : inputs_of(GetParam())) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(accepted += accepts(GetParam(), input) ? 1U : 0U);
  }
  EXPECT_GT(accepted, 0U) << "no input reaches the end of its reader";
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace shardwright::fuzz
