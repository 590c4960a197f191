#pragma once

#include "planner/plan.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Knows which ranks of a plan must send something in a step, and ends the training if one does
/// not: the ranks would not be training one model. With shards on another rank, a rank with samples
/// sends lengths of bags and gradients; a rank with shards sends pooled embeddings, be they parts
/// of sums, if another has samples. Of tables without pooling only the lengths are sure to be sent,
/// for bags may be empty, and of tables that are exchanged as distinct rows a batch may name none.
/// data_parallel tables are on every rank and ask for none of this.
class ExchangeCheck {
 public:
  explicit ExchangeCheck(const Plan& plan);

  /// `ranks`: what all ranks report of a step, in rank order. Throws CollectiveError
  /// (check_failed), the same on every rank that holds the same reports, naming the first rank and
  /// what is missing.
  void require(std::int64_t step, std::span<const StepReport> ranks) const;

 private:
  /// The ranks that have shards of their own.
  struct Owners {
    std::vector<bool> is_one;
    std::int64_t count = 0;
    void add(RankId rank);
    bool has_others(std::size_t rank) const { return count > (is_one[rank] ? 1 : 0); }
  };

  Owners owners_;
  Owners pooled_owners_;  ///< of pooled tables
};

}  // namespace shardwright
