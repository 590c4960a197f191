#include "costmodel/analytic_pricer.hpp"

#include "costmodel/device.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/unique_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

namespace shardwright {
namespace {

// The values of a state.
enum Value : std::size_t {
  forward_streamed,
  forward_random,
  backward_streamed,
  backward_random,
  input,  // bytes of ids that the rank receives, its own included
  output,
  shards,
  num_values,
};
using Loads = std::array<double, num_values>;

// Milliseconds per unit of a state's values on one rank.
struct RankRates {
  double launch_ms = 0;
  double streamed_ms = 0;  // per byte
  double random_ms = 0;
  double others_on_node = 0;  // ranks
  double others_elsewhere = 0;
};

class AnalyticPricer final : public RankPricer {
 public:
  AnalyticPricer(const Workload& workload, const Topology& topology)
      : workload_(workload), topology_(topology) {
    for (const Table& table : workload.tables) {
      unique_rows_.push_back(expected_unique_rows(table, workload.batch_size));
    }
    set_scales();
    set_rates();
  }

  std::size_t state_size() const override { return num_values; }
  std::size_t num_kinds() const override { return 1; }
  std::size_t kind(RankId /*rank*/) const override { return 0; }
  bool reads_other_ranks() const override { return true; }

  void encode(const Shard& shard, std::size_t /*kind*/,
              std::span<std::int64_t> state) const override {
    const Loads loads = loads_of(shard);
    for (std::size_t i = 0; i < num_values; ++i) {
      state[i] = static_cast<std::int64_t>(std::llround(loads[i] * scales_[i]));
    }
  }

  PhaseTimes price(RankId rank, const RankState& state) const override {
    const RankRates& rates = rates_[rank.index()];
    PhaseTimes times;
    if (state.own[shards] > 0) {
      times.compute_forward_ms = rates.launch_ms +
                                 rates.streamed_ms * value(state.own, forward_streamed) +
                                 rates.random_ms * value(state.own, forward_random);
      times.compute_backward_ms = rates.launch_ms +
                                  rates.streamed_ms * value(state.own, backward_streamed) +
                                  rates.random_ms * value(state.own, backward_random);
    }
    times.comm_input_ms = exchange_ms(rates, state, input);
    times.comm_forward_ms = exchange_ms(rates, state, output);
    times.comm_backward_ms = times.comm_forward_ms;
    return times;
  }

  std::optional<Floor> floor(const Shard& shard, RankId rank) const override {
    const RankRates& rates = rates_[rank.index()];
    const Loads loads = loads_of(shard);
    Floor floor;
    floor.idle.compute_forward_ms = floor.idle.compute_backward_ms = rates.launch_ms;
    floor.per_shard.compute_forward_ms =
        rates.streamed_ms * loads[forward_streamed] + rates.random_ms * loads[forward_random];
    floor.per_shard.compute_backward_ms =
        rates.streamed_ms * loads[backward_streamed] + rates.random_ms * loads[backward_random];
    const Link& link = slower_link(rates);
    const double others = others_by(rates, link);
    const double per_byte = others / static_cast<double>(topology_.size());
    floor.idle.comm_input_ms = link_ms(link, 0, others);
    floor.idle.comm_forward_ms = all_put_out_ ? link_ms(link, 0, others) : 0;
    floor.idle.comm_backward_ms = floor.idle.comm_forward_ms;
    floor.per_shard.comm_input_ms = link_ms(link, per_byte * loads[input], 0);
    floor.per_shard.comm_forward_ms = link_ms(link, per_byte * loads[output], 0);
    floor.per_shard.comm_backward_ms = floor.per_shard.comm_forward_ms;
    return floor;
  }

 private:
  Loads loads_of(const Shard& shard) const {
    const Table& table = workload_.table(shard.table);
    const ShardLoad load = load_of(table, shard, static_cast<double>(workload_.batch_size),
                                   unique_rows_[shard.table.index()]);
    const MovedBytes forward = forward_bytes(table, shard, load);
    const MovedBytes backward = backward_bytes(table, shard, load);
    return {forward.streamed,
            forward.random,
            backward.streamed,
            backward.random,
            input_message_bytes(table, load),
            output_message_bytes(shard, load),
            1};
  }

  // No value of a shard exceeds that of its whole table, and no table has more shards than columns.
  void set_scales() {
    Loads most{};
    for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
      const Table& table = workload_.tables[i];
      const Loads whole = loads_of(
          {TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(0)});
      for (std::size_t k = 0; k < num_values; ++k) {
        most[k] += whole[k] * static_cast<double>(table.dim);
      }
      all_put_out_ = all_put_out_ && whole[output] > 0;
    }
    for (std::size_t k = 0; k < num_values; ++k) scales_[k] = fixed_point_scale(most[k]);
    scales_[shards] = 1;
  }

  void set_rates() {
    std::map<std::int64_t, double> on_node;
    for (const RankSpec& rank : topology_.ranks) on_node[rank.node] += 1;
    const auto world = static_cast<double>(topology_.size());
    for (const RankSpec& rank : topology_.ranks) {
      const Device& device = find_device(rank.device);
      const double bandwidth = device.memory_bandwidth_bytes_per_second * rank.speed;
      rates_.push_back({1e3 * device.launch_seconds / rank.speed, 1e3 / bandwidth,
                        1e3 / (bandwidth * device.gather_efficiency), on_node[rank.node] - 1,
                        world - on_node[rank.node]});
    }
  }

  double value(std::span<const std::int64_t> values, std::size_t k) const {
    return static_cast<double>(values[k]) / scales_[k];
  }

  static double link_ms(const Link& link, double bytes, double messages) {
    return 1e3 * (bytes / link.bandwidth_bytes_per_second + messages * link.latency_seconds);
  }

  // Every rank exchanges 1/W of a holder's bytes with it: holders receive ids from all and send
  // outputs to all, so that sending and receiving only trade places between the two (traffic.hpp).
  double exchange_ms(const RankRates& rates, const RankState& state, std::size_t k) const {
    const double ranks = static_cast<double>(topology_.size());
    const double own = value(state.own, k) / ranks;
    const double node = value(state.node, k) / ranks;
    const double world = value(state.world, k) / ranks;
    const double busy = own > 0 ? 1 : 0;
    const auto on_node = static_cast<double>(state.busy_on_node[k]);
    const auto everywhere = static_cast<double>(state.busy[k]);
    return std::max(
        {link_ms(topology_.intra, own * rates.others_on_node, busy * rates.others_on_node),
         link_ms(topology_.inter, own * rates.others_elsewhere, busy * rates.others_elsewhere),
         link_ms(topology_.intra, node - own, on_node - busy),
         link_ms(topology_.inter, world - node, everywhere - on_node)});
  }

  // The link that the rank's own messages, one to every other rank, keep busy for longer.
  const Link& slower_link(const RankRates& rates) const {
    const bool intra = link_ms(topology_.intra, rates.others_on_node, 0) >=
                       link_ms(topology_.inter, rates.others_elsewhere, 0);
    return intra ? topology_.intra : topology_.inter;
  }
  double others_by(const RankRates& rates, const Link& link) const {
    return &link == &topology_.intra ? rates.others_on_node : rates.others_elsewhere;
  }

  const Workload& workload_;
  const Topology& topology_;
  std::vector<double> unique_rows_;  // per table
  std::vector<RankRates> rates_;     // per rank
  Loads scales_{};
  bool all_put_out_ = true;  // every shard has output
};

}  // namespace

std::unique_ptr<RankPricer> make_analytic_pricer(const Workload& workload,
                                                 const Topology& topology) {
  return std::make_unique<AnalyticPricer>(workload, topology);
}

}  // namespace shardwright
