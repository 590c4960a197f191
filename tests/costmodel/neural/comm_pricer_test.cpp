#include "costmodel/neural/comm_pricer.hpp"

#include "costmodel/analytic_pricer.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "tests/costmodel/row_blocks.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

// 1 µs per KiB of bytes and collective: all_to_all once, all_gather twice, reduce_scatter three
// times and all_reduce five times that.
CommModel linear_model(double nodes) {
  CommModel model;
  model.name = "linear";
  model.knots = {1024, 2048};
  model.training.settings = {{{"gpu", "", "lib"}, {}}};
  model.training.operations = {"all_to_all", "all_gather", "reduce_scatter", "all_reduce"};
  model.training.nodes = {1, nodes};
  CommEffect effect{{EffectKey::operation}, EffectFactor::one, 1, 1, {}};
  const std::map<std::string, double> times = {
      {"all_to_all", 1}, {"all_gather", 2}, {"reduce_scatter", 3}, {"all_reduce", 5}};
  for (const auto& [operation, time] : times) {
    effect.curves[operation] = {std::log(time), std::log(2 * time)};
  }
  model.effects = {effect};
  return model;
}

constexpr double kMsPerByte = 1e-3 / 1024;

// One table of 8 columns, 2 ids a sample, 4,096 samples: 80 KiB of ids, 128 KiB of outputs.
struct OneTable {
  explicit OneTable(std::int64_t nodes, std::int64_t ranks, const char* device = "H100")
      : topology(testing::sample_topology(nodes, ranks, device)) {
    workload.batch_size = 4096;
    workload.tables = {testing::sample_table(1000, 8, 2, "a")};
  }
  PhaseTimes price(ShardingType type, std::int64_t rows, std::optional<RankId> rank,
                   std::size_t asked) const {
    const FittedCostModel model({{}, linear_model(8)}, "linear");
    const Shard shard{TableId{0}, type, 0, rows, 0, 8, rank};
    return model.price(workload, topology, {{shard}})[asked];
  }
  Workload workload;
  Topology topology;
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing refused";
}

TEST(CommCurve, IsThePredictionOfItsModel) {
  const CommModel model = load_pretrained("nccl-a100");
  const CommSetting setting = model.training.settings.begin()->first;
  for (const auto kind : {CollectiveKind::all_to_all, CollectiveKind::all_reduce}) {
    for (const std::int64_t ranks : {2, 8, 64}) {
      const CommCurve curve(model, kind, ranks, 1);
      for (const double bytes : {1.0, 5e3, 3e6, 4e9}) {
        EXPECT_NEAR(curve.milliseconds(bytes),
                    1e-3 * predict_us(model, setting, {kind, ranks, 1, bytes}), 1e-12);
      }
    }
  }
}

TEST(CommCurve, TakesNoTimeForNothingAndAlone) {
  const CommModel model = linear_model(1);
  EXPECT_EQ(CommCurve(model, CollectiveKind::all_to_all, 4, 1).milliseconds(0), 0);
  EXPECT_EQ(CommCurve(model, CollectiveKind::all_to_all, 1, 1).milliseconds(1e6), 0);
}

TEST(CommCurve, LiesAboveItsLines) {
  for (const std::string& name : pretrained_names()) {
    const CommCurve curve(load_pretrained(name), CollectiveKind::all_to_all, 8, 1);
    if (name == "cpu-epyc9004-mpi") {  // knows uneven exchanges
      EXPECT_FALSE(curve.ray_below());
      continue;
    }
    const double ray = curve.ray_below().value();
    EXPECT_GT(ray, 0);
    for (const double at : {0.0, 300.0, 1e4, 3e6, 9e6, 8e7, 6e9}) {
      const CommLine line = curve.line_below(at).value();
      EXPECT_GE(line.ms_per_byte, 0);
      double least = 1e9;  // distance
      for (double bytes = 1; bytes < 1e11; bytes *= 1.05) {
        const double time = curve.milliseconds(bytes) * (1 + 1e-12);
        EXPECT_LE(line.ms + line.ms_per_byte * bytes, time) << name << ' ' << at << ' ' << bytes;
        EXPECT_LE(ray * bytes, time);
        least = std::min(least, 1 - (line.ms + line.ms_per_byte * bytes) / time);
      }
      EXPECT_LT(least, 0.05) << name << ' ' << at;  // it touches the curve
    }
  }
}

TEST(CommCurve, HasNoLineBelowWhereTheMeanCounts) {
  CommModel model = linear_model(1);
  model.effects.push_back(
      {{EffectKey::operation}, EffectFactor::unevenness, 1, 1, {{"all_to_all", {0.5, 0.5}}}});
  EXPECT_FALSE(CommCurve(model, CollectiveKind::all_to_all, 4, 1).line_below(1));
  EXPECT_FALSE(CommCurve(model, CollectiveKind::all_to_all, 4, 1).ray_below());
  EXPECT_EQ(CommCurve(model, CollectiveKind::all_to_all, 1, 1).line_below(1)->ms_per_byte, 0);
}

TEST(CommPricer, PricesTheHolderByItsTableAndOthersByTheirShareOfIt) {
  const OneTable one(1, 4);
  const auto price = [&](std::size_t rank) {
    return one.price(ShardingType::table_wise, 1000, RankId{2}, rank);
  };
  const double ids = (8.0 * 2 + 4) * 4096;
  const double outputs = 4.0 * 8 * 4096;
  EXPECT_NEAR(price(2).comm_input_ms, kMsPerByte * ids, 1e-9);
  EXPECT_NEAR(price(2).comm_forward_ms, kMsPerByte * outputs, 1e-9);
  EXPECT_NEAR(price(2).comm_backward_ms, kMsPerByte * outputs, 1e-9);
  EXPECT_NEAR(price(0).comm_input_ms, kMsPerByte * ids / 4, 1e-9);
  EXPECT_NEAR(price(0).comm_forward_ms, kMsPerByte * outputs / 4, 1e-9);
}

TEST(CommPricer, PricesAnUnevenExchangeByItsMeanToo) {
  const OneTable one(1, 4);
  CommModel model = linear_model(1);
  const double slope = 0.5 * std::log(2);  // the root of what the others have to do less
  model.effects.push_back(
      {{EffectKey::operation}, EffectFactor::unevenness, 1, 1, {{"all_to_all", {slope, slope}}}});
  const Shard shard{TableId{0}, ShardingType::table_wise, 0, 1000, 0, 8, RankId{2}};
  const std::vector<PhaseTimes> times =
      FittedCostModel({{}, model}, "uneven").price(one.workload, one.topology, {{shard}});
  const double outputs = 4.0 * 8 * 4096;
  EXPECT_NEAR(times[2].comm_forward_ms, kMsPerByte * outputs / 2, 1e-9);
  EXPECT_NEAR(times[0].comm_forward_ms, kMsPerByte * outputs / 4, 1e-9);
  CollectiveCall call{CollectiveKind::all_to_all, 4, 1, outputs};
  call.mean_bytes = outputs / 4;
  EXPECT_NEAR(1e3 * times[2].comm_forward_ms,
              predict_us(model, model.training.settings.begin()->first, call), 1e-6);
}

TEST(CommPricer, SumsPartsWithinTheNodeAndSendsThemOn) {
  const OneTable one(2, 4);
  const PhaseTimes times = one.price(ShardingType::table_row_wise, 500, RankId{1}, 1);
  const double partial = 4.0 * 8 * 4096;  // half of the rows: sums of all samples, none complete
  const double sums = partial / 2 / 4;    // its node's four ranks send them on
  EXPECT_NEAR(times.comm_forward_ms, kMsPerByte * (3 * partial + sums), 1e-9);
  EXPECT_NEAR(times.comm_backward_ms, kMsPerByte * (2 * partial + sums), 1e-9);
}

TEST(CommPricer, SendsTheSumsOfRowWiseTablesOnceFromEveryNode) {
  const OneTable one(2, 4, "cpu-16GiB");
  const auto price = [&](const std::vector<std::int64_t>& ranks) {
    std::vector<Shard> shards;
    for (const std::int64_t rank : ranks) {
      const std::int64_t row = std::ssize(shards);
      shards.push_back({TableId{0}, ShardingType::row_wise, row, row + 1, 0, 8, RankId{rank}});
    }
    const FittedCostModel model({{}, linear_model(8)}, "linear");
    return model.price(one.workload, one.topology, shards);
  };
  const double partial = 4.0 * 8 * 4096;  // of each block
  const auto sent = [&](double parts) { return kMsPerByte * (3 * parts * partial + partial / 4); };
  EXPECT_NEAR(price({1})[1].comm_forward_ms, sent(1), 1e-9);
  EXPECT_NEAR(price({1, 2, 3, 0})[1].comm_forward_ms, sent(1), 1e-9);
  EXPECT_NEAR(price({1, 5, 1})[1].comm_forward_ms, sent(2), 1e-9);
  EXPECT_NEAR(price({1, 5, 1})[6].comm_forward_ms, sent(0.25), 1e-9);
}

TEST(CommPricer, PricesRowBlocksThatComeAndGo) {
  const FittedCostModel model({{}, linear_model(8)}, "linear");
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    testing::expect_same_prices_while_shards_come_and_go(model, seed);
  }
}

TEST(CommPricer, ReducesGradientsOfReplicas) {
  const OneTable one(1, 4);
  const PhaseTimes times = one.price(ShardingType::data_parallel, 1000, {}, 3);
  EXPECT_EQ(times.comm_input_ms, 0);
  EXPECT_EQ(times.comm_forward_ms, 0);
  EXPECT_NEAR(times.comm_backward_ms, kMsPerByte * 5 * 4 * 1000 * 8, 1e-9);
}

TEST(CommPricer, RefusesWhatItsModelDoesNotKnow) {
  const OneTable one(2, 2);
  const auto price = [&](CommModel model) {
    return refusal([&] {
      FittedCostModel({{}, std::move(model)}, "m").rank_pricer(one.workload, one.topology);
    });
  };
  EXPECT_EQ(price(linear_model(2)), "nothing refused");
  EXPECT_THAT(price(linear_model(1)), HasSubstr("at most 1 node(s), but the topology has 2"));
  CommModel model = linear_model(2);
  model.training.settings[{"other", "", "lib"}] = {};
  EXPECT_THAT(price(model), HasSubstr("knows 2 machines"));
  model = linear_model(2);
  model.training.operations.erase("all_reduce");
  EXPECT_THAT(price(model), HasSubstr("not fitted to timings of all_reduce"));
}

TEST(FittedModels, AreNamedInAList) {
  const auto both = make_cost_model("nccl-h100,cpu-epyc9004-compute");
  EXPECT_EQ(both->name(), "nccl-h100,cpu-epyc9004-compute");
  EXPECT_THAT(std::string(both->provenance()), HasSubstr("communication: nccl-h100, fitted"));
  EXPECT_THAT(std::string(make_cost_model("nccl-h100")->provenance()),
              HasSubstr("compute: analytic, not fitted"));
  EXPECT_THAT(refusal([] { make_cost_model("nccl-h100,nccl-a100"); }),
              HasSubstr("names two communication models"));
  EXPECT_THAT(refusal([] { make_cost_model("nccl-h100,analytic"); }),
              HasSubstr("'analytic' is not a cost model"));
  EXPECT_THAT(refusal([] { make_cost_model("nccl-h10"); }), HasSubstr("did you mean 'nccl-h100'?"));
}

}  // namespace
}  // namespace shardwright
