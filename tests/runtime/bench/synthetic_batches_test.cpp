#include "runtime/bench/synthetic_batches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace shardwright {
namespace {

Workload two_tables() {
  Table users;
  users.name = "users";
  users.rows = 1000;
  users.dim = 8;
  users.pooling = 3;
  users.features = {"user"};
  Table items = users;
  items.name = "items";
  items.weighted = true;
  items.pooling = 4;
  items.features = {"seen", "liked"};
  return {.tables = {users, items}, .batch_size = 7};
}

/// One rank's samples behind another's.
void append(const Batch& part, Batch& whole) {
  whole.size += part.size;
  whole.labels.insert(whole.labels.end(), part.labels.begin(), part.labels.end());
  whole.dense.insert(whole.dense.end(), part.dense.begin(), part.dense.end());
  for (std::size_t f = 0; f < part.features.size(); ++f) {
    const Bags& from = part.features[f];
    Bags& to = whole.features[f];
    to.lengths.insert(to.lengths.end(), from.lengths.begin(), from.lengths.end());
    to.ids.insert(to.ids.end(), from.ids.begin(), from.ids.end());
    to.weights.insert(to.weights.end(), from.weights.begin(), from.weights.end());
  }
}

TEST(SyntheticBatches, AreTheSameForAnyNumberOfRanks) {
  const SyntheticBatches batches(two_tables(), 2, 1.05, 5);
  const Batch expected = batches.make(3, 0, 1);
  for (const std::int64_t ranks : {2, 3, 8}) {
    Batch joined;
    joined.features.resize(3);
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const Batch part = batches.make(3, rank, ranks);
      EXPECT_EQ(part.first_sample, joined.size);
      EXPECT_EQ(part.global_size, 7);
      append(part, joined);
    }
    EXPECT_EQ(joined.size, 7);
    EXPECT_EQ(joined.labels, expected.labels);
    EXPECT_EQ(joined.dense, expected.dense);
    for (std::size_t f = 0; f < 3; ++f) {
      EXPECT_EQ(joined.features[f].ids, expected.features[f].ids);
      EXPECT_EQ(joined.features[f].lengths, expected.features[f].lengths);
      EXPECT_EQ(joined.features[f].weights, expected.features[f].weights);
    }
  }
}

TEST(SyntheticBatches, HaveBagsOfTheTablesPooling) {
  const Batch batch = SyntheticBatches(two_tables(), 2, 1.05, 5).make(0, 0, 1);
  EXPECT_THAT(batch.features[0].lengths, testing::Each(3));
  EXPECT_THAT(batch.features[1].lengths, testing::Each(2));
  EXPECT_TRUE(batch.features[0].weights.empty());
  EXPECT_EQ(batch.features[2].weights.size(), 14U);
  EXPECT_EQ(batch.dense.size(), 14U);
}

TEST(SyntheticBatches, AreFreshInEveryStepAndRepeatable) {
  const SyntheticBatches batches(two_tables(), 0, 1.05, 5);
  EXPECT_EQ(batches.make(1, 0, 1).features[0].ids, batches.make(1, 0, 1).features[0].ids);
  EXPECT_NE(batches.make(1, 0, 1).features[0].ids, batches.make(2, 0, 1).features[0].ids);
  EXPECT_NE(SyntheticBatches(two_tables(), 0, 1.05, 6).make(1, 0, 1).features[0].ids,
            batches.make(1, 0, 1).features[0].ids);
}

TEST(SyntheticBatches, FollowTheSkew) {
  constexpr std::int64_t kFavourite = 2654435761 % 1000;  // rank 1, the most popular one
  Workload workload = two_tables();
  workload.batch_size = 2000;
  const auto share_of_favourite = [&](double zipf) {
    const Batch batch = SyntheticBatches(workload, 0, zipf, 5).make(0, 0, 1);
    const auto& ids = batch.features[0].ids;
    return static_cast<double>(std::count(ids.begin(), ids.end(), kFavourite)) /
           static_cast<double>(ids.size());
  };
  EXPECT_LT(share_of_favourite(0.0), 0.01);
  EXPECT_GT(share_of_favourite(1.05), 0.05);
}

}  // namespace
}  // namespace shardwright
