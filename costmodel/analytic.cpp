#include "costmodel/analytic.hpp"

#include "costmodel/device.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/traffic.hpp"
#include "costmodel/unique_rows.hpp"

#include <map>

namespace shardwright {
namespace {

constexpr double kGradientBytes = 4;

// Everything one step moves, gathered shard by shard and then turned into times.
class Step {
 public:
  Step(const Workload& workload, const Topology& topology)
      : workload_(workload),
        topology_(topology),
        unique_rows_(workload.tables.size(), kUnknown),
        ranks_(topology.ranks.size()),
        input_(topology),
        output_(topology) {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      nodes_[topology.ranks[rank].node].push_back(RankId::of(rank));
    }
  }

  void add(const Shard& shard) {
    if (shard.rank) {
      add_owned(shard);
    } else {
      add_replicated(shard);
    }
  }

  std::vector<PhaseTimes> times() const {
    const std::vector<double> input = input_.milliseconds();
    const std::vector<double> output = output_.milliseconds();
    const double all_reduce = all_reduce_ms(topology_, replicated_gradient_bytes_);
    std::vector<PhaseTimes> result(ranks_.size());
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      const RankSpec& spec = topology_.ranks[rank];
      result[rank].comm_input_ms = input[rank];
      result[rank].compute_forward_ms = compute_ms(spec, ranks_[rank], ranks_[rank].forward);
      result[rank].comm_forward_ms = output[rank];
      result[rank].compute_backward_ms = compute_ms(spec, ranks_[rank], ranks_[rank].backward);
      // Gradients go the way outputs came, reversed, which takes as long.
      result[rank].comm_backward_ms = output[rank] + all_reduce;
    }
    return result;
  }

 private:
  struct RankWork {
    bool busy = false;
    MovedBytes forward;
    MovedBytes backward;
  };
  static constexpr double kUnknown = -1;

  static double compute_ms(const RankSpec& spec, const RankWork& work, const MovedBytes& bytes) {
    if (!work.busy) return 0;
    const Device& device = find_device(spec.device);
    const double bandwidth = device.memory_bandwidth_bytes_per_second;
    const double seconds = device.launch_seconds + bytes.streamed / bandwidth +
                           bytes.random / (bandwidth * device.gather_efficiency);
    return 1e3 * seconds / spec.speed;
  }

  double unique_rows(TableId id) {
    double& unique = unique_rows_[id.index()];
    if (unique == kUnknown) {
      unique = expected_unique_rows(workload_.table(id), workload_.batch_size);
    }
    return unique;
  }

  double num_ranks() const { return static_cast<double>(ranks_.size()); }

  void add_compute(RankId rank, const Table& table, const Shard& shard, const ShardLoad& load) {
    RankWork& work = ranks_[rank.index()];
    work.busy = true;
    work.forward += forward_bytes(table, shard, load);
    work.backward += backward_bytes(table, shard, load);
  }

  void add_owned(const Shard& shard) {
    const Table& table = workload_.table(shard.table);
    const auto samples = static_cast<double>(workload_.batch_size);
    const ShardLoad load = load_of(table, shard, samples, unique_rows(shard.table));
    add_compute(*shard.rank, table, shard, load);
    input_.add_from_all(*shard.rank, input_message_bytes(table, load) / num_ranks());
    const double output = output_message_bytes(shard, load);
    const bool reduces_in_node =
        shard.type == ShardingType::table_row_wise || shard.type == ShardingType::grid;
    if (reduces_in_node && table.mode != PoolingMode::none) {
      add_reduced_output(table, shard, output);
    } else {
      output_.add_to_all(*shard.rank, output / num_ranks());
    }
  }

  // Partial sums are first added up within the node, each of its g ranks gathering the outputs of
  // 1/g of the samples; then each sends what is summed to its counterparts on the other nodes. The
  // second message is shared by all row shards of the table, hence the share of the rows.
  void add_reduced_output(const Table& table, const Shard& shard, double output) {
    const std::int64_t home = topology_.rank(*shard.rank).node;
    const std::vector<RankId>& members = nodes_.at(home);
    const double part = output / static_cast<double>(members.size());
    const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
    for (std::size_t local = 0; local < members.size(); ++local) {
      output_.add(*shard.rank, members[local], part);
      for (const auto& [node, others] : nodes_) {
        if (node == home) continue;
        const double samples = static_cast<double>(others.size()) / num_ranks();
        output_.add(members[local], others[local % others.size()], part * share * samples);
      }
    }
  }

  // Every rank looks up its own samples; gradients of the whole table are summed over all ranks,
  // then every rank applies them to the rows that the global batch touched.
  void add_replicated(const Shard& shard) {
    const Table& table = workload_.table(shard.table);
    const double samples = static_cast<double>(workload_.batch_size) / num_ranks();
    const double unique = unique_rows(shard.table);
    ShardLoad load = load_of(table, shard, samples, unique);
    load.unique_rows = unique;
    const double gradient =
        kGradientBytes * static_cast<double>(shard.rows()) * static_cast<double>(shard.columns());
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      add_compute(RankId::of(rank), table, shard, load);
      ranks_[rank].backward.streamed += gradient;
    }
    replicated_gradient_bytes_ += gradient;
  }

  const Workload& workload_;
  const Topology& topology_;
  std::vector<double> unique_rows_;  // of each table, kUnknown until asked for
  std::vector<RankWork> ranks_;
  std::map<std::int64_t, std::vector<RankId>> nodes_;
  Traffic input_;
  Traffic output_;
  double replicated_gradient_bytes_ = 0;
};

}  // namespace

std::string_view AnalyticCostModel::provenance() const {
  return "compute: analytic, not fitted; communication: analytic, not fitted (datasheet figures)";
}

std::vector<PhaseTimes> AnalyticCostModel::price(const Workload& workload, const Topology& topology,
                                                 std::span<const Shard> shards) const {
  Step step(workload, topology);
  for (const Shard& shard : shards) step.add(shard);
  return step.times();
}

}  // namespace shardwright
