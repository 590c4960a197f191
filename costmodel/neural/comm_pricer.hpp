#pragma once

#include "costmodel/neural/exchange_curves.hpp"
#include "costmodel/rank_pricer.hpp"

#include <array>
#include <memory>
#include <vector>

namespace shardwright {

/// Computation by another pricer, exchanges by a communication model. A state holds the other
/// pricer's values, then bytes of exchanges in fixed point. Borrows all but the other pricer.
class CommPricer final : public RankPricer {
 public:
  /// Throws as ExchangeCurves does.
  CommPricer(std::unique_ptr<RankPricer> compute, const CommModel& model, const Workload& workload,
             const Topology& topology);

  std::size_t state_size() const override { return compute_size_ + kBytes; }
  std::size_t num_kinds() const override { return compute_->num_kinds(); }
  std::size_t kind(RankId rank) const override { return compute_->kind(rank); }
  bool reads_other_ranks() const override { return true; }
  bool assumes_even_rows() const override { return compute_->assumes_even_rows(); }
  void encode(const Shard& shard, std::size_t kind, std::span<std::int64_t> state) const override;
  void encode_shared(const Shard& shard, std::span<std::int64_t> state) const override;
  PhaseTimes price(RankId rank, const RankState& state) const override;
  /// By lines below the curves, as these may fall with their bytes; none where the other pricer has
  /// none, or the model's times depend on how even an exchange is.
  std::optional<Floor> floor(const Shard& shard, RankId rank) const override;

 private:
  static constexpr std::size_t kBytes = 8;  // as ExchangeBytes has
  using Values = std::array<double, kBytes>;

  ShardLoad load(const Shard& shard) const;
  Values bytes_of(const Shard& shard) const;
  double statistics_of(const Table& table, const Shard& shard, const ShardLoad& load) const;
  void write(const Values& values, std::span<std::int64_t> state) const;
  ExchangeBytes decoded(std::span<const std::int64_t> state) const;
  void set_scales_and_floor();

  std::unique_ptr<RankPricer> compute_;
  std::size_t compute_size_;
  ExchangeCurves curves_;
  const Workload& workload_;
  const Topology& topology_;
  std::vector<double> touched_rows_;  // per table; 0 where there are no row statistics
  RowWiseSums row_wise_;
  Values scales_{};
  std::optional<ExchangeFloor> floor_;
};

}  // namespace shardwright
