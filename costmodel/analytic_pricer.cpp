#include "costmodel/analytic_pricer.hpp"

#include "costmodel/analytic_loads.hpp"
#include "costmodel/analytic_rates.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/row_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shardwright {
namespace {

using namespace analytic_load;

class AnalyticPricer final : public RankPricer {
 public:
  AnalyticPricer(const Workload& workload, const Topology& topology)
      : topology_(topology),
        loads_(workload, topology),
        rates_(rank_rates(topology)),
        all_reduce_(topology),
        statistics_(topology) {
    const AnalyticLoads most = loads_.most();
    for (std::size_t i = 0; i < count; ++i) scales_[i] = fixed_point_scale(most[i]);
    scales_[shards] = 1;
  }

  std::size_t state_size() const override { return count; }
  std::size_t num_kinds() const override { return 1; }
  std::size_t kind(RankId /*rank*/) const override { return 0; }
  bool reads_other_ranks() const override { return true; }
  bool assumes_even_rows() const override { return false; }

  void encode(const Shard& shard, std::size_t /*kind*/,
              std::span<std::int64_t> state) const override {
    const AnalyticLoads loads = loads_.of(shard);
    for (std::size_t i = 0; i < count; ++i) {
      state[i] = static_cast<std::int64_t>(std::llround(loads[i] * scales_[i]));
    }
  }

  void encode_shared(const Shard& shard, std::span<std::int64_t> state) const override {
    std::fill(state.begin(), state.end(), 0);
    state[sums] =
        static_cast<std::int64_t>(std::llround(loads_.shared_sums(shard) * scales_[sums]));
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
    times.comm_input_ms = input_ms(rates, state);
    times.comm_forward_ms = output_ms(rates, state);
    times.comm_backward_ms =
        times.comm_forward_ms + all_reduce_.milliseconds(value(state.own, replicated)) +
        statistics_.milliseconds(rank, {value(state.own, statistics), value(state.own, receivers)});
    return times;
  }

  // On the link that the rank's own messages, one to every other rank, keep busy for longer. Sums
  // are counted as if none left its node through it but the part of the shard, or, as blocks of one
  // table are on as many ranks in every best plan, those that its block shares.
  std::optional<Floor> floor(const Shard& shard, RankId rank) const override {
    const RankRates& rates = rates_[rank.index()];
    const AnalyticLoads loads = loads_.of(shard);
    const bool within = intra_is_slower(rates);
    const Link& link = within ? topology_.intra : topology_.inter;
    const double others = within ? rates.others_on_node : rates.others_elsewhere;
    const auto world = static_cast<double>(topology_.size());
    const double sent_on = loads[sums] + loads_.shared_sums(shard);
    const double partly = within ? loads[partial] * (world - 1 - rates.most_counterparts) / world
                                 : sent_on * rates.fewest_counterparts / world;
    Floor floor;
    floor.idle.compute_forward_ms = floor.idle.compute_backward_ms = rates.launch_ms;
    floor.per_shard.compute_forward_ms =
        rates.streamed_ms * loads[forward_streamed] + rates.random_ms * loads[forward_random];
    floor.per_shard.compute_backward_ms =
        rates.streamed_ms * loads[backward_streamed] + rates.random_ms * loads[backward_random];
    floor.idle.comm_input_ms = loads[input] > 0 ? link_ms(link, {0, others}) : 0;
    floor.idle.comm_forward_ms = loads[output] > 0 ? link_ms(link, {0, others}) : 0;
    floor.per_shard.comm_input_ms = link_ms(link, {others * loads[input] / world, 0});
    floor.per_shard.comm_forward_ms = link_ms(link, {others * loads[output] / world + partly, 0});
    floor.idle.comm_backward_ms = floor.idle.comm_forward_ms;
    floor.per_shard.comm_backward_ms = floor.per_shard.comm_forward_ms +
                                       all_reduce_.milliseconds_per_byte() * loads[replicated] +
                                       statistics_.milliseconds_per_byte(rank) * loads[statistics];
    return floor;
  }

 private:
  double value(std::span<const std::int64_t> values, std::size_t k) const {
    return static_cast<double>(values[k]) / scales_[k];
  }

  // Bytes and messages on one link, one way.
  static double link_ms(const Link& link, const Traffic::Load& load) {
    return 1e3 *
           (load.bytes / link.bandwidth_bytes_per_second + load.messages * link.latency_seconds);
  }

  // Every rank exchanges 1/W of a holder's bytes with it: holders receive ids from all and send
  // outputs to all, so that sending and receiving only trade places between the two (traffic.hpp).
  struct Exchange {
    Traffic::Loads own;     // of the rank's shards, with all other ranks
    Traffic::Loads others;  // of the other ranks' shards, with this rank
  };

  Exchange exchange(const RankRates& rates, const RankState& state, std::size_t k) const {
    const double ranks = static_cast<double>(topology_.size());
    const double own = value(state.own, k) / ranks;
    const double node = value(state.node, k) / ranks;
    const double world = value(state.world, k) / ranks;
    const double busy = state.own[k] > 0 ? 1 : 0;
    const auto on_node = static_cast<double>(state.busy_on_node[k]);
    const auto everywhere = static_cast<double>(state.busy[k]);
    return {{{own * rates.others_on_node, busy * rates.others_on_node},
             {own * rates.others_elsewhere, busy * rates.others_elsewhere}},
            {{node - own, on_node - busy}, {world - node, everywhere - on_node}}};
  }

  // Partial sums gather on a rank for itself and its counterparts elsewhere, then leave the node.
  Exchange reduced_exchange(const RankRates& rates, const RankState& state) const {
    const double ranks = static_cast<double>(topology_.size());
    const double gathered = (1 + rates.counterparts) / ranks;
    const double own = value(state.own, partial);
    const double node = value(state.node, partial);
    const double busy = state.own[partial] > 0 ? 1 : 0;
    const double busy_node = state.node[partial] > 0 ? 1 : 0;
    return {
        {{own * (1 - gathered), busy * rates.others_on_node},
         {value(state.node, sums) * rates.counterparts / ranks, busy_node * rates.counterparts}},
        {{(node - own) * gathered, static_cast<double>(state.busy_on_node[partial]) - busy},
         {(value(state.world, sums) - value(state.node, sums)) / ranks,
          static_cast<double>(state.busy_nodes[partial]) - busy_node}}};
  }

  double longest_ms(const Exchange& exchange) const {
    return std::max({link_ms(topology_.intra, exchange.own.intra),
                     link_ms(topology_.inter, exchange.own.inter),
                     link_ms(topology_.intra, exchange.others.intra),
                     link_ms(topology_.inter, exchange.others.inter)});
  }

  double input_ms(const RankRates& rates, const RankState& state) const {
    return longest_ms(exchange(rates, state, input));
  }

  double output_ms(const RankRates& rates, const RankState& state) const {
    const Exchange straight = exchange(rates, state, output);
    const Exchange reduced = reduced_exchange(rates, state);
    return longest_ms({straight.own + reduced.own, straight.others + reduced.others});
  }

  bool intra_is_slower(const RankRates& rates) const {
    return link_ms(topology_.intra, {rates.others_on_node, 0}) >=
           link_ms(topology_.inter, {rates.others_elsewhere, 0});
  }

  const Topology& topology_;
  ShardLoads loads_;
  std::vector<RankRates> rates_;  // per rank
  AllReduce all_reduce_;
  StatisticsExchange statistics_;
  AnalyticLoads scales_{};
};

}  // namespace

std::unique_ptr<RankPricer> make_analytic_pricer(const Workload& workload,
                                                 const Topology& topology) {
  return std::make_unique<AnalyticPricer>(workload, topology);
}

}  // namespace shardwright
