#include "runtime/data/shuffled_order.hpp"

#include "runtime/data/dataset.hpp"
#include "runtime/data/read_throughput.hpp"
#include "tests/runtime/data/example_dataset.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

std::vector<std::int64_t> order_of(std::int64_t size, std::uint64_t seed, std::int64_t epoch) {
  const ShuffledOrder order(size, seed, epoch);
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < size; ++i) samples.push_back(order.sample(i));
  return samples;
}

// Labels tell nothing of the sample, dense values do: the first is the sample's number.
std::vector<std::int64_t> samples_read(const Dataset& dataset, std::int64_t num_ranks,
                                       std::int64_t epoch) {
  std::vector<std::int64_t> samples;
  Batch batch;
  const std::int64_t batches = BatchReader(dataset, 7, 0, 1).num_batches();
  for (std::int64_t step = 0; step < batches; ++step)
    for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
      BatchReader(dataset, 7, rank, num_ranks, 5).read(epoch, step, batch);
      EXPECT_EQ(batch.first_sample, std::ssize(samples));
      for (std::int64_t n = 0; n < batch.size; ++n) {
        const auto i = static_cast<std::size_t>(n);
        samples.push_back(static_cast<std::int64_t>(batch.dense[2 * i]));
        EXPECT_EQ(batch.sample_number(n), samples.back());
        EXPECT_EQ(batch.features[1].ids[i], -samples.back());
        EXPECT_EQ(batch.features[0].lengths[i], samples.back() % 3);
      }
    }
  return samples;
}

TEST(ShuffledOrder, HasEverySampleOnce) {
  for (const std::int64_t size : {1, 2, 3, 4, 5, 15, 16, 17, 100, 1000}) {
    std::vector<std::int64_t> samples = order_of(size, 1, 0);
    std::sort(samples.begin(), samples.end());
    std::vector<std::int64_t> all(static_cast<std::size_t>(size));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(samples, all) << size;
  }
}

TEST(ShuffledOrder, DependsOnSeedAndEpochAlone) {
  const std::vector<std::int64_t> samples = order_of(1000, 1, 0);
  EXPECT_EQ(order_of(1000, 1, 0), samples);
  EXPECT_NE(order_of(1000, 2, 0), samples);
  EXPECT_NE(order_of(1000, 1, 1), samples);
}

// Over seeds every sample comes to every place alike: 6000 draws of 6 in 36 cells of 1000 ± 5 σ.
TEST(ShuffledOrder, FavoursNoPlace) {
  std::vector<int> counts(36);
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    const std::vector<std::int64_t> samples = order_of(6, seed, 0);
    for (std::size_t i = 0; i < 6; ++i) ++counts[6 * i + static_cast<std::size_t>(samples[i])];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(ShuffledOrder, ReachesTheLargestDataSets) {
  const std::int64_t size = std::int64_t{1} << 48;
  const ShuffledOrder order(size, 1, 0);
  for (std::int64_t i = 0; i < 1000; ++i) {
    EXPECT_GE(order.sample(size - 1 - i), 0);
    EXPECT_LT(order.sample(size - 1 - i), size);
  }
}

TEST(ShuffledReading, IsTheSameForAnyNumberOfRanks) {
  const TemporaryFolder temporary;
  write_example(temporary / "d", 40);
  const Dataset dataset(temporary / "d");
  const std::vector<std::int64_t> one = samples_read(dataset, 1, 0);
  EXPECT_EQ(one, order_of(40, 5, 0));
  EXPECT_EQ(samples_read(dataset, 3, 0), one);
  EXPECT_EQ(samples_read(dataset, 9, 0), one);  // more than a batch has samples
  EXPECT_EQ(samples_read(dataset, 2, 1), order_of(40, 5, 1));
}

TEST(ReadThroughput, CountsWhatWasRead) {
  const TemporaryFolder temporary;
  write_example(temporary / "d", 40);
  const Dataset dataset(temporary / "d");
  const ReadThroughput epoch = measure_reading(dataset, {.batch_size = 7});
  EXPECT_EQ(epoch.batches, 6);
  EXPECT_EQ(epoch.samples, 40);
  EXPECT_EQ(epoch.ids, 39 + 40);  // 0, 1, 2 by turns, and one
  EXPECT_EQ(epoch.bytes, 40 * 4 + 80 * 4 + 80 * 8 + 79 * 8 + 40 * 4);
  EXPECT_GT(epoch.samples_per_s(), 0);
  const ReadThroughput more =
      measure_reading(dataset, {.batch_size = 7, .batches = 13, .shuffle_seed = 1});
  EXPECT_EQ(more.samples, 40 + 40 + 7);
}

}  // namespace
}  // namespace shardwright
