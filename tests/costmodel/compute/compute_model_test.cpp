#include "costmodel/compute/compute_model.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/compute/shard_features.hpp"
#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/rank_pricer.hpp"
#include "tests/costmodel/compute/sample_model.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

struct TwoTables {
  TwoTables() {
    workload.batch_size = 1000;
    workload.tables = {testing::sample_table(5000, 16, 3, "a"),
                       testing::sample_table(90, 8, 0.5, "b")};
    topology = testing::sample_topology(1, 2, "cpu-1GiB");
    for (std::size_t i = 0; i < 2; ++i) {
      const Table& table = workload.tables[i];
      shards.push_back(
          {TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId{0}});
    }
  }
  Workload workload;
  Topology topology;
  std::vector<Shard> shards;  // both on rank 0
};

std::string message_of(const std::string& text) {
  try {
    parse_compute_model(text, "m.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ShardWork, LooksUpSequencesAsBagsOfOneId) {
  Table sequence = testing::sample_table(5000, 16, 3, "a");
  sequence.mode = PoolingMode::none;
  const Table single = testing::sample_table(5000, 16, 1, "a");
  const Shard whole{TableId{0}, ShardingType::table_wise, 0, 5000, 0, 16, RankId{0}};
  const ShardWork found = shard_work(sequence, whole, 1000, 700, {});
  const ShardWork expected = shard_work(single, whole, 3000, 700, {});
  EXPECT_EQ(shard_features(found, {}), shard_features(expected, {}));
  EXPECT_EQ(work_terms(found).forward, work_terms(expected).forward);
  EXPECT_EQ(work_terms(found).backward, work_terms(expected).backward);
}

TEST(ComputeModel, IsReadAsItWasWritten) {
  const std::string text = compute_model_to_json(testing::sample_compute_model());
  EXPECT_EQ(compute_model_to_json(parse_compute_model(text, "m.json")), text);
  EXPECT_TRUE(is_compute_model(text));
}

TEST(ComputeModel, ThatIsNotWholeIsRefusedWithThePath) {
  ComputeModel model = testing::sample_compute_model();
  const std::string text = compute_model_to_json(model);
  EXPECT_THAT(message_of(text.substr(0, text.size() / 2)), HasSubstr("m.json"));
  model.encoder[1].weights.pop_back();
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("encoder[1].weights"));
  model = testing::sample_compute_model();
  model.head[0].inputs += 1;
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("head[0].inputs"));
  model = testing::sample_compute_model();
  model.deviation[3] = 0;
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("deviation[3]"));
}

// Without the last `count` inputs.
DenseLayer narrowed(const DenseLayer& layer, std::size_t count) {
  DenseLayer narrow{layer.inputs - count, {}, layer.bias};
  for (std::size_t o = 0; o < layer.bias.size(); ++o) {
    for (std::size_t i = 0; i < narrow.inputs; ++i) {
      narrow.weights.push_back(layer.weights[o * layer.inputs + i]);
    }
  }
  return narrow;
}

void blind(DenseLayer& layer, std::size_t count) {
  for (std::size_t o = 0; o < layer.bias.size(); ++o) {
    for (std::size_t i = layer.inputs - count; i < layer.inputs; ++i) {
      layer.weights[o * layer.inputs + i] = 0;
    }
  }
}

// Of before nets were told of machines' speeds, and before that of shared statistics.
TEST(ComputeModel, OfOlderVersionsIsBlindToInputsThatTheyLacked) {
  constexpr std::size_t kHeadLacks = kNumProbes + 2;
  for (const std::size_t lacks : {kNumProbes + 1, kNumProbes + 2}) {
    ComputeModel model = testing::sample_compute_model();
    blind(model.encoder.front(), lacks);
    blind(model.head.front(), kHeadLacks);
    ComputeModel old = model;
    old.encoder.front() = narrowed(model.encoder.front(), lacks);
    old.head.front() = narrowed(model.head.front(), kNumProbes + 2);
    for (auto* values : {&old.mean, &old.deviation}) values->resize(kNumFeatures - lacks);
    const ComputeModel read = parse_compute_model(compute_model_to_json(old), "m.json");
    std::fill_n(model.mean.rbegin(), lacks, 0.0);
    std::fill_n(model.deviation.rbegin(), lacks, 1.0);
    EXPECT_EQ(compute_model_to_json(read), compute_model_to_json(model));
  }
}

TEST(ComputeModel, OfNoVersionIsRefused) {
  ComputeModel model = testing::sample_compute_model();
  model.encoder.front() = narrowed(model.encoder.front(), 1);
  model.head.front() = narrowed(model.head.front(), kNumProbes + 2);
  model.mean.pop_back();
  model.deviation.pop_back();
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("mean"));
}

TEST(ComputeModel, KeepsOfWhichMachineItIs) {
  ComputeModel model = testing::sample_compute_model();
  model.reference = model.usual = {{20, 1, 8}};
  const std::string text = compute_model_to_json(model);
  EXPECT_EQ(parse_compute_model(text, "m.json").reference, model.reference);
  EXPECT_EQ(parse_compute_model(text, "m.json").usual, model.reference);
  model.usual = {{30, 2, 8}};
  EXPECT_EQ(parse_compute_model(compute_model_to_json(model), "m.json").usual, model.usual);
  model.training.ranges["probe_gather_gb_s"] = {0, 1};
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("probe_gather_gb_s"));
  model.training.ranges.clear();
  model.reference.rates[1] = -1;
  EXPECT_THAT(message_of(compute_model_to_json(model)), HasSubstr("reference.gather_gb_s"));
}

// `evaluate` weighs a rival's terms by as many constants.
TEST(ComputeModel, WithOtherConstantsThanItsRivalsHaveIsRefused) {
  ComputeModel model = testing::sample_compute_model();
  model.rivals["analytic"] = {{1, 2, 3}, {1, 2}};
  EXPECT_THROW(parse_compute_model(compute_model_to_json(model), "m.json"), InputError);
  model.rivals["analytic"] = {{1, 2, 3}, {1, 2, 3}};
  EXPECT_NO_THROW(parse_compute_model(compute_model_to_json(model), "m.json"));
  model.rivals["oracle"] = model.roofline;
  EXPECT_THROW(parse_compute_model(compute_model_to_json(model), "m.json"), InputError);
}

TEST(FittedCostModel, PricesComputationByTheModelAndIdleRanksByZero) {
  const TwoTables two;
  const FittedCostModel model({testing::sample_compute_model(), {}}, "sample");
  const auto times = model.price(two.workload, two.topology, two.shards);
  const auto analytic = make_cost_model("analytic")->price(two.workload, two.topology, two.shards);
  EXPECT_GT(times[0].compute_forward_ms, 0);
  EXPECT_GT(times[0].compute_backward_ms, 0);
  EXPECT_EQ(times[1].compute_forward_ms, 0);
  EXPECT_NEAR(times[0].comm_forward_ms / analytic[0].comm_forward_ms, 1, 1e-9);
}

TEST(FittedCostModel, CountsACallOfTheOperatorOncePerRankHoweverManyShardsItHas) {
  const TwoTables two;
  ComputeModel model = testing::sample_compute_model();
  for (DenseLayer& layer : model.head) {  // no correction by the head
    std::fill(layer.weights.begin(), layer.weights.end(), 0.0);
    std::fill(layer.bias.begin(), layer.bias.end(), 0.0);
  }
  const auto price = [&](double call_ms, std::size_t shards) {
    model.roofline.forward.back() = call_ms;
    return FittedCostModel({model, {}}, "sample")
        .price(two.workload, two.topology, std::span(two.shards).first(shards))[0]
        .compute_forward_ms;
  };
  EXPECT_NEAR(price(5, 1) - price(0, 1), 5, 1e-6);
  EXPECT_NEAR(price(5, 2) - price(0, 2), 5, 1e-6);
}

TEST(FittedCostModel, CountsAsBusyTheRanksThatShareMemoryChannels) {
  const TwoTables two;
  const FittedCostModel model({testing::sample_compute_model(), {}}, "sample");
  const auto forward_ms = [&](const Topology& topology) {
    return model.price(two.workload, topology, two.shards)[0].compute_forward_ms;
  };
  Topology one_socket = testing::sample_topology(1, 2);
  Topology two_sockets = one_socket;
  two_sockets.ranks[1].memory_domain = 1;
  const Topology two_nodes = testing::sample_topology(2, 1);
  EXPECT_NE(forward_ms(one_socket), forward_ms(two_sockets));
  EXPECT_EQ(forward_ms(two_sockets), forward_ms(two_nodes));
}

// Nets without weights leave the roofline: lines of memory by random reads, the rest by
// multiply-adds.
TEST(FittedCostModel, PricesByTheSpeedOfTheRanksProcessors) {
  TwoTables two;
  ComputeModel sample = testing::sample_compute_model();
  for (auto* layers : {&sample.encoder, &sample.head}) {
    for (DenseLayer& layer : *layers) {
      std::fill(layer.weights.begin(), layer.weights.end(), 0.0);
      std::fill(layer.bias.begin(), layer.bias.end(), 0.0);
    }
  }
  sample.reference = {{20, 1, 8}};
  const auto forward_ms = [&](const MachineProbe& probe) {
    two.topology.probe = probe;
    return FittedCostModel({sample, {}}, "sample")
        .price(two.workload, two.topology, two.shards)[0]
        .compute_forward_ms;
  };
  const double usual = forward_ms({});
  EXPECT_EQ(forward_ms(sample.reference), usual);
  EXPECT_EQ(forward_ms({{10, 1, 8}}), usual);  // no term is of copies
  EXPECT_NEAR(forward_ms({{20, 0.5, 4}}), 2 * usual, 1e-6 * usual);
  const double slow_memory = forward_ms({{20, 0.5, 8}}) - usual;
  const double slow_core = forward_ms({{20, 1, 4}}) - usual;
  EXPECT_GT(slow_memory, 0);
  EXPECT_GT(slow_core, 0);
  EXPECT_NEAR(slow_memory + slow_core, usual, 1e-6 * usual);
}

// Far outside of what they saw, nets correct as at the border, and the roofline goes on.
TEST(MachineSpeeds, ThatNetsWereNotTrainedOnAreLeftToTheRoofline) {
  ComputeModel model = testing::sample_compute_model();
  model.reference = {{20, 1, 8}};
  model.training.ranges["probe_copy_gb_s"] = {15, 25};
  model.training.ranges["probe_gather_gb_s"] = {0.8, 1.25};
  model.training.ranges["probe_fma_gflop_s"] = {4, 9};
  const MachineSpeeds speeds = machine_speeds(model, {{200, 4, 7}});
  EXPECT_DOUBLE_EQ(speeds.memory_time, 0.25);
  EXPECT_DOUBLE_EQ(speeds.core_time, 8.0 / 7);
  EXPECT_DOUBLE_EQ(speeds.seen[probe_copy], std::log(1.25));
  EXPECT_DOUBLE_EQ(speeds.seen[probe_gather], std::log(1.25));
  EXPECT_DOUBLE_EQ(speeds.seen[probe_fma], std::log(7.0 / 8));
  const MachineSpeeds unknown = machine_speeds(model, {});
  EXPECT_EQ(unknown.memory_time, 1);
  EXPECT_EQ(unknown.seen, Speeds{});
  model.usual = {{20, 2, 8}};
  EXPECT_DOUBLE_EQ(machine_speeds(model, {}).memory_time, 0.5);
}

TEST(ComputeModel, KnowsWhenPooledValuesGoPastTheCaches) {
  std::vector<double> state(state_size(testing::sample_compute_model()));
  state[state_output] = 3e6;
  EXPECT_TRUE(goes_past_caches(state, 1));
  EXPECT_FALSE(goes_past_caches(state, 2));  // each source has a matrix of its own
  state[state_output] = 2e6;
  EXPECT_FALSE(goes_past_caches(state, 1));
  state[state_output] = 3e6;
  state[state_ragged] = 2;
  EXPECT_FALSE(goes_past_caches(state, 1));
}

// Writing past the caches changes what writing takes, not what long bags take beside it.
TEST(ComputeModel, TellsTheHeadHowMuchOfLookUpsIsWritingPastTheCaches) {
  std::vector<double> state(state_size(testing::sample_compute_model()));
  state[state_forward_ms] = state[state_backward_ms] = state[state_shards] = 1;
  state[state_output] = 1e7;
  std::vector<double> inputs(num_head_inputs(testing::sample_compute_model()));
  const auto share = [&] {
    head_inputs(state, {1, 1}, {}, inputs);
    return inputs.back();
  };
  EXPECT_DOUBLE_EQ(share(), 0.5);
  state[state_forward_ms] = 9;
  EXPECT_DOUBLE_EQ(share(), 0.1);
  state[state_output] = 1e6;
  EXPECT_EQ(share(), 0);
}

// A table of long bags alone and with nine of one id each, whose values together go past the
// caches: measured 8.6 and 10.4 ms.
TEST(ComputeModel, ShippedForCpusPricesTablesOfFewIdsOnTopOfOneOfMany) {
  Workload workload;
  workload.batch_size = 4096;
  workload.tables = {testing::sample_table(1'000'000, 128, 100, "long")};
  for (const char* name : {"b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
    workload.tables.push_back(testing::sample_table(400, 128, 1, name));
  }
  const ComputeModel model = load_shipped_compute_model("cpu-epyc9004-compute");
  std::vector<double> state(state_size(model));
  const auto add = [&](std::size_t i) {
    const Table& table = workload.tables[i];
    const Shard shard{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim,
                      RankId{0}};
    const double unique = std::min(static_cast<double>(table.rows), 4096 * table.pooling / 3);
    add_to_state(model, shard_work(table, shard, 4096, unique, {}), {}, state);
  };
  add(0);
  const double alone = price_state(model, state, {2, 1, {}}).forward_ms;
  for (std::size_t i = 1; i < workload.tables.size(); ++i) add(i);
  EXPECT_GT(price_state(model, state, {2, 1, {}}).forward_ms, 1.05 * alone);
}

TEST(ShardWork, HasOutputInTheMatrixOfItsOwnerAlone) {
  Table table = testing::sample_table(5000, 24, 3, "a");
  Shard shard{TableId{0}, ShardingType::table_wise, 0, 5000, 0, 24, RankId{0}};
  EXPECT_EQ(shard_work(table, shard, 1000, 700, {}).output_bytes(), 1000 * 24 * 4);
  EXPECT_FALSE(shard_work(table, shard, 1000, 700, {}).fills_lines());
  shard.type = ShardingType::data_parallel;
  EXPECT_EQ(shard_work(table, shard, 1000, 700, {}).output_bytes(), 0);
  shard.type = ShardingType::table_wise;
  table.mode = PoolingMode::none;
  EXPECT_EQ(shard_work(table, shard, 1000, 700, {}).output_bytes(), 0);
}

TEST(FittedCostModel, RefusesRanksOfAnotherDevice) {
  const TwoTables two;
  const FittedCostModel model({testing::sample_compute_model(), {}}, "sample");
  const Topology gpus = testing::sample_topology(1, 2, "H100");
  EXPECT_THROW(model.price(two.workload, gpus, two.shards), InputError);
}

TEST(FittedCostModel, RefusesNeuroshardsForm) {
  ComputeModel model = testing::sample_compute_model();
  model.architecture = ComputeArchitecture::neuroshard;
  EXPECT_THROW(FittedCostModel({model, {}}, "theirs"), UsageError);
}

TEST(FittedPricer, GivesTheBitsOfAWholePriceInAnyOrderOfMoves) {
  const TwoTables two;
  const FittedCostModel model({testing::sample_compute_model(), {}}, "sample");
  const auto pricer = model.rank_pricer(two.workload, two.topology);
  const std::size_t size = pricer->state_size();
  std::vector<std::int64_t> a(size);
  std::vector<std::int64_t> b(size);
  pricer->encode(two.shards[0], pricer->kind(RankId{0}), a);
  pricer->encode(two.shards[1], pricer->kind(RankId{0}), b);
  std::vector<std::int64_t> own(size);
  for (std::size_t i = 0; i < size; ++i) own[i] = ((b[i] + a[i]) - b[i]) + b[i];
  std::vector<std::int64_t> busy(size);
  for (std::size_t i = 0; i < size; ++i) busy[i] = own[i] > 0 ? 1 : 0;
  const PhaseTimes searched = pricer->price(RankId{0}, {own, own, own, busy, busy, busy});
  const PhaseTimes rated = model.price(two.workload, two.topology, two.shards)[0];
  EXPECT_EQ(searched.compute_forward_ms, rated.compute_forward_ms);
  EXPECT_EQ(searched.compute_backward_ms, rated.compute_backward_ms);
  EXPECT_NEAR(searched.comm_forward_ms, rated.comm_forward_ms, 1e-9 * rated.comm_forward_ms);
  EXPECT_FALSE(pricer->floor(two.shards[0], RankId{0}).has_value());
}

TEST(ShippedComputeModels, PriceAPlanByTheirName) {
  const TwoTables two;
  for (const std::string& name : shipped_compute_model_names()) {
    const auto model = make_cost_model(name);
    EXPECT_EQ(model->name(), name);
    Topology topology = two.topology;
    for (auto& rank : topology.ranks) rank.device = load_shipped_compute_model(name).device;
    EXPECT_GT(model->price(two.workload, topology, two.shards)[0].compute_forward_ms, 0);
  }
  EXPECT_THROW(load_shipped_compute_model("nccl-h100"), UsageError);
}

}  // namespace
}  // namespace shardwright
