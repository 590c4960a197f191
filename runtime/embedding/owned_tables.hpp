#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/row_square_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// What a rank computes on the shards it owns: pooled values for the samples of all ranks, and
/// updates by their gradients, both in its matrix (OwnerLayout). Borrows all that it is made of.
class OwnedTables {
 public:
  /// `shards` are those of the rank's OwnerLayout, in its order.
  OwnedTables(const ExchangeLayout& layout, const Workload& workload,
              const OptimizerSettings& settings, RankId self,
              std::span<ShardedEmbeddings::LocalShard> shards);

  /// Fills the matrix with pooled values.
  void look_up(const InputExchange& input);
  /// [samples of all ranks][columns], resized for the batch: to be filled with gradients after
  /// look_up() and the exchange of its values.
  std::span<float> matrix() { return matrix_; }

  /// Sorts the batch's ids by row. The next three take the gradients that are in the matrix.
  void group_rows(const InputExchange& input);
  double sum_all_squares();
  /// Whether exchange_squares() must be called, on all ranks, between the two others.
  bool shares_squares() const { return square_sums_.needed(); }
  void sum_row_squares(const StepSize& step);
  void exchange_squares(Communicator& comm) { square_sums_.exchange(comm); }
  void update(const StepSize& step);

 private:
  const OwnerLayout& self() const { return layout_.owners[self_]; }
  template <class Visit>
  void for_each_piece(Visit visit);
  PoolingMode mode(const OwnedBlock& block) const;
  GradientView gradients_of(const OwnedPiece& piece) const;
  std::span<float> working_row(const OwnedPiece& piece);
  ShardRows rows_of(const OwnedPiece& piece);
  UpdateRule rule(const OwnedBlock& block, const StepSize& step) const {
    return {workload_.table(block.table), settings_, step};
  }

  const ExchangeLayout& layout_;
  const Workload& workload_;
  const OptimizerSettings& settings_;
  std::size_t self_;
  std::span<ShardedEmbeddings::LocalShard> shards_;
  RowSquareSums square_sums_;
  std::vector<RowGroups> groups_;  ///< one per block
  std::vector<float> matrix_;
  std::vector<float> row_;  ///< working memory: the gradient of one row of one shard
};

}  // namespace shardwright
