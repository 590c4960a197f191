#include "planner/spec/read_ahead_json.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

// 3 ids in 1 feature and 2 weighted ids in 2, 4 samples over 2 ranks.
Workload two_tables() {
  Table weighted = sample_table("b", 10, 8, 2);
  weighted.weighted = true;
  weighted.features = {"x", "y"};
  return {{sample_table("a", 10, 8, 3), weighted}, 4};
}

constexpr std::int64_t kOfSample = (8 * 3 + 4) + (12 * 2 + 4 * 2) + 4 * 13 + 4;

std::string reserve(const char* text, Topology& topology) {
  const auto config = nlohmann::json::parse(text);
  return reserve_read_ahead(JsonView(config, "train.json"), two_tables(), 13, topology);
}

TEST(ReadAheadJson, CountsWhatABatchHasOfEverySample) {
  EXPECT_EQ(bytes_of_batch(two_tables(), 13, 2, false), Bytes(2 * kOfSample));
  EXPECT_EQ(bytes_of_batch(two_tables(), 13, 2, true), Bytes(2 * (kOfSample + 8)));
  Workload absurd = two_tables();
  absurd.tables[0].pooling = 1e300;
  EXPECT_EQ(bytes_of_batch(absurd, 13, 2, false), Bytes(std::int64_t{1} << 61));
}

TEST(ReadAheadJson, ReservesBatchesOfBothParts) {
  Topology topology = sample_topology({10'000, 10'000});
  topology.ranks[1].reserved = Bytes(1000);
  EXPECT_THAT(reserve(R"({"schema": "shardwright.train/1", "epochs": 1})", topology),
              HasSubstr("2 batches to train on"));
  EXPECT_EQ(topology.ranks[0].reserved, Bytes(2 * 2 * 2 * kOfSample));
  EXPECT_EQ(topology.ranks[1].reserved, Bytes(2 * 2 * 2 * kOfSample + 1000));
  topology = sample_topology({10'000, 10'000});
  reserve(R"({"shuffle": true, "read_ahead": 5})", topology);
  EXPECT_EQ(topology.ranks[0].reserved, Bytes(2 * 5 * 2 * (kOfSample + 8)));
  topology = sample_topology({10'000, 10'000});
  reserve(R"({"read_ahead": 0})", topology);
  EXPECT_EQ(topology.ranks[0].reserved, Bytes(0));
}

TEST(ReadAheadJson, RefusesWhatDoesNotFitOrIsNoNumber) {
  Topology topology = sample_topology({100'000, 900});
  EXPECT_THAT(refusal_of<InputError>([&] { reserve("{}", topology); }),
              HasSubstr("What is read ahead takes 928 B of every rank, but rank 1 has 900 B"));
  EXPECT_THROW(reserve(R"({"read_ahead": -1})", topology), InputError);
  EXPECT_THROW(reserve(R"({"shuffle": 1})", topology), InputError);
}

TEST(ReadAheadJson, TellsWhetherTrainingOverlaps) {
  const auto asked = [](const char* text) {
    const auto config = nlohmann::json::parse(text);
    return overlaps(JsonView(config, "train.json"));
  };
  EXPECT_TRUE(asked(R"({"overlap": true})"));
  EXPECT_FALSE(asked(R"({"overlap": false})"));
  EXPECT_FALSE(asked("{}"));
}

}  // namespace
}  // namespace shardwright
