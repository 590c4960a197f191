#include "costmodel/errors.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::HasSubstr;
using Ids = std::vector<std::int64_t>;
using Lengths = std::vector<std::int32_t>;

/// Two ranks; table "movies" with features "seen" and "liked", 10 rows, on rank 0.
Plan make_plan(bool weighted = false) {
  Plan plan;
  plan.topology.ranks.resize(2);
  Table table;
  table.name = "movies";
  table.rows = 10;
  table.dim = 4;
  table.weighted = weighted;
  table.features = {"seen", "liked"};
  plan.workload.tables = {table};
  plan.shards = {{.row_end = 10, .col_end = 4, .rank = RankId{0}}};
  return plan;
}

/// Samples 40, 41 and 42.
Batch make_batch() {
  Batch batch;
  batch.first_sample = 40;
  batch.size = 3;
  batch.features = {{.lengths = {1, 1, 1}, .ids = {0, 9, 5}, .weights = {}},
                    {.lengths = {2, 0, 3}, .ids = {1, 2, 3, 4, 5}, .weights = {}}};
  return batch;
}

/// What check_ids() throws on rank 1, or nothing; `batch` as it leaves it.
std::string checked(Batch& batch, BadIdPolicy policy, bool weighted = false) {
  std::string message;
  run_ranks(2, [&](Communicator& comm) {
    const ShardedEmbeddings embeddings(make_plan(weighted), comm, {});
    if (comm.rank().value() == 0) return;
    try {
      embeddings.check_ids(batch, policy);
    } catch (const InputError& error) {
      message = error.what();
    }
  });
  return message;
}

TEST(CheckIds, LegalIdsPassUnderEveryPolicy) {
  for (const BadIdPolicy policy : {BadIdPolicy::error, BadIdPolicy::clip, BadIdPolicy::skip}) {
    Batch batch = make_batch();
    EXPECT_EQ(checked(batch, policy), "");
    EXPECT_EQ(batch.features[1].ids, make_batch().features[1].ids);
  }
}

TEST(CheckIds, ErrorNamesFeatureTableIdSampleAndRank) {
  Batch batch = make_batch();
  batch.features[1].ids[3] = 10;
  const std::string message = checked(batch, BadIdPolicy::error);
  for (const char* part :
       {"Feature 'liked' of table 'movies'", "id 10", "sample 42", "rank 1", "[0, 10)"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
  batch = make_batch();
  batch.features[0].ids[0] = -1;
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("id -1 in sample 40"));
  batch.shuffled = {7, 3, 5};
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("id -1 in sample 7"));
}

TEST(CheckIds, ClipTakesTheNearestRow) {
  Batch batch = make_batch();
  batch.features[1].ids = {-7, 10, 9, std::int64_t{1} << 60, 0};
  EXPECT_EQ(checked(batch, BadIdPolicy::clip), "");
  EXPECT_EQ(batch.features[1].ids, (Ids{0, 9, 9, 9, 0}));
  EXPECT_EQ(batch.features[1].lengths, (Lengths{2, 0, 3}));
}

TEST(CheckIds, SkipShortensTheBag) {
  Batch batch = make_batch();
  batch.features[0].weights = {1, 2, 3};
  batch.features[1] = {
      .lengths = {2, 0, 3}, .ids = {-7, 2, 10, 4, 11}, .weights = {.1F, .2F, .3F, .4F, .5F}};
  EXPECT_EQ(checked(batch, BadIdPolicy::skip, true), "");
  EXPECT_EQ(batch.features[1].ids, (Ids{2, 4}));
  EXPECT_EQ(batch.features[1].lengths, (Lengths{1, 0, 1}));
  EXPECT_EQ(batch.features[1].weights, (std::vector<float>{.2F, .4F}));
}

TEST(CheckIds, BagsThatDoNotFitTheBatchAreRefused) {
  Batch batch = make_batch();
  batch.features.pop_back();
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("has 1 features"));
  batch = make_batch();
  batch.features[0].lengths.pop_back();
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("2 bags for 3 samples"));
  batch = make_batch();
  batch.features[0].ids.pop_back();
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("2 ids in bags of 3"));
  batch = make_batch();
  batch.features[0].lengths = {3, -1, 1};
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("a bag of length -1"));
  batch = make_batch();
  EXPECT_THAT(checked(batch, BadIdPolicy::error, true), HasSubstr("0 per-sample weights"));
  batch.features[0].weights = {1, 1, 1};
  EXPECT_THAT(checked(batch, BadIdPolicy::error), HasSubstr("3 per-sample weights"));
}

}  // namespace
}  // namespace shardwright
