#include "runtime/embedding/initial_weights.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace shardwright {
namespace {

Table make_table(std::int64_t rows, std::int64_t dim) {
  Table table;
  table.name = "movies";
  table.rows = rows;
  table.dim = dim;
  return table;
}

Shard columns(const Table& table, std::int64_t begin, std::int64_t end) {
  return {.row_end = table.rows, .col_begin = begin, .col_end = end, .rank = RankId{0}};
}

// Computed from the formula of docs/training_math.md with Python's integers.
TEST(InitialWeights, FollowTheDocumentedFormula) {
  EXPECT_EQ(initial_embedding_weight(1, "movies", 9724, 3, 5), 0x1.2b5406p-9F);
  EXPECT_EQ(initial_embedding_weight(1, "movies", 9724, 0, 0), 0x1.c65faep-9F);
  EXPECT_EQ(initial_embedding_weight(7, "g\u00e9nero", 20, 19, 127), -0x1.0fdecap-4F);
  EXPECT_EQ(initial_embedding_weight(1, "movies", 4, 3, 5), 0x1.cd3370p-4F);
}

TEST(InitialWeights, OfAShardAreThoseOfItsRowsAndColumns) {
  Workers workers(1);
  const Table table = make_table(6, 20);
  const LineVector<float> weights = initial_weights(3, table, columns(table, 8, 20), workers);
  ASSERT_EQ(weights.size(), 72U);
  for (std::int64_t row = 0; row < 6; ++row) {
    for (std::int64_t c = 0; c < 12; ++c) {
      EXPECT_EQ(weights[static_cast<std::size_t>(row * 12 + c)],
                initial_embedding_weight(3, "movies", 6, row, 8 + c));
    }
  }
}

/// Rows that threads share evenly, do not, or are too few for all.
TEST(InitialWeights, AndStateAreTheSameBitsWithAnyNumberOfThreads) {
  Workers one(1);
  Workers five(5);
  const OptimizerSettings settings{.initial_accumulator = 0.5F};
  for (const std::int64_t rows : {3, 1003}) {
    Table table = make_table(rows, 12);
    table.optimizer = OptimizerKind::adagrad;
    const Shard shard = columns(table, 4, 12);
    EXPECT_EQ(initial_weights(3, table, shard, five), initial_weights(3, table, shard, one));
    EXPECT_EQ(initial_state(table, shard, settings, five),
              initial_state(table, shard, settings, one));
    for (const DataType dtype : {DataType::bf16, DataType::fp16}) {
      table.dtype = dtype;
      EXPECT_EQ(initial_weights16(3, table, shard, five), initial_weights16(3, table, shard, one));
    }
  }
}

TEST(InitialWeights, SpreadEvenlyOverOneOverTheRootOfTheRows) {
  Workers workers(1);
  const Table table = make_table(100, 64);
  double sum = 0;
  double squares = 0;
  for (const float weight : initial_weights(1, table, columns(table, 0, 64), workers)) {
    EXPECT_LE(std::abs(weight), 0.1F);
    sum += weight;
    squares += weight * weight;
  }
  EXPECT_NEAR(sum / 6400, 0, 0.003);                // standard error 0.0007
  EXPECT_NEAR(squares / 6400, 0.01 / 3.0, 0.0002);  // variance of the uniform distribution
}

TEST(InitialWeights, LieOnCacheLines) {
  Workers workers(1);
  Table table = make_table(100, 64);
  for (const std::int64_t rows : {2, 100, 100'000}) {
    table.rows = rows;
    const LineVector<float> weights = initial_weights(1, table, columns(table, 0, 64), workers);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(weights.data()) % 64, 0U) << rows << " rows";
  }
}

TEST(InitialState, HasTheShapeOfTheOptimizer) {
  Workers workers(1);
  Table table = make_table(5, 8);
  const OptimizerSettings settings{.initial_accumulator = 0.5F};
  table.optimizer = OptimizerKind::sgd;
  EXPECT_TRUE(initial_state(table, columns(table, 0, 4), settings, workers).empty());
  table.optimizer = OptimizerKind::adagrad;
  EXPECT_EQ(initial_state(table, columns(table, 0, 4), settings, workers),
            LineVector<float>(20, 0.5F));
  table.optimizer = OptimizerKind::rowwise_adagrad;
  EXPECT_EQ(initial_state(table, columns(table, 0, 4), settings, workers),
            LineVector<float>(5, 0.5F));
  table.rows = 1;
  table.optimizer = OptimizerKind::ftrl;
  EXPECT_EQ(initial_state(table, columns(table, 0, 4), settings, workers),
            (LineVector<float>{0, 0, 0, 0, 0.5F, 0.5F, 0.5F, 0.5F}));
}

TEST(InitialWeights, AShardThatNoMemoryHoldsIsNamed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the program where memory runs out";
#endif
  Workers workers(1);
  const Table table = make_table(std::int64_t{1} << 50, 1024);
  try {
    initial_weights(1, table, columns(table, 0, 1024), workers);
    FAIL() << "nothing was thrown";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("table 'movies'"), std::string::npos) << error.what();
  }
  const Table overflowing = make_table(std::int64_t{1} << 60, 1024);
  EXPECT_THROW(initial_weights(1, overflowing, columns(overflowing, 0, 1024), workers), InputError);
}

}  // namespace
}  // namespace shardwright
