#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/reduce_scatter.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/look_up_task.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/embedding/work_split.hpp"
#include "runtime/embedding/workers.hpp"
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
/// ids name. However many `workers` there are, every value is computed by one of them: the bits are
/// the same. Borrows all that it is made of.
class ReplicatedTables {
 public:
  ReplicatedTables(const ExchangeLayout& layout, const Workload& workload,
                   const OptimizerSettings& settings,
                   std::span<ShardedEmbeddings::LocalShard> shards, Workers& workers);

  bool empty() const { return tables_.empty(); }
  /// Keeps the ids of this rank's batch.
  void remember(const Batch& batch);
  /// Fills the tables' columns of the pooled rows and their ids' vectors, which have the places of
  /// `vectors`.
  void look_up(const OwnVectors& vectors, const OutputValues& values);
  /// Sums this rank's gradients per row, once those of the batch before travel no more.
  void sum_gradients(const OwnVectors& vectors, const OutputGradients& gradients);

  /// The ranks' sums are added up in three parts, between which a rank may compute; the ranks call
  /// each in the same order among all that they do together. The first sends, and does not block;
  /// the second waits for what others have sent, adds and sends on; after the third all sums are
  /// there. Of many weights the first 4 MiB of sums travel beside computing in the first part, and
  /// the last in the third.
  void start_reduce(Communicator& comm);
  void pass_sums_on(Communicator& comm);
  void finish_reduce() { sums_.finish(); }
  /// Moves on what travels; does not block.
  void advance() { sums_.advance(); }

  /// After finish_reduce(). Adds in an order that depends on the tables alone.
  double sum_all_squares();
  void update(const StepSize& step);

 private:
  struct Table {
    std::size_t shard = 0;          ///< position in shards_
    std::size_t first_feature = 0;  ///< in the model's features; they stand together
    std::size_t num_features = 0;
    std::size_t first_bags = 0;  ///< of its features', in bags_
    std::int64_t pooled_column = 0;
    std::size_t first_row = 0;       ///< of its rows among all tables' in touched_
    std::size_t first_gradient = 0;  ///< in gradients_
    RowGroups groups;
  };
  /// Rows of one table that one thread goes through.
  struct Rows {
    std::size_t table = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  /// Columns of groups that one thread sums: all, but of a row that many ids name.
  struct Sum {
    std::size_t table = 0;
    GroupRange groups;
    ColumnRange columns;
  };
  void mark(std::size_t row) { touched_[row / 8] |= std::byte{1} << (row % 8); }
  bool is_marked(std::size_t row) const {
    return (touched_[row / 8] & (std::byte{1} << (row % 8))) != std::byte{0};
  }
  const Shard& shard_of(const Table& table) const { return shards_[table.shard].shard; }
  std::span<float> gradient_of(const Table& table, std::int64_t row);
  bool is_unpooled(const Table& table) const {
    return workload_.table(shard_of(table).table).mode == PoolingMode::none;
  }
  std::int64_t first_column(const Table& table, std::size_t k) const {
    return table.pooled_column + static_cast<std::int64_t>(k) * shard_of(table).columns();
  }
  void cut_rows(std::size_t table);
  template <class Visit>
  void for_all_rows(Visit visit);
  std::size_t columns_of(const Table& table) const;
  WorkShare task_share() const;
  void plan_pooling(const Table& table, const Bags& bags, float* out);
  void plan_vectors(const Table& table, const Bags& bags, float* out);
  InputSource own_source(const OwnVectors& vectors) const;
  GradientView view_of(const Table& table, const OutputGradients& gradients) const;
  void group_rows(const OwnVectors& vectors);
  void group_rows(Table& table, const InputSource& own, Workers* workers);
  void plan_sums(std::size_t table);
  void sum(const Sum& sum, const OutputGradients& gradients);
  void reduce_marks(Communicator& comm);
  void update_rows(const Rows& rows, const StepSize& step);

  const Workload& workload_;
  const OptimizerSettings& settings_;
  std::span<ShardedEmbeddings::LocalShard> shards_;
  Workers& workers_;
  std::int64_t pooled_columns_;
  bool exchanges_marks_ = false;
  std::vector<Table> tables_;
  std::vector<Rows> rows_;  ///< all of all tables, cut the same way whatever the workers
  std::vector<Bags> bags_;  ///< of all tables' features, in order
  WorkShare task_;          ///< of the work on those, one task's
  std::vector<LookUpTask> look_ups_;
  std::vector<Sum> planned_sums_;
  LineVector<float> gradients_;  ///< [table][row][column]
  OrderedAllReduce<float> sums_;
  std::vector<std::byte> touched_;  ///< a bit per row of all tables
};

}  // namespace shardwright
