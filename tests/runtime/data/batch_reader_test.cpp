#include "costmodel/errors.hpp"
#include "runtime/data/dataset.hpp"
#include "tests/runtime/data/example_dataset.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace shardwright {
namespace {

template <class T>
void append(std::vector<T>& all, const std::vector<T>& part) {
  all.insert(all.end(), part.begin(), part.end());
}

void append(Batch& all, const Batch& part) {
  all.size += part.size;
  append(all.labels, part.labels);
  append(all.dense, part.dense);
  all.features.resize(part.features.size());
  for (std::size_t i = 0; i < part.features.size(); ++i) {
    append(all.features[i].lengths, part.features[i].lengths);
    append(all.features[i].ids, part.features[i].ids);
    append(all.features[i].weights, part.features[i].weights);
  }
}

void expect_same(const Batch& a, const Batch& b) {
  RC_ASSERT(a.size == b.size);
  RC_ASSERT(a.labels == b.labels);
  RC_ASSERT(a.dense == b.dense);
  RC_ASSERT(a.features.size() == b.features.size());
  for (std::size_t i = 0; i < a.features.size(); ++i) {
    RC_ASSERT(a.features[i].lengths == b.features[i].lengths);
    RC_ASSERT(a.features[i].ids == b.features[i].ids);
    RC_ASSERT(a.features[i].weights == b.features[i].weights);
  }
}

std::vector<std::int64_t> sizes(const Dataset& dataset, std::int64_t batch_size,
                                std::int64_t num_ranks, std::int64_t step) {
  std::vector<std::int64_t> sizes;
  Batch batch;
  for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
    BatchReader(dataset, batch_size, rank, num_ranks).read(step, batch);
    sizes.push_back(batch.size);
  }
  return sizes;
}

void check_ranks_together(const Dataset& dataset) {
  const std::int64_t samples = dataset.size();
  const std::int64_t batch_size = *rc::gen::inRange<std::int64_t>(1, 50);
  const std::int64_t num_ranks = *rc::gen::inRange<std::int64_t>(1, 17);
  const std::int64_t steps = BatchReader(dataset, batch_size, 0, num_ranks).num_batches();
  RC_ASSERT(steps == (samples + batch_size - 1) / batch_size);
  Batch all;
  Batch part;
  for (std::int64_t step = 0; step < steps; ++step)
    for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
      BatchReader(dataset, batch_size, rank, num_ranks).read(step, part);
      RC_ASSERT(part.first_sample == all.size);
      RC_ASSERT(part.global_size == std::min(batch_size, samples - step * batch_size));
      append(all, part);
    }
  Batch whole;
  dataset.read(0, samples, whole);
  if (samples > 0) expect_same(all, whole);
  RC_ASSERT(all.size == samples);
}

class BatchReaderOfSamples : public testing::TestWithParam<std::int64_t> {};

TEST_P(BatchReaderOfSamples, HasTheRanksTogetherReadEverySampleOnceInOrder) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", GetParam());
  const Dataset dataset(temporary / "example");
  EXPECT_TRUE(rc::check([&] { check_ranks_together(dataset); }));
}

INSTANTIATE_TEST_SUITE_P(Samples, BatchReaderOfSamples, testing::Values(0, 1, 7, 24, 40));

TEST(BatchReader, CutsABatchIntoNearlyEqualParts) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 25);
  const Dataset dataset(temporary / "example");
  EXPECT_THAT(sizes(dataset, 10, 4, 0), testing::ElementsAre(2, 3, 2, 3));
  EXPECT_THAT(sizes(dataset, 10, 4, 2), testing::ElementsAre(1, 1, 1, 2));  // the last has 5
}

TEST(BatchReader, CutsABatchIntoThePartsThatTheRanksAreToHave) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 25);
  const Dataset dataset(temporary / "example");
  const BatchShares shares(std::vector<std::int64_t>{5, 0, 3, 2});
  Batch all;
  Batch part;
  std::vector<std::int64_t> sizes;
  for (std::int64_t step = 0; step < 3; ++step) {
    for (std::int64_t rank = 0; rank < 4; ++rank) {
      BatchReader(dataset, 10, rank, shares).read(step, part);
      sizes.push_back(part.size);
      append(all, part);
    }
  }
  EXPECT_THAT(sizes, testing::ElementsAre(5, 0, 3, 2, 5, 0, 3, 2, 2, 0, 2, 1)) << "the last has 5";
  Batch whole;
  dataset.read(0, 25, whole);
  EXPECT_EQ(all.labels, whole.labels);
}

TEST(BatchReader, LeavesRanksWithoutSamplesWhenTheBatchIsSmall) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 3);
  const Dataset dataset(temporary / "example");
  EXPECT_THAT(sizes(dataset, 2, 5, 0), testing::ElementsAre(0, 0, 1, 0, 1));
  Batch batch;
  BatchReader(dataset, 2, 0, 5).read(0, batch);
  EXPECT_EQ(batch.global_size, 2);
  EXPECT_EQ(batch.features.size(), 2U);
}

TEST(BatchReader, SaysThatTheEpochHasEnded) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 5);
  const Dataset dataset(temporary / "example");
  const BatchReader reader(dataset, 4, 1, 2);
  Batch batch;
  for (const std::int64_t step : {2, 3, 1000}) {
    reader.read(step, batch);
    EXPECT_EQ(batch.global_size, 0) << step;
    EXPECT_EQ(batch.size, 0) << step;
  }
}

TEST(BatchReader, TakesTheLargestBatchSizeThereIs) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 5);
  const Dataset dataset(temporary / "example");
  const BatchReader reader(dataset, std::numeric_limits<std::int64_t>::max(), 0, 1);
  EXPECT_EQ(reader.num_batches(), 1);
  Batch batch;
  reader.read(0, batch);
  EXPECT_EQ(batch.size, 5);
}

TEST(BatchReader, RefusesABatchSizeBelowOne) {
  const TemporaryFolder temporary;
  write_example(temporary / "example", 5);
  const Dataset dataset(temporary / "example");
  EXPECT_THAT(message_of<UsageError>([&] { const BatchReader reader(dataset, 0, 0, 1); }),
              testing::HasSubstr("batch size is 0"));
}

}  // namespace
}  // namespace shardwright
