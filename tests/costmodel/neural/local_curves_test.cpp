#include "costmodel/neural/local_curves.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/rank_pricer.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

constexpr double kMsPerByte = 1e-3 / 1024;
constexpr double kSamples = 4096;

using Times = std::map<std::string, double>;  // µs per KiB

const Times kExchangeTimes = {
    {"all_to_all", 1}, {"all_gather", 1}, {"reduce_scatter", 1}, {"all_reduce", 1}};
const Times kLocalTimes = {{"pack_ids", 2},
                           {"split_ids", 3},
                           {"place_outputs", 5},
                           {"add_partial_sums", 7},
                           {"pack_gradients", 11}};

// Straight through 0, from 1 byte on.
CommModel model_of(const std::vector<Times>& all) {
  CommModel model;
  model.name = "straight";
  model.knots = {1, 2};
  model.training.rows = 1;
  model.training.data_fingerprint = "00";
  model.training.settings = {{"cpu", "", "lib"}};
  model.training.nodes = {1, 2};
  model.training.element_bytes = {4, 4};
  CommEffect effect{{EffectKey::operation}, EffectFactor::one, 1, 1, {}};
  for (const Times& times : all) {
    for (const auto& [operation, us_per_kib] : times) {
      const double us = us_per_kib / 1024;
      effect.curves[operation] = {std::log(us), std::log(2 * us)};
      model.training.operations.insert(operation);
    }
  }
  model.effects = {effect};
  model.error = {0.05, "by hand"};
  return model;
}

struct Ranks {
  explicit Ranks(std::int64_t nodes = 1) : topology(testing::sample_topology(nodes, 2)) {
    workload.batch_size = static_cast<std::int64_t>(kSamples);
    workload.tables = {testing::sample_table(1000, 8, 2, "a"),
                       testing::sample_table(1000, 16, 5, "b")};
  }
  std::vector<Shard> cut(std::size_t table, ShardingType type) const {
    return testing::cut(workload.tables[table], static_cast<std::int64_t>(table), type, topology);
  }
  std::vector<PhaseTimes> price(const CommModel& model, const std::vector<Shard>& shards) const {
    return FittedCostModel({{}, model}, "m").price(workload, topology, shards);
  }
  /// What local work adds to each rank's times.
  std::vector<PhaseTimes> added(const std::vector<Shard>& shards) const {
    const auto without = price(model_of({kExchangeTimes}), shards);
    auto times = price(model_of({kExchangeTimes, kLocalTimes}), shards);
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].compute_forward_ms, without[i].compute_forward_ms);
      EXPECT_EQ(times[i].compute_backward_ms, without[i].compute_backward_ms);
      times[i].comm_input_ms -= without[i].comm_input_ms;
      times[i].comm_forward_ms -= without[i].comm_forward_ms;
      times[i].comm_backward_ms -= without[i].comm_backward_ms;
    }
    return times;
  }
  Workload workload;
  Topology topology;
};

std::vector<Shard> joined(std::vector<Shard> a, const std::vector<Shard>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(LocalCurves, PackAndPlaceTheSamplesOfEveryRank) {
  const Ranks two;
  const double ids = (8.0 * 2 + 4) * kSamples / 2;  // of a rank's samples
  const double outputs = 4.0 * 8 * kSamples / 2;
  for (const PhaseTimes& rank : two.added({testing::whole(two.workload.tables[0], 0, RankId{1})})) {
    EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * 2 * ids, 1e-9);
    EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * 5 * outputs, 1e-9);
    EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * outputs, 1e-9);
  }
}

TEST(LocalCurves, SortIdsAndAddSumsWhereRowsAreCut) {
  const Ranks two;
  const std::vector<Shard> shards =
      joined(two.cut(0, ShardingType::row_wise), two.cut(1, ShardingType::column_wise));
  const double samples = kSamples / 2;
  const double split = (8.0 * 2 + 2 * 4) * samples;  // a length for each part
  const double whole = 2 * (8.0 * 5 + 4) * samples;  // once for each half of the columns
  const double partial = 2 * 4.0 * 8 * samples;      // from both
  const double complete = 4.0 * 16 * samples;
  for (const PhaseTimes& rank : two.added(shards)) {
    EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * (2 * (split + whole) + 3 * split), 1e-9);
    EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * (5 * complete + 7 * partial), 1e-9);
    EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * (complete + partial), 1e-9);
  }
}

TEST(LocalCurves, TakeNoLatencyForWhatIsNotThere) {
  const Ranks two;
  CommModel model = model_of({kExchangeTimes, kLocalTimes});
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
  const Ranks four(2);
  const double samples = kSamples / 4;
  const PhaseTimes rank = four.added(four.cut(0, ShardingType::grid)).front();
  const double split = (8.0 * 2 + 2 * 4) * samples;
  EXPECT_NEAR(rank.comm_input_ms, kMsPerByte * (2 * 2 * split + 3 * split), 1e-9);
  EXPECT_NEAR(rank.comm_forward_ms, 0, 1e-12);
  EXPECT_NEAR(rank.comm_backward_ms, kMsPerByte * 11 * 2 * 4 * 8 * samples, 1e-9);
}

TEST(LocalCurves, PlaceVectorsOfCutRowsAndAddNone) {
  Ranks two;
  two.workload.tables[0].mode = PoolingMode::none;
  const PhaseTimes rank = two.added(two.cut(0, ShardingType::row_wise)).front();
  EXPECT_NEAR(rank.comm_forward_ms, kMsPerByte * 5 * 4 * 8 * 2 * kSamples / 2, 1e-9);
}

TEST(LocalCurves, TakeASlowRankLonger) {
  Ranks two;
  two.topology.ranks[1].speed = 0.5;
  const auto times = two.added({testing::whole(two.workload.tables[0], 0, RankId{0})});
  EXPECT_NEAR(times[1].comm_input_ms, 2 * times[0].comm_input_ms, 1e-12);
  EXPECT_NEAR(times[1].comm_forward_ms, 2 * times[0].comm_forward_ms, 1e-12);
  EXPECT_NEAR(times[1].comm_backward_ms, 2 * times[0].comm_backward_ms, 1e-12);
}

TEST(LocalCurves, LeaveFloorsBelowPrices) {
  const Ranks two;
  const FittedCostModel model({{}, model_of({kExchangeTimes, kLocalTimes})}, "m");
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
  CommModel model = model_of({kExchangeTimes, kLocalTimes});
  const double twice = std::log(2);
  model.effects.push_back(
      {{EffectKey::fabric}, EffectFactor::log_ranks, 1, 1, {{"cpu", {twice, twice}}}});
  const CommSetting& setting = *model.training.settings.begin();
  for (const CommModel& one : {model, specialize(model, setting)}) {
    const auto us = [&](CollectiveKind kind, std::int64_t ranks) {
      return predict_us(one, setting, {kind, ranks, 1, 1e6});
    };
    EXPECT_EQ(us(CollectiveKind::pack_ids, 2), us(CollectiveKind::pack_ids, 8));
    EXPECT_NEAR(us(CollectiveKind::all_to_all, 8) / us(CollectiveKind::all_to_all, 2), 4, 1e-9);
  }
}

std::string refusal(const CommModel& model) {
  const Ranks two;
  try {
    two.price(model, {});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing refused";
}

TEST(LocalCurves, AreAllThereOrNone) {
  Times some = kLocalTimes;
  some.erase("split_ids");
  EXPECT_THAT(
      refusal(model_of({kExchangeTimes, some})),
      HasSubstr("straight was fitted to timings of pack_gradients, but to none of split_ids"));
  EXPECT_EQ(refusal(model_of({kExchangeTimes})), "nothing refused");
  EXPECT_EQ(refusal(model_of({kExchangeTimes, kLocalTimes})), "nothing refused");
}

TEST(LocalCurves, AreKeptInTheModelsFile) {
  const CommModel model = model_of({kExchangeTimes, kLocalTimes});
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
