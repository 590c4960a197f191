#include "costmodel/analytic.hpp"

#include "costmodel/analytic_pricer.hpp"
#include "costmodel/device.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/row_statistics.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/traffic.hpp"
#include "costmodel/unique_rows.hpp"

#include <optional>

namespace shardwright {
namespace {

// What one rank moves in the computing phases.
struct RankWork {
  bool busy = false;
  MovedBytes forward;
  MovedBytes backward;
  StatisticsSent statistics;
};

double compute_ms(const RankSpec& spec, const RankWork& work, const MovedBytes& bytes) {
  if (!work.busy) return 0;
  const Device& device = find_device(spec.device);
  const double bandwidth = device.memory_bandwidth_bytes_per_second;
  const double seconds = device.launch_seconds + bytes.streamed / bandwidth +
                         bytes.random / (bandwidth * device.gather_efficiency);
  return 1e3 * seconds / spec.speed;
}

// Everything one step moves, gathered shard by shard and then turned into times.
class Step {
 public:
  Step(const Workload& workload, const Topology& topology)
      : workload_(workload),
        topology_(topology),
        unique_rows_(workload.tables.size()),
        kept_(workload.tables.size()),
        ranks_(topology.ranks.size()),
        traffic_(topology),
        statistics_(topology) {}

  void add(const Shard& shard) {
    if (shard.rank) {
      add_owned(shard);
    } else {
      add_replicated(shard);
    }
  }

  std::vector<PhaseTimes> times() const {
    const std::vector<double> input = traffic_.input_ms();
    const std::vector<double> output = traffic_.output_ms();
    const double all_reduce = AllReduce(topology_).milliseconds(replicated_gradient_bytes_);
    std::vector<PhaseTimes> result(ranks_.size());
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      const RankSpec& spec = topology_.ranks[rank];
      result[rank].comm_input_ms = input[rank];
      result[rank].compute_forward_ms = compute_ms(spec, ranks_[rank], ranks_[rank].forward);
      result[rank].comm_forward_ms = output[rank];
      result[rank].compute_backward_ms = compute_ms(spec, ranks_[rank], ranks_[rank].backward);
      // Gradients go the way outputs came, reversed, which takes as long.
      result[rank].comm_backward_ms =
          output[rank] + all_reduce +
          statistics_.milliseconds(RankId::of(rank), ranks_[rank].statistics);
    }
    return result;
  }

 private:
  double unique_rows(TableId id) {
    std::optional<double>& unique = unique_rows_[id.index()];
    if (!unique) unique = expected_unique_rows(workload_.table(id), workload_.batch_size);
    return *unique;
  }

  void add_owned(const Shard& shard) {
    const Table& table = workload_.table(shard.table);
    const auto samples = static_cast<double>(workload_.batch_size);
    const ShardLoad load = load_of(table, shard, samples, unique_rows(shard.table));
    RankWork& work = ranks_[shard.rank->index()];
    work.busy = true;
    work.forward += forward_bytes(table, shard, load);
    work.backward += backward_bytes(table, shard, load);
    traffic_.add(table, shard, load);
    if (shares_row_statistics(table, shard)) add_statistics(table, shard, load, work);
  }

  void add_statistics(const Table& table, const Shard& shard, const ShardLoad& load,
                      RankWork& work) {
    std::optional<KeptShare>& kept = kept_[shard.table.index()];
    if (!kept) kept = expected_kept_share(table, workload_.batch_size);
    work.backward += second_pass_bytes(table, shard, load, *kept);
    work.statistics +=
        statistics_sent(table, shard, load.unique_rows, static_cast<double>(ranks_.size()));
  }

  // Every rank looks up its own samples; gradients of the whole table are summed over all ranks,
  // then every rank applies them to the rows that the global batch touched.
  void add_replicated(const Shard& shard) {
    const Table& table = workload_.table(shard.table);
    const double samples =
        static_cast<double>(workload_.batch_size) / static_cast<double>(ranks_.size());
    const ShardLoad local = load_of(table, shard, samples, unique_rows(shard.table));
    ShardLoad update = local;
    update.unique_rows = unique_rows(shard.table);
    const double gradient = replicated_gradient_bytes(shard);
    for (RankWork& work : ranks_) {
      work.busy = true;
      work.forward += forward_bytes(table, shard, local);
      work.backward += backward_bytes(table, shard, update);
      work.backward.streamed += gradient;
    }
    replicated_gradient_bytes_ += gradient;
  }

  const Workload& workload_;
  const Topology& topology_;
  std::vector<std::optional<double>> unique_rows_;  // of each table, once asked for
  std::vector<std::optional<KeptShare>> kept_;      // likewise
  std::vector<RankWork> ranks_;
  ExchangeTraffic traffic_;
  StatisticsExchange statistics_;
  double replicated_gradient_bytes_ = 0;
};

}  // namespace

std::string_view AnalyticCostModel::provenance() const {
  return "datasheet figures for compute and communication, not fitted, run `profile`";
}

std::vector<PhaseTimes> AnalyticCostModel::price(const Workload& workload, const Topology& topology,
                                                 std::span<const Shard> shards) const {
  Step step(workload, topology);
  for (const Shard& shard : shards) step.add(shard);
  return step.times();
}

std::unique_ptr<RankPricer> AnalyticCostModel::rank_pricer(const Workload& workload,
                                                           const Topology& topology) const {
  return make_analytic_pricer(workload, topology);
}

}  // namespace shardwright
