#pragma once

#include "planner/memory_model.hpp"
#include "planner/plan.hpp"

#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// Memory by the plan's model, of which unique_rows are regarded where that is full or overlap:
/// such a table counts as workload_as_exchanged() says, and beside that, with b samples and u
/// different ids a rank, L ids of e bytes a sample (8, 12 if weighted), F features and D columns,
/// each rank needs
///     ids          e·L·b + 4·F·b + 8·u             (as they were read; the different ones twice)
///     buffers      e·L·b + 4·F·b                   (with positions for ids), and of the largest
///                                                  such table 48·L·b + 16·u while ids are made
///                                                  unique
///     activations  8·D·F·b − 4·D·u                 (pooled vectors and gradients; rows and sums
///                                                  of gradients share their place)
///     grouping     40·L·b + 16·u
///   and an owner of d columns of r of R rows, of W ranks,
///     activations  4·d·u·(W + 1)·r/R               (rows as they are sent, and the rank's own)
/// but, of a part of the rows, none of the buffers that memory_model.hpp has for cut bags and for
/// the positions of their ids: the different ids are cut where they lie, and their rows come in
/// their order.
/// With overlap the next batch's ids are made unique and exchanged meanwhile, in buffers of their
/// own: ids and buffers count twice. Rows and sums of gradients do not: they are those of the step.
/// As memory_model.hpp's it is additive. Borrows the plan, of which workload, topology,
/// memory_model and unique_rows must stay.
class PlanMemory {
 public:
  explicit PlanMemory(const Plan& plan);

  /// Of every rank, whatever it holds.
  const RankMemory& batch() const { return batch_; }
  /// What of the batch's buffers makes ids unique: of the largest table that is exchanged so.
  Bytes numbering() const { return numbering_; }
  /// Of each rank that holds the shard.
  RankMemory of(const Shard& shard) const;

 private:
  RankMemory asking();
  Bytes cut_ids(TableId table) const;
  Bytes rows_given(const Shard& shard) const;

  const Plan& plan_;
  std::optional<Workload> exchanged_;  ///< none: as the plan's
  std::vector<double> unique_;         ///< ids of a rank, per table; 0 of those that are pooled
  RankMemory batch_;
  Bytes numbering_;
};

/// Of every rank of the plan, with these shards. Their ranks must exist and their ranges lie in
/// their tables.
std::vector<RankMemory> memory_of_plan(const Plan& plan, std::span<const Shard> shards);

}  // namespace shardwright
