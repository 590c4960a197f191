#pragma once

#include "costmodel/compute/compute_model.hpp"
#include "costmodel/compute/reuse_cache.hpp"
#include "costmodel/rank_pricer.hpp"

#include <array>
#include <memory>
#include <vector>

namespace shardwright {

/// Computation by a fitted model, communication by the analytic one, rank by rank. A state holds
/// the analytic pricer's values, then the summed codes of the compute model in fixed point. Borrows
/// all arguments.
class FittedPricer final : public RankPricer {
 public:
  FittedPricer(const ComputeModel& model, ReuseCache& reuse, const Workload& workload,
               const Topology& topology);

  std::size_t state_size() const override { return analytic_size_ + kCodes; }
  std::size_t num_kinds() const override { return analytic_->num_kinds(); }
  std::size_t kind(RankId rank) const override { return analytic_->kind(rank); }
  bool reads_other_ranks() const override { return analytic_->reads_other_ranks(); }
  bool assumes_even_rows() const override { return analytic_->assumes_even_rows(); }
  void encode(const Shard& shard, std::size_t kind, std::span<std::int64_t> state) const override;
  void encode_shared(const Shard& shard, std::span<std::int64_t> state) const override;
  PhaseTimes price(RankId rank, const RankState& state) const override;
  /// None: a net's price of a set may be less than the sum of its parts.
  std::optional<Floor> floor(const Shard& shard, RankId rank) const override;

 private:
  // The codes' part of a state.
  static constexpr std::size_t kCodes = state_codes + kNumCodes;
  void encode_compute(const Shard& shard, std::span<std::int64_t> codes) const;
  ComputeTimes price_compute(RankId rank, std::span<const std::int64_t> codes) const;
  void set_scales();
  ShardWork work_of(const Shard& shard) const;

  const ComputeModel& model_;
  const Workload& workload_;
  const Topology& topology_;
  MachineSpeeds speeds_;
  std::unique_ptr<RankPricer> analytic_;
  std::size_t analytic_size_;
  std::vector<double> unique_rows_;    // per table
  std::vector<ReuseHistogram> reuse_;  // per table
  std::vector<double> busy_ranks_;     // per rank
  std::array<double, kCodes> scales_{};
};

}  // namespace shardwright
