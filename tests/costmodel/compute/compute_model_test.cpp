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
  EXPECT_EQ(shard_features(found), shard_features(expected));
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

TEST(ComputeModel, OfBeforeNetsWereToldOfSharedStatisticsIsBlindToThem) {
  ComputeModel model = testing::sample_compute_model();
  DenseLayer& first = model.encoder.front();
  const std::size_t last = first.inputs - 1;
  for (std::size_t o = 0; o < first.bias.size(); ++o) first.weights[o * first.inputs + last] = 0;
  ComputeModel old = model;
  DenseLayer& narrow = old.encoder.front();
  for (std::size_t o = narrow.bias.size(); o-- > 0;) {
    narrow.weights.erase(narrow.weights.begin() +
                         static_cast<std::ptrdiff_t>(o * narrow.inputs + last));
  }
  --narrow.inputs;
  old.mean.pop_back();
  old.deviation.pop_back();
  const ComputeModel read = parse_compute_model(compute_model_to_json(old), "m.json");
  model.mean.back() = 0;
  model.deviation.back() = 1;
  EXPECT_EQ(compute_model_to_json(read), compute_model_to_json(model));
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
