#include "costmodel/compute/fitted_pricer.hpp"

#include "costmodel/analytic_pricer.hpp"
#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/memory_domains.hpp"
#include "costmodel/unique_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr double kLeastWidth = 4;  // columns of a shard

// The summed gradient of all rows of a data_parallel table is read once more.
double replicated_ms(const ComputeModel& model, const Shard& shard) {
  if (shard.type != ShardingType::data_parallel) return 0;
  return 1e3 * replicated_gradient_bytes(shard) /
         find_device(model.device).memory_bandwidth_bytes_per_second;
}

RankState first_part(const RankState& state, std::size_t size) {
  return {state.own.first(size),          state.node.first(size), state.world.first(size),
          state.busy_on_node.first(size), state.busy.first(size), state.busy_nodes.first(size)};
}

}  // namespace

FittedPricer::FittedPricer(const ComputeModel& model, ReuseCache& reuse, const Workload& workload,
                           const Topology& topology)
    : model_(model),
      workload_(workload),
      topology_(topology),
      speeds_(machine_speeds(model, topology.probe)),
      analytic_(make_analytic_pricer(workload, topology)),
      analytic_size_(analytic_->state_size()) {
  for (const Table& table : workload.tables) {
    unique_rows_.push_back(expected_unique_rows(table, workload.batch_size));
    reuse_.push_back(reuse.of(table, workload.batch_size));
  }
  const auto seen = model.training.ranges.find("busy_ranks");
  const double most = seen == model.training.ranges.end() ? 1 : seen->second.most;
  for (const RankSpec& rank : topology.ranks) {
    if (rank.device != model.device) {
      throw InputError(
          fmt::format("The compute model {} is of the device {}, but the topology has a rank on "
                      "{}. Use a model "
                      "of that device, or `--cost-model analytic`.",
                      model.name, model.device, rank.device));
    }
  }
  for (const double ranks : ranks_on_memory(topology)) busy_ranks_.push_back(std::min(ranks, most));
  set_scales();
}

ShardWork FittedPricer::work_of(const Shard& shard) const {
  const std::size_t table = shard.table.index();
  double samples = static_cast<double>(workload_.batch_size);
  if (shard.type == ShardingType::data_parallel) samples /= static_cast<double>(topology_.size());
  return shard_work(workload_.tables[table], shard, samples, unique_rows_[table], reuse_[table]);
}

// A value of one shard is at most that of its whole table at the largest correction; a table has at
// most as many shards as it has columns, each split by rows over all ranks.
void FittedPricer::set_scales() {
  std::array<double, kCodes> most{};
  for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
    const Table& table = workload_.tables[i];
    const Shard whole{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim,
                      RankId{0}};
    Shard everywhere = whole;
    everywhere.type = ShardingType::data_parallel;
    const ShardWork work = work_of(whole);
    const ComputeTimes base = roofline_times(model_.roofline, at_speeds(work_terms(work), speeds_));
    const double shards =
        static_cast<double>(table.dim) / kLeastWidth * static_cast<double>(topology_.size());
    const double largest = std::exp(kMostShardCorrection);
    most[state_forward_ms] += shards * largest * base.forward_ms;
    most[state_backward_ms] +=
        shards * (largest * base.backward_ms + replicated_ms(model_, everywhere));
    most[state_touched] += shards * work.touched_bytes();
    most[state_output] += shards * work.output_bytes();
  }
  for (std::size_t code = 0; code < kNumCodes; ++code) {
    most[state_codes + code] = most[state_forward_ms] + most[state_backward_ms];
  }
  for (std::size_t k = 0; k < kCodes; ++k) scales_[k] = fixed_point_scale(most[k]);
  scales_[state_shards] = scales_[state_ragged] = 1;
}

void FittedPricer::encode_compute(const Shard& shard, std::span<std::int64_t> codes) const {
  std::array<double, kCodes> values{};
  add_to_state(model_, work_of(shard), speeds_, values);
  values[state_backward_ms] += replicated_ms(model_, shard);
  for (std::size_t k = 0; k < kCodes; ++k) {
    codes[k] = static_cast<std::int64_t>(std::llround(values[k] * scales_[k]));
  }
}

void FittedPricer::encode(const Shard& shard, std::size_t kind,
                          std::span<std::int64_t> state) const {
  analytic_->encode(shard, kind, state.first(analytic_size_));
  encode_compute(shard, state.subspan(analytic_size_));
}

void FittedPricer::encode_shared(const Shard& shard, std::span<std::int64_t> state) const {
  analytic_->encode_shared(shard, state.first(analytic_size_));
  const auto codes = state.subspan(analytic_size_);
  std::fill(codes.begin(), codes.end(), 0);
}

ComputeTimes FittedPricer::price_compute(RankId rank, std::span<const std::int64_t> codes) const {
  if (codes[state_shards] <= 0) return {};
  std::array<double, kCodes> values{};
  for (std::size_t k = 0; k < kCodes; ++k) values[k] = static_cast<double>(codes[k]) / scales_[k];
  ComputeTimes times = price_state(
      model_, values, {busy_ranks_[rank.index()], static_cast<double>(topology_.size()), speeds_});
  times.forward_ms /= topology_.rank(rank).speed;
  times.backward_ms /= topology_.rank(rank).speed;
  return times;
}

PhaseTimes FittedPricer::price(RankId rank, const RankState& state) const {
  PhaseTimes times = analytic_->price(rank, first_part(state, analytic_size_));
  const ComputeTimes compute = price_compute(rank, state.own.subspan(analytic_size_));
  times.compute_forward_ms = compute.forward_ms;
  times.compute_backward_ms = compute.backward_ms;
  return times;
}

std::optional<RankPricer::Floor> FittedPricer::floor(const Shard& /*shard*/,
                                                     RankId /*rank*/) const {
  return {};
}

}  // namespace shardwright
