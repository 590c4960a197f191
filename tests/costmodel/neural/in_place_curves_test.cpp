#include "costmodel/neural/in_place_curves.hpp"

#include "costmodel/rank_pricer.hpp"
#include "tests/costmodel/neural/straight_models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::HasSubstr;
using testing::joined;
using testing::kExchangeTimes;
using testing::kInPlaceTimes;
using testing::kLocalTimes;
using testing::kMsPerByte;
using testing::kSamples;
using testing::straight_model;
using Ranks = testing::StraightRanks;

CommModel by_messages() { return straight_model({kExchangeTimes, kLocalTimes}); }
CommModel in_place() { return straight_model({kExchangeTimes, kLocalTimes, kInPlaceTimes}); }

TEST(InPlaceCurves, AreInPlaceOfTheAllToAllsOfOutputsAndOfPlacingAndPackingThem) {
  const Ranks two;
  const std::vector<Shard> shards = {testing::whole(two.workload.tables[0], 0, RankId{1})};
  const double outputs = 4.0 * 8 * kSamples / 2;  // of a rank's samples
  const auto expected = two.price(by_messages(), shards);
  const auto times = two.price(in_place(), shards);
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i].comm_input_ms, expected[i].comm_input_ms);
    EXPECT_NEAR(times[i].comm_forward_ms, kMsPerByte * 13 * outputs, 1e-9);
    EXPECT_NEAR(times[i].comm_backward_ms, kMsPerByte * 19 * outputs, 1e-9);
  }
}

TEST(InPlaceCurves, AddPartialSumsWhereRowsAreCut) {
  Ranks two;
  two.workload.tables[1].optimizer = OptimizerKind::sgd;  // no row statistics to send
  const std::vector<Shard> shards =
      joined(two.cut(0, ShardingType::row_wise), two.cut(1, ShardingType::column_wise));
  const double partial = 2 * 4.0 * 8 * kSamples / 2;  // from both
  const double complete = 4.0 * 16 * kSamples / 2;
  for (const PhaseTimes& rank : two.price(in_place(), shards)) {
    EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * (13 * complete + 17 * partial), 1e-9);
    EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 19 * (complete + partial), 1e-9);
  }
}

TEST(InPlaceCurves, LeaveSumsWithinTheNodeAndReplicasAsTheyAre) {
  const Ranks two;
  for (const ShardingType type : {ShardingType::grid, ShardingType::data_parallel}) {
    const std::vector<Shard> shards = two.cut(0, type);
    EXPECT_EQ(two.price(in_place(), shards), two.price(by_messages(), shards));
  }
}

TEST(InPlaceCurves, AreNotForSeveralNodes) {
  const Ranks four(2);
  const std::vector<Shard> shards = four.cut(1, ShardingType::row_wise);
  EXPECT_EQ(four.price(in_place(), shards), four.price(by_messages(), shards));
}

TEST(InPlaceCurves, NeedNoLocalWork) {
  Ranks two;
  two.workload.tables[1].optimizer = OptimizerKind::sgd;  // no row statistics to pack
  const std::vector<Shard> shards = two.cut(1, ShardingType::column_wise);
  const auto with = two.price(in_place(), shards).front();
  const auto without = two.price(straight_model({kExchangeTimes, kInPlaceTimes}), shards).front();
  EXPECT_EQ(with.comm_forward_ms, without.comm_forward_ms);
  EXPECT_EQ(with.comm_backward_ms, without.comm_backward_ms);
  EXPECT_GT(with.comm_input_ms, without.comm_input_ms);
}

TEST(InPlaceCurves, TakeASlowRankLonger) {
  Ranks two;
  two.topology.ranks[1].speed = 0.5;
  const auto times = two.price(in_place(), {testing::whole(two.workload.tables[0], 0, RankId{0})});
  EXPECT_NEAR(times[1].comm_forward_ms, 2 * times[0].comm_forward_ms, 1e-12);
  EXPECT_NEAR(times[1].comm_backward_ms, 2 * times[0].comm_backward_ms, 1e-12);
}

TEST(InPlaceCurves, AreAllThereOrNone) {
  testing::StraightTimes some = kInPlaceTimes;
  some.erase("sums_in_place");
  EXPECT_THAT(testing::refusal(straight_model({kExchangeTimes, some})),
              HasSubstr("straight was fitted to timings of gradients_in_place, but to none of "
                        "sums_in_place"));
  EXPECT_EQ(testing::refusal(in_place()), "nothing refused");
}

// Rises slowly, then quickly, as out of a cache: the line below the later part is below 0 at 0.
CommModel bent_model() {
  CommModel model = in_place();
  model.knots = {1e3, 1e5, 1e6};
  for (auto& [operation, curve] : model.effects.front().curves) {
    curve = {std::log(10), std::log(12), std::log(500)};
  }
  return model;
}

struct Phase {
  double PhaseTimes::*ms;
  double idle = std::numeric_limits<double>::infinity();
  double shards = 0;
};

// The least idle times of a rank's shards and the sum of what each takes at least.
std::vector<Phase> floor_of(const RankPricer& pricer, const std::vector<Shard>& shards,
                            RankId rank) {
  std::vector<Phase> phases = {{&PhaseTimes::comm_forward_ms}, {&PhaseTimes::comm_backward_ms}};
  for (const Shard& shard : shards) {
    if (shard.rank != rank) continue;
    const auto floor = pricer.floor(shard, rank);
    EXPECT_TRUE(floor);
    for (Phase& phase : phases) {
      phase.idle = std::min(phase.idle, floor->idle.*phase.ms);
      phase.shards += floor->per_shard.*phase.ms;
    }
  }
  return phases;
}

TEST(InPlaceCurves, LeaveFloorsBelowPrices) {
  Ranks two;
  two.topology.ranks[0].speed = 2;
  const FittedCostModel model({{}, bent_model()}, "m");
  for (const double samples : {1.0, 300.0, 3000.0, 30000.0}) {
    two.workload.batch_size = static_cast<std::int64_t>(samples);
    const auto pricer = model.rank_pricer(two.workload, two.topology);
    for (const ShardingType type :
         {ShardingType::row_wise, ShardingType::column_wise, ShardingType::grid}) {
      const std::vector<Shard> shards =
          joined(two.cut(0, type), {testing::whole(two.workload.tables[1], 1, RankId{0})});
      const auto prices = model.price(two.workload, two.topology, shards);
      for (const Phase& phase : floor_of(*pricer, shards, RankId{0})) {
        EXPECT_GT(phase.idle + phase.shards, 0);
        EXPECT_LE(phase.idle + phase.shards, (1 + 1e-9) * prices[0].*phase.ms) << samples;
      }
    }
  }
}

}  // namespace
}  // namespace shardwright
