#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/reduce_scatter.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/own_vectors.hpp"
#include "runtime/exchange/pooled_exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// The data_parallel tables, which every rank has whole: each looks up its own samples' ids; the
/// gradients are summed over the ranks (ordered_all_reduce), so that all copies stay equal. Per
/// step and rank 2·(W − 1)/W · 4 bytes per weight are sent; where an optimizer moves rows even by a
/// gradient of zero (moves_by_zero()), also a bit per row to each other rank: which rows the rank's
/// ids name. Borrows layout, workload, settings and shards.
class ReplicatedTables {
 public:
  ReplicatedTables(const ExchangeLayout& layout, const Workload& workload,
                   const OptimizerSettings& settings,
                   std::span<ShardedEmbeddings::LocalShard> shards);

  bool empty() const { return tables_.empty(); }
  /// Keeps the ids of this rank's batch.
  void remember(const Batch& batch);
  /// Fills the tables' columns of the pooled rows and their ids' vectors, which have the places of
  /// `vectors`.
  void look_up(const OwnVectors& vectors, const OutputValues& values) const;
  /// Sums this rank's gradients per row.
  void sum_gradients(const OwnVectors& vectors, const OutputGradients& gradients);
  /// Adds up the ranks' sums. Blocks.
  void reduce(Communicator& comm);
  /// After reduce().
  double sum_all_squares() const;
  void update(const StepSize& step);

 private:
  struct Table {
    std::size_t shard = 0;          ///< position in shards_
    std::size_t first_feature = 0;  ///< in the model's features; they stand together
    std::size_t num_features = 0;
    std::int64_t pooled_column = 0;
    std::size_t first_row = 0;       ///< of its rows among all tables' in touched_
    std::size_t first_gradient = 0;  ///< in gradients_
    RowGroups groups;
  };
  void mark(std::size_t row) { touched_[row / 8] |= std::byte{1} << (row % 8); }
  bool is_marked(std::size_t row) const {
    return (touched_[row / 8] & (std::byte{1} << (row % 8))) != std::byte{0};
  }
  const Shard& shard_of(const Table& table) const { return shards_[table.shard].shard; }
  std::span<const float> gradient_of(const Table& table, std::int64_t row) const;
  bool is_unpooled(const Table& table) const {
    return workload_.table(shard_of(table).table).mode == PoolingMode::none;
  }
  std::int64_t first_column(const Table& table, std::size_t k) const {
    return table.pooled_column + static_cast<std::int64_t>(k) * shard_of(table).columns();
  }
  void pool(const Table& table, const Bags& bags, float* out) const;
  void look_up_vectors(const Table& table, const Bags& bags, float* out) const;
  InputSource own_source(const OwnVectors& vectors) const;
  void sum_gradients(Table& table, const OutputGradients& gradients);
  void reduce_marks(Communicator& comm);

  const Workload& workload_;
  const OptimizerSettings& settings_;
  std::span<ShardedEmbeddings::LocalShard> shards_;
  std::int64_t pooled_columns_;
  bool exchanges_marks_ = false;
  std::vector<Table> tables_;
  std::vector<Bags> bags_;       ///< of all tables' features, in order
  LineVector<float> gradients_;  ///< [table][row][column]
  OrderedAllReduce<float> sums_;
  std::vector<std::byte> touched_;  ///< a bit per row of all tables
};

}  // namespace shardwright
