#include "runtime/data/read_ahead.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>

namespace shardwright {
namespace {

void put(std::int64_t step, Batch& batch) { batch.first_sample = 10 * step; }

class ReadAheadBy : public testing::TestWithParam<ReadAheadOptions> {
 protected:
  const ReadAheadOptions& options() const { return GetParam(); }
};

TEST_P(ReadAheadBy, GivesTheStepsInTheirOrder) {
  ReadAhead ahead(put, 200, options());
  Batch batch;
  for (std::int64_t step = 0; step < 200; ++step) {
    ahead.read(step, batch);
    ASSERT_EQ(batch.first_sample, 10 * step);
  }
}

TEST_P(ReadAheadBy, StartsAnewAtAnotherStep) {
  ReadAhead ahead(put, 100, options());
  Batch batch;
  for (const std::int64_t step : {40, 41, 7, 8, 8, 99, 0}) {
    ahead.read(step, batch);
    EXPECT_EQ(batch.first_sample, 10 * step);
  }
}

TEST_P(ReadAheadBy, ReadsNoStepTwiceNorAnyFromTheEndOn) {
  std::mutex mutex;
  std::multiset<std::int64_t> read;
  {
    ReadAhead ahead(
        [&](std::int64_t step, Batch& /*batch*/) {
          const std::lock_guard lock(mutex);
          read.insert(step);
        },
        5, options());
    Batch batch;
    for (std::int64_t step = 0; step < 5; ++step) ahead.read(step, batch);
  }
  EXPECT_THAT(read, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST_P(ReadAheadBy, ThrowsWhatReadingThrewAtItsStep) {
  ReadAhead ahead(
      [](std::int64_t step, Batch& batch) {
        if (step == 3) throw std::runtime_error("step 3");
        put(step, batch);
      },
      10, options());
  Batch batch;
  for (std::int64_t step = 0; step < 3; ++step) ahead.read(step, batch);
  EXPECT_THROW(ahead.read(3, batch), std::runtime_error);
  ahead.read(4, batch);
  EXPECT_EQ(batch.first_sample, 40);
}

TEST_P(ReadAheadBy, EndsWhileBatchesAreLeft) {
  ReadAhead ahead(put, 1'000'000, options());
  Batch batch;
  ahead.read(0, batch);
}

INSTANTIATE_TEST_SUITE_P(Threads, ReadAheadBy,
                         testing::Values(ReadAheadOptions{0, 1}, ReadAheadOptions{1, 1},
                                         ReadAheadOptions{2, 1}, ReadAheadOptions{3, 8},
                                         ReadAheadOptions{16, 4}),
                         [](const auto& of) {
                           return std::to_string(of.param.batches) + "_by_" +
                                  std::to_string(of.param.threads);
                         });

// The second batch is read although nobody has asked for it: this waits for ever otherwise.
TEST(ReadAhead, ReadsTheNextBatchBeforeItIsAskedFor) {
  std::atomic<std::int64_t> last = -1;
  ReadAhead ahead(
      [&](std::int64_t step, Batch& /*batch*/) {
        last = step;
        last.notify_all();
      },
      100, {.batches = 2, .threads = 1});
  Batch batch;
  ahead.read(0, batch);
  for (std::int64_t seen = last; seen < 2; seen = last) last.wait(seen);
  EXPECT_GE(last, 2);
}

TEST(ReadAhead, KeepsNoMoreBatchesThanAskedFor) {
  std::atomic<std::int64_t> taken = 0;
  std::atomic<bool> too_far = false;
  ReadAhead ahead(
      [&](std::int64_t step, Batch& /*batch*/) { too_far = too_far || step > taken + 3; }, 300,
      {.batches = 3, .threads = 2});
  Batch batch;
  for (std::int64_t step = 0; step < 300; ++step) {
    taken = step;  // of those before it and, while this one is waited for, itself
    ahead.read(step, batch);
  }
  EXPECT_FALSE(too_far);
}

}  // namespace
}  // namespace shardwright
