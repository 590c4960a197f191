#include "planner/dense_memory.hpp"

#include "costmodel/errors.hpp"
#include "planner/spec/dense_sizes_json.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

// Two tables of 8 columns, and 3 dense features: 3 vectors, 3 dot products.
DenseSizes small() {
  DenseSizes sizes;
  sizes.num_dense = 3;
  sizes.num_features = 2;
  sizes.embedding_dim = 8;
  sizes.bottom_mlp = {4, 8};
  sizes.top_mlp = {5, 1};
  return sizes;
}

DenseSizes read(const char* text, std::int64_t num_dense = 3) {
  const Workload workload{{sample_table("a", 10, 8), sample_table("b", 10, 8)}, 4};
  const auto config = nlohmann::json::parse(text);
  return dense_sizes_of(JsonView(config, "train.json"), workload, num_dense);
}

TEST(DenseMemory, CountsWeightsAndBiasesOfEveryLayer) {
  EXPECT_EQ(num_dense_parameters(small()), (4 * 4 + 5 * 8) + (12 * 5 + 6 * 1));
  DenseSizes crossed = small();
  crossed.cross_layers = 2;
  crossed.cross_rank = 6;
  EXPECT_EQ(num_dense_parameters(crossed),
            (4 * 4 + 5 * 8) + 2 * (2 * 24 * 6 + 24) + (25 * 5 + 6 * 1));
  DenseSizes embeddings_alone = small();
  embeddings_alone.num_dense = 0;
  EXPECT_EQ(num_dense_parameters(embeddings_alone), 2 * 5 + 6 * 1);
}

TEST(DenseMemory, CountsWeightsGradientsAndStates) {
  DenseSizes sizes = small();
  const std::int64_t parameters = num_dense_parameters(sizes);
  EXPECT_EQ(dense_bytes(sizes, 0, false), Bytes(parameters * 4 * 3));
  EXPECT_EQ(dense_bytes(sizes, 0, true), Bytes((12 << 20) + parameters * 4 * 3));
  sizes.optimizer = OptimizerKind::sgd;
  EXPECT_EQ(dense_bytes(sizes, 0, false), Bytes(parameters * 4 * 2));
  sizes.optimizer = OptimizerKind::adam;
  EXPECT_EQ(dense_bytes(sizes, 0, false), Bytes(parameters * 4 * 4));
}

/// Values of samples.
std::int64_t values_of(const DenseSizes& sizes, std::int64_t samples, bool on_cpus) {
  return (dense_bytes(sizes, samples, on_cpus) - dense_bytes(sizes, 0, on_cpus)).value() / 4;
}

TEST(DenseMemory, OnCpusCountsABatchOfTheBottomAndSomeSamplesOfTheRest) {
  DenseSizes sizes = small();
  // Features and label, outputs, gradients, the widest layer; the top's outputs, its input and that
  // one's gradient, the vectors' gradients.
  const std::int64_t bottom = 3 + 1 + 12 + 12 + 8;
  std::int64_t rest = 6 + 2 * 11 + 24;
  EXPECT_EQ(values_of(sizes, 10, true), 10 * (bottom + rest));
  EXPECT_EQ(values_of(sizes, 1000, true), 1000 * bottom + kDenseSamplesAtOnce * rest);
  sizes.cross_layers = 2;
  sizes.cross_rank = 6;
  rest = 6 + 24 + 2 * (2 * 24 + 6) + 3 * 24;
  EXPECT_EQ(values_of(sizes, 1000, true), 1000 * bottom + kDenseSamplesAtOnce * rest);
  sizes.num_dense = 0;
  rest = 6 + 16 + 2 * (2 * 16 + 6) + 3 * 16;
  EXPECT_EQ(values_of(sizes, 1000, true), 1000 + kDenseSamplesAtOnce * rest);
}

TEST(DenseMemory, OnGpusCountsAllSamplesOfEverything) {
  // Dense features, bottom, vectors, interaction, top; gradients of 3 × 3 products and 3 × 3
  // vectors.
  const std::int64_t values = 3 + 12 + 24 + 11 + 6 + 9 + 72;
  EXPECT_EQ(values_of(small(), 1000, false), 1000 * values);
}

TEST(DenseMemory, ReadsATrainConfigWithItsDefaults) {
  const DenseSizes plain = read(R"({"schema": "shardwright.train/1", "epochs": 3})");
  EXPECT_EQ(plain.num_features, 2);
  EXPECT_EQ(plain.bottom_mlp, (std::vector<std::int64_t>{64, 8}));
  EXPECT_EQ(plain.top_mlp, (std::vector<std::int64_t>{64, 32, 1}));
  EXPECT_EQ(plain.cross_layers, 0);
  EXPECT_EQ(plain.optimizer, OptimizerKind::adagrad);
  const DenseSizes crossed = read(
      R"({"schema": "shardwright.train/1", "model": "dcnv2", "top_mlp": [7, 1], "optimizer": "sgd"})");
  EXPECT_EQ(crossed.cross_layers, 3);
  EXPECT_EQ(crossed.cross_rank, 12);
  EXPECT_EQ(crossed.top_mlp, (std::vector<std::int64_t>{7, 1}));
  EXPECT_EQ(crossed.optimizer, OptimizerKind::sgd);
  EXPECT_EQ(
      read(R"({"schema": "shardwright.train/1", "dense_optimizer": "adam", "optimizer": "sgd"})")
          .optimizer,
      OptimizerKind::adam);
}

TEST(DenseMemory, ReservesItOnEveryRankOrSaysWhereItDoesNotFit) {
  Topology topology = sample_topology({40'000'000, 40'000'000});
  topology.ranks[1].reserved = Bytes(1000);
  const Bytes needed = dense_bytes(small(), 2, true);
  EXPECT_THAT(reserve_dense_part(small(), 4, topology), HasSubstr("122 parameters and 2 samples"));
  EXPECT_EQ(topology.ranks[0].reserved, needed);
  EXPECT_EQ(topology.ranks[1].reserved, needed + Bytes(1000));
  Topology gpus = sample_topology({100'000});
  gpus.ranks[0].device = "A100";
  reserve_dense_part(small(), 4, gpus);
  EXPECT_EQ(gpus.ranks[0].reserved, dense_bytes(small(), 4, false));
  topology.ranks[1].memory = Bytes(20'000'000);
  EXPECT_THAT(refusal_of<InputError>([&] { reserve_dense_part(small(), 4, topology); }),
              HasSubstr("but rank 1 has"));
  EXPECT_THROW(read(R"({"schema": "shardwright.train/1", "model": "gpt"})"), InputError);
}

}  // namespace
}  // namespace shardwright
