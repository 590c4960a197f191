#include "costmodel/torchrec/pricer.hpp"

#include "costmodel/torchrec/perf.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace shardwright::torchrec {
namespace {

constexpr std::size_t kNumValues = 4;

class Pricer final : public RankPricer {
 public:
  Pricer(const Workload& workload, const Topology& topology) : workload_(workload) {
    std::map<std::pair<std::string, std::int64_t>, std::size_t> kind_of;  // by device and node
    for (std::size_t i = 0; i < topology.ranks.size(); ++i) {
      const RankSpec& rank = topology.ranks[i];
      const auto [found, added] =
          kind_of.emplace(std::pair(rank.device, rank.node), settings_.size());
      kinds_.push_back(found->second);
      if (added) {
        settings_.push_back(setting_of(
            workload, topology,
            {.table = TableId(0), .type = ShardingType::table_wise, .rank = RankId::of(i)}));
      }
    }
    merge_equal_kinds();
    scale_ = fixed_point_scale(most());
  }

  std::size_t state_size() const override { return kNumValues; }
  std::size_t num_kinds() const override { return settings_.size(); }
  std::size_t kind(RankId rank) const override { return kinds_[rank.index()]; }
  bool reads_other_ranks() const override { return false; }
  bool assumes_even_rows() const override { return true; }

  void encode(const Shard& shard, std::size_t kind, std::span<std::int64_t> state) const override {
    const Perf perf = perf_of(shard, kind);
    state[0] = fixed(perf.forward_compute);
    state[1] = fixed(perf.forward_comms);
    state[2] = fixed(perf.backward_compute);
    state[3] = fixed(perf.backward_comms);
  }

  PhaseTimes price(RankId /*rank*/, const RankState& state) const override {
    PhaseTimes times;
    times.compute_forward_ms = static_cast<double>(state.own[0]) / scale_;
    times.comm_forward_ms = static_cast<double>(state.own[1]) / scale_;
    times.compute_backward_ms = static_cast<double>(state.own[2]) / scale_;
    times.comm_backward_ms = static_cast<double>(state.own[3]) / scale_;
    return times;
  }

  std::optional<Floor> floor(const Shard& shard, RankId rank) const override {
    const Perf perf = perf_of(shard, kind(rank));
    return Floor{{},
                 {.compute_forward_ms = perf.forward_compute,
                  .comm_forward_ms = perf.forward_comms,
                  .compute_backward_ms = perf.backward_compute,
                  .comm_backward_ms = perf.backward_comms}};
  }

 private:
  Perf perf_of(const Shard& shard, std::size_t kind) const {
    Setting setting = settings_[kind];
    setting.kernel = kernel_of(shard.type);
    return estimate_perf(workload_.table(shard.table), shard.type, shard.columns(), setting);
  }

  std::int64_t fixed(double milliseconds) const {
    return static_cast<std::int64_t>(std::llround(milliseconds * scale_));
  }

  // Nodes of one size and device have one setting.
  void merge_equal_kinds() {
    std::map<std::pair<ComputeDevice, std::int64_t>, std::size_t> first;
    std::vector<Setting> settings;
    std::vector<std::size_t> merged;
    for (const Setting& setting : settings_) {
      const auto [found, added] =
          first.emplace(std::pair(setting.device, setting.local_world_size), settings.size());
      if (added) settings.push_back(setting);
      merged.push_back(found->second);
    }
    for (std::size_t& kind : kinds_) kind = merged[kind];
    settings_ = std::move(settings);
  }

  // Every table on one rank, in shards as narrow as they come; narrow ones cost up to 1.75 times as
  // much.
  double most() const {
    double most = 0;
    for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
      const Table& table = workload_.tables[i];
      Shard whole{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(0)};
      double dearest = 0;
      for (const ShardingType type : kAllShardingTypes) {
        whole.type = type;
        for (std::size_t kind = 0; kind < settings_.size(); ++kind) {
          dearest = std::max(dearest, perf_of(whole, kind).total());
        }
      }
      most += 2 * dearest * static_cast<double>(table.dim);
    }
    return most;
  }

  const Workload& workload_;
  std::vector<Setting> settings_;   // per kind
  std::vector<std::size_t> kinds_;  // per rank
  double scale_ = 1;
};

}  // namespace

std::unique_ptr<RankPricer> make_pricer(const Workload& workload, const Topology& topology) {
  return std::make_unique<Pricer>(workload, topology);
}

}  // namespace shardwright::torchrec
