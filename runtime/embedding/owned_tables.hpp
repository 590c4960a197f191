#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/shared_floats.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/look_up_task.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/owned_parts.hpp"
#include "runtime/embedding/owned_rows.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/embedding/work_split.hpp"
#include "runtime/embedding/workers.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/row_square_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// What a rank computes on the shards it owns: pooled values for the samples of all ranks, vectors
/// for their ids where there is no pooling, and updates by the gradients of both, all in its matrix
/// (OwnerLayout); of blocks that send rows the rows, and updates by the gradients that ranks have
/// summed for them; of blocks that are summed in nodes partial sums, in a matrix of their own.
/// Borrows all that it is made of.
class OwnedTables {
 public:
  /// `shards` are those of the rank's OwnerLayout, in its order. However many `workers` there are,
  /// every pooled value and every row is computed by one of them: the bits are the same.
  OwnedTables(const ExchangeLayout& layout, const Workload& workload,
              const OptimizerSettings& settings, RankId self,
              std::span<ShardedEmbeddings::LocalShard> shards, Workers& workers);

  /// From now on the matrix lies in memory that other ranks of the host can map: valid as long as
  /// this is.
  const SharedFloats& share_matrix();
  /// Gives the matrix, the parts and the rows room for a batch.
  void start(const InputExchange& input);
  /// After start(): fills the rows of the matrix that belong to some of the batch's sources.
  void look_up(std::span<const InputSource> sources);
  /// After start(): fills rows().
  void look_up_rows();
  /// After start(): fills parts(), for all sources.
  void look_up_parts();
  /// Resized for the batch: to be filled with gradients after look_up() and the exchange of its
  /// values.
  std::span<float> matrix() {
    return shared_matrix_ ? shared_matrix_->values() : std::span<float>(matrix_);
  }
  /// To be filled with gradients too.
  OwnedRows& rows() { return rows_; }
  OwnedParts& parts() { return parts_; }

  /// Sorts the batch's ids by row. The next three take the gradients that are in the matrix, in
  /// rows() and in parts().
  void group_rows(const InputExchange& input);
  double sum_all_squares();
  /// Whether exchange_squares() must be called, on all ranks, between the two others.
  bool shares_squares() const { return square_sums_.needed(); }
  void sum_row_squares(const StepSize& step);
  void exchange_squares(Communicator& comm) { square_sums_.exchange(comm); }
  void update(const StepSize& step);

 private:
  /// Where what a block puts out is.
  enum class Place { matrix, rows, parts };
  /// What a block is asked for, and where its pooled values, vectors or rows are.
  struct Request {
    std::span<const InputSource> sources;
    std::size_t first_feature = 0;
    std::size_t num_features = 0;
    float* values = nullptr;
    std::int64_t row_width = 0;  ///< of what `sources` count as rows of `values`
    std::int64_t stride = 0;     ///< from one bag's values to the next one's
  };
  /// Of one piece: the groups that one thread updates.
  struct Update {
    const OwnedBlock* block = nullptr;
    std::size_t block_position = 0;
    const OwnedPiece* piece = nullptr;
    std::size_t piece_position = 0;  ///< in the block
    GroupRange groups;
    std::size_t hot_gradient = 0;  ///< in hot_gradients_, of a group that is hot
    std::size_t kept_begin = 0;    ///< in kept_gradients_, of others whose row statistic is shared
    std::size_t kept_size = 0;
    bool is_hot = false;
  };
  const OwnerLayout& self() const { return layout_.owners[self_]; }
  /// visit(block, its position, piece, its position in the block).
  template <class Visit>
  void for_each_piece(Visit visit) {
    for (std::size_t b = 0; b < self().blocks.size(); ++b) {
      const OwnedBlock& block = self().blocks[b];
      for (std::size_t i = 0; i < block.num_pieces; ++i) {
        visit(block, b, self().pieces[block.first_piece + i], i);
      }
    }
  }
  static Place place(const OwnedBlock& block);
  PoolingMode mode(const OwnedBlock& block) const;
  std::int64_t rows_per_vector(const OwnedBlock& block) const;
  static std::size_t ids_of(const Request& asked);
  Request request(std::size_t block, std::span<const InputSource> sources);
  GradientView gradients_of(std::size_t block, const OwnedPiece& piece);
  std::span<float> scratch(std::size_t thread, std::size_t width);
  ShardRows rows_of(const OwnedPiece& piece);
  std::size_t columns_of(const OwnedPiece& piece) const;
  void plan_look_ups(Place looked_up, std::span<const InputSource> sources);
  void plan_bags(const Request& asked, const OwnedBlock& block, const OwnedPiece& piece,
                 const InputSource& source, std::size_t ids_per_task);
  void plan_vectors(const Request& asked, const OwnedBlock& block, const OwnedPiece& piece,
                    const InputSource& source, std::size_t ids_per_task);
  void plan_updates();
  void plan_piece(Update whole, const WorkShare& task);
  UpdateTask task_of(const Update& update, const ShardRows& rows, const UpdateRule& rule,
                     std::size_t thread);
  void sum_hot_gradients();
  std::span<float> hot_gradient(const Update& update);
  void write_squares(const Update& update, std::size_t thread, std::span<double> squares);
  void update_hot(const Update& update, const StepSize& step, std::size_t thread);
  UpdateRule rule(const OwnedBlock& block, const StepSize& step) const {
    return {workload_.table(block.table), settings_, step};
  }

  const ExchangeLayout& layout_;
  const Workload& workload_;
  const OptimizerSettings& settings_;
  std::size_t self_;
  std::span<ShardedEmbeddings::LocalShard> shards_;
  Workers& workers_;
  RowSquareSums square_sums_;
  std::vector<RowGroups> groups_;  ///< one per block
  std::vector<LookUpTask> look_ups_;
  std::vector<Update> updates_;
  LineVector<float> matrix_;
  std::optional<SharedFloats> shared_matrix_;  ///< in place of matrix_
  OwnedRows rows_;
  OwnedParts parts_;
  LineVector<float> hot_gradients_;
  bool has_hot_sums_ = false;  ///< of the batch, in hot_gradients_
  LineVector<float> kept_gradients_;
  std::size_t num_kept_ = 0;                ///< of the batch, in kept_gradients_
  std::vector<LineVector<float>> scratch_;  ///< working memory of each thread
};

}  // namespace shardwright
