#include "planner/unique_rows_price.hpp"

#include "costmodel/device.hpp"
#include "costmodel/reuse.hpp"
#include "costmodel/unique_rows.hpp"
#include "planner/unique_rows.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr double kValueBytes = 4;
constexpr double kIdBytes = 8;

double samples_of_rank(const Workload& workload, const Topology& topology) {
  return static_cast<double>(workload.batch_size) / static_cast<double>(topology.size());
}

/// Of rows that are all looked up as often as the bin's mean.
double mean_of_bin(std::size_t bin) {
  ReuseHistogram histogram{};
  histogram[bin] = 1;
  return mean_reuse(histogram);
}

/// A histogram of two neighbouring bins whose mean reuse is `reuse`, at least 1.
ReuseHistogram histogram_of_mean(double reuse) {
  ReuseHistogram histogram{};
  std::size_t bin = 0;
  while (bin + 2 < histogram.size() && mean_of_bin(bin + 1) <= reuse) ++bin;
  const double below = mean_of_bin(bin);
  const double share = (reuse - below) / (mean_of_bin(bin + 1) - below);
  histogram[bin + 1] = std::clamp(share, 0.0, 1.0);
  histogram[bin] = 1 - histogram[bin + 1];
  return histogram;
}

/// A step asks for `asked` rows of it, over all ranks.
Table as_exchanged(const Table& table, const Workload& workload, double asked) {
  Table result = table;
  result.mode = PoolingMode::none;
  result.weighted = false;
  result.features.clear();  // lengths of bags do not travel
  result.pooling = asked / static_cast<double>(workload.batch_size);
  const double touched = expected_unique_rows(table, workload.batch_size);
  result.reuse = histogram_of_mean(touched > 0 ? std::max(asked / touched, 1.0) : 1.0);
  result.reuse_batch_size = workload.batch_size;
  return result;
}

}  // namespace

double unique_ids_of_rank(const Table& table, const Workload& workload, const Topology& topology) {
  Table measured = table;  // at the batch of all ranks, unless it says at another
  measured.reuse_batch_size = table.reuse_batch_size.value_or(workload.batch_size);
  const auto samples = static_cast<std::int64_t>(std::llround(samples_of_rank(workload, topology)));
  return expected_unique_rows(measured, std::max<std::int64_t>(samples, 1));
}

Workload workload_as_exchanged(const Plan& plan) {
  Workload workload = plan.workload;
  for (const TableId id : plan.unique_rows) {
    const Table& table = plan.workload.table(id);
    const double asked = unique_ids_of_rank(table, plan.workload, plan.topology) *
                         static_cast<double>(plan.topology.size());
    workload.tables[id.index()] = as_exchanged(table, plan.workload, asked);
  }
  return workload;
}

PoolingBytes& PoolingBytes::operator+=(const PoolingBytes& other) {
  forward += other.forward;
  backward += other.backward;
  return *this;
}

PoolingBytes pooling_bytes(const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  const double samples = samples_of_rank(plan.workload, plan.topology);
  const double row = kValueBytes * static_cast<double>(table.dim);
  const double ids = table.pooling * samples;
  const double bags = static_cast<double>(table.features.size()) * samples;
  return {(row + kIdBytes) * ids + row * bags,
          (row + kIdBytes) * ids + row * unique_ids_of_rank(table, plan.workload, plan.topology)};
}

void add_pooling_work(const PoolingBytes& bytes, const RankSpec& spec, PhaseTimes& times) {
  const double bytes_per_ms =
      find_device(spec.device).memory_bandwidth_bytes_per_second * spec.speed / 1e3;
  times.compute_forward_ms += bytes.forward / bytes_per_ms;
  times.compute_backward_ms += bytes.backward / bytes_per_ms;
}

void add_pooling_work(const PoolingBytes& bytes, const Topology& topology,
                      std::span<PhaseTimes> times) {
  for (std::size_t rank = 0; rank < times.size(); ++rank) {
    add_pooling_work(bytes, topology.ranks[rank], times[rank]);
  }
}

std::vector<PhaseTimes> price_plan(const Plan& plan, const CostModel& cost_model) {
  if (plan.unique_rows.empty()) {
    return cost_model.price(plan.workload, plan.topology, plan.shards);
  }
  std::vector<PhaseTimes> times =
      cost_model.price(workload_as_exchanged(plan), plan.topology, plan.shards);
  PoolingBytes bytes;
  for (const TableId id : plan.unique_rows) bytes += pooling_bytes(plan, id);
  add_pooling_work(bytes, plan.topology, times);
  return times;
}

}  // namespace shardwright
