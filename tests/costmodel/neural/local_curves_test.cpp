#include "costmodel/neural/local_curves.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/rank_pricer.hpp"
#include "costmodel/unique_rows.hpp"
#include "tests/costmodel/neural/straight_models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::HasSubstr;
using testing::joined;
using testing::kExchangeTimes;
using testing::kLocalTimes;
using testing::kMsPerByte;
using testing::kSamples;
using testing::refusal;
using testing::straight_model;
using Ranks = testing::StraightRanks;

std::vector<PhaseTimes> added(const Ranks& ranks, const std::vector<Shard>& shards) {
  return ranks.more(straight_model({kExchangeTimes, kLocalTimes}), straight_model({kExchangeTimes}),
                    shards);
}

TEST(LocalCurves, PackAndPlaceTheSamplesOfEveryRank) {
  const Ranks two;
  const double ids = (8.0 * 2 + 4) * kSamples / 2;  // of a rank's samples
  const double outputs = 4.0 * 8 * kSamples / 2;
  for (const PhaseTimes& rank :
       added(two, {testing::whole(two.workload.tables[0], 0, RankId{1})})) {
    EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * 2 * ids, 1e-9);
    EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * 5 * outputs, 1e-9);
    EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * outputs, 1e-9);
  }
}

TEST(LocalCurves, SortIdsAndAddSumsWhereRowsAreCut) {
  Ranks two;
  two.workload.tables[1].optimizer = OptimizerKind::sgd;  // no row statistics
  const std::vector<Shard> shards =
      joined(two.cut(0, ShardingType::row_wise), two.cut(1, ShardingType::column_wise));
  const double samples = kSamples / 2;
  const double split = (8.0 * 2 + 2 * 4) * samples;  // a length for each part
  const double whole = 2 * (8.0 * 5 + 4) * samples;  // once for each half of the columns
  const double partial = 2 * 4.0 * 8 * samples;      // from both
  const double complete = 4.0 * 16 * samples;
  for (const PhaseTimes& rank : added(two, shards)) {
    EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * (2 * (split + whole) + 3 * split), 1e-9);
    EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * (5 * complete + 7 * partial), 1e-9);
    EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * (complete + partial), 1e-9);
  }
}

TEST(LocalCurves, PackTakeApartAndAddUpTheRowStatisticsOfARanksShards) {
  Ranks two;
  two.workload.tables[0].optimizer = OptimizerKind::rowwise_adagrad;
  const std::vector<Shard> halves = two.cut(0, ShardingType::column_wise);
  const std::vector<PhaseTimes> with = added(two, halves);
  const double rows = expected_unique_rows(two.workload.tables[0], two.workload.batch_size);
  two.workload.tables[0].optimizer = OptimizerKind::sgd;
  const std::vector<PhaseTimes> without = added(two, halves);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    EXPECT_NEAR(with[rank].comm_backward_ms - without[rank].comm_backward_ms,
                kMsPerByte * (11 + 5 + 7) * 8 * rows, 1e-9);
    EXPECT_EQ(with[rank].comm_input_ms, without[rank].comm_input_ms);
    EXPECT_EQ(with[rank].comm_forward_ms, without[rank].comm_forward_ms);
  }
}

TEST(LocalCurves, TakeNoLatencyForWhatIsNotThere) {
  const Ranks two;
  CommModel model = straight_model({kExchangeTimes, kLocalTimes});
  model.knots = {1e9, 2e9};  // far above all there is: times stay below the first
  const auto of = [&](ShardingType type) { return two.price(model, two.cut(0, type)).front(); };
  const double us = 1.0 / 1024;  // of 1 µs per KiB
  EXPECT_NEAR(1e3 * of(ShardingType::row_wise).comm_forward_ms, us * (1 + 7), 1e-9);
  EXPECT_NEAR(1e3 * of(ShardingType::table_wise).comm_forward_ms, us * (1 + 5), 1e-9);
  EXPECT_NEAR(1e3 * of(ShardingType::table_wise).comm_input_ms, us * (1 + 2), 1e-9);
  const PhaseTimes copies = of(ShardingType::data_parallel);
  EXPECT_EQ(copies.comm_input_ms + copies.comm_forward_ms, 0);
}

TEST(LocalCurves, SortTheIdsOfATableOnceAndLeaveSumsWithinANodeToItsReduceScatter) {
  Ranks four(2);
  four.workload.tables[0].optimizer = OptimizerKind::sgd;  // no row statistics
  const double samples = kSamples / 4;
  const PhaseTimes rank = added(four, four.cut(0, ShardingType::grid)).front();
  const double split = (8.0 * 2 + 2 * 4) * samples;
  EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * (2 * 2 * split + 3 * split), 1e-9);
  EXPECT_NEAR(rank.comm_forward_ms, 0, 1e-12);
  EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * 2 * 4 * 8 * samples, 1e-9);
}

TEST(LocalCurves, PlaceVectorsOfCutRowsAndAddNone) {
  Ranks two;
  two.workload.tables[0].mode = PoolingMode::none;
  const PhaseTimes rank = added(two, two.cut(0, ShardingType::row_wise)).front();
  EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * 5 * 4 * 8 * 2 * kSamples / 2, 1e-9);
}

TEST(LocalCurves, TakeASlowRankLonger) {
  Ranks two;
  two.topology.ranks[1].speed = 0.5;
  const auto times = added(two, {testing::whole(two.workload.tables[0], 0, RankId{0})});
  EXPECT_NEAR(times[1].comm_input_ms, 2 * times[0].comm_input_ms, 1e-12);
  EXPECT_NEAR(times[1].comm_forward_ms, 2 * times[0].comm_forward_ms, 1e-12);
  EXPECT_NEAR(times[1].comm_backward_ms, 2 * times[0].comm_backward_ms, 1e-12);
}

TEST(LocalCurves, LeaveFloorsBelowPrices) {
  const Ranks two;
  const FittedCostModel model({{}, straight_model({kExchangeTimes, kLocalTimes})}, "m");
  const auto pricer = model.rank_pricer(two.workload, two.topology);
  const Shard shard = testing::whole(two.workload.tables[0], 0, RankId{1});
  const auto floor = pricer->floor(shard, RankId{1});
  ASSERT_TRUE(floor);
  const PhaseTimes price = model.price(two.workload, two.topology, {{shard}})[1];
  for (const auto phase :
       {&PhaseTimes::comm_input_ms, &PhaseTimes::comm_forward_ms, &PhaseTimes::comm_backward_ms}) {
    EXPECT_GT(floor->per_shard.*phase, 0);
    EXPECT_LT(floor->idle.*phase + floor->per_shard.*phase, price.*phase);
  }
}

TEST(LocalCurves, DoNotDependOnTheRanksTheyWereMeasuredWith) {
  CommModel model = straight_model({kExchangeTimes, kLocalTimes});
  const double twice = std::log(2);
  model.effects.push_back(
      {{EffectKey::fabric}, EffectFactor::log_ranks, 1, 1, {{"cpu", {twice, twice}}}});
  const CommSetting& setting = model.training.settings.begin()->first;
  for (const CommModel& one : {model, specialize(model, setting)}) {
    const auto us = [&](CollectiveKind kind, std::int64_t ranks) {
      return predict_us(one, setting, {kind, ranks, 1, 1e6});
    };
    EXPECT_EQ(us(CollectiveKind::pack_ids, 2), us(CollectiveKind::pack_ids, 8));
    EXPECT_NEAR(us(CollectiveKind::all_to_all, 8) / us(CollectiveKind::all_to_all, 2), 4, 1e-9);
  }
}

TEST(LocalCurves, AreAllThereOrNone) {
  testing::StraightTimes some = kLocalTimes;
  some.erase("split_ids");
  EXPECT_THAT(
      refusal(straight_model({kExchangeTimes, some})),
      HasSubstr("straight was fitted to timings of pack_gradients, but to none of split_ids"));
  EXPECT_EQ(refusal(straight_model({kExchangeTimes})), "nothing refused");
  EXPECT_EQ(refusal(straight_model({kExchangeTimes, kLocalTimes})), "nothing refused");
}

TEST(LocalCurves, AreKeptInTheModelsFile) {
  const CommModel model = straight_model({kExchangeTimes, kLocalTimes});
  const std::string text = comm_model_to_json(model);
  EXPECT_EQ(parse_comm_model(text, "m.json"), model);
  nlohmann::json broken = nlohmann::json::parse(text);
  broken["effects"][0]["curves"].erase("place_outputs");
  try {
    parse_comm_model(broken.dump(), "m.json");
    ADD_FAILURE() << "was read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("m.json: no effect by operation, times one, has a curve for "
                          "place_outputs"));
  }
}

}  // namespace
}  // namespace shardwright
