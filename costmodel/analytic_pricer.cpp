#include "costmodel/analytic_pricer.hpp"

#include "costmodel/device.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/row_statistics.hpp"
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
  input,       // bytes of ids that the rank receives, its own included
  output,      // bytes put out that go straight to the samples' ranks
  partial,     // bytes put out that are summed up within the node first
  sums,        // the shard's part of the sums that then leave the node; of a node, all of them
  replicated,  // bytes of gradients that all ranks reduce
  statistics,  // bytes of row statistics sent to owners of other columns
  receivers,   // how many owners that are
  shards,
  num_values,
};
using Loads = std::array<double, num_values>;

constexpr double kLeastWidth = 4;  // columns of a shard

// Milliseconds per unit of a state's values on one rank.
struct RankRates {
  double launch_ms = 0;
  double streamed_ms = 0;  // per byte
  double random_ms = 0;
  double others_on_node = 0;  // ranks
  double others_elsewhere = 0;
  double counterparts = 0;  // ranks elsewhere whose samples' sums this rank gathers
  // Of all ranks on nodes of as many ranks, which bounds take for alike: their last one's, and
  // their first one's.
  double fewest_counterparts = 0;
  double most_counterparts = 0;
};

class AnalyticPricer final : public RankPricer {
 public:
  AnalyticPricer(const Workload& workload, const Topology& topology)
      : workload_(workload),
        topology_(topology),
        row_wise_(row_wise_sums(topology)),
        all_reduce_(topology),
        statistics_(topology) {
    for (const Table& table : workload.tables) {
      unique_rows_.push_back(expected_unique_rows(table, workload.batch_size));
      kept_.push_back(divides_by_row_statistic(table.optimizer)
                          ? expected_kept_share(table, workload.batch_size)
                          : KeptShare{});
    }
    set_rates();
    set_scales();
  }

  std::size_t state_size() const override { return num_values; }
  std::size_t num_kinds() const override { return 1; }
  std::size_t kind(RankId /*rank*/) const override { return 0; }
  bool reads_other_ranks() const override { return true; }
  bool assumes_even_rows() const override { return false; }

  void encode(const Shard& shard, std::size_t /*kind*/,
              std::span<std::int64_t> state) const override {
    const Loads loads = loads_of(shard);
    for (std::size_t i = 0; i < num_values; ++i) {
      state[i] = static_cast<std::int64_t>(std::llround(loads[i] * scales_[i]));
    }
  }

  void encode_shared(const Shard& shard, std::span<std::int64_t> state) const override {
    std::fill(state.begin(), state.end(), 0);
    state[sums] = static_cast<std::int64_t>(std::llround(shared_sums(shard) * scales_[sums]));
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
    const Loads loads = loads_of(shard);
    const bool within = intra_is_slower(rates);
    const Link& link = within ? topology_.intra : topology_.inter;
    const double others = within ? rates.others_on_node : rates.others_elsewhere;
    const auto world = static_cast<double>(topology_.size());
    const double sent_on = loads[sums] + shared_sums(shard);
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
  Loads loads_of(const Shard& shard) const {
    return shard.type == ShardingType::data_parallel ? replicated_loads(shard) : owned_loads(shard);
  }

  Loads owned_loads(const Shard& shard) const {
    const Table& table = workload_.table(shard.table);
    const ShardLoad load = load_of(table, shard, static_cast<double>(workload_.batch_size),
                                   unique_rows_[shard.table.index()]);
    MovedBytes backward = backward_bytes(table, shard, load);
    const bool shares = shares_row_statistics(table, shard);
    if (shares) backward += second_pass_bytes(table, shard, load, kept_[shard.table.index()]);
    Loads loads = compute_loads(forward_bytes(table, shard, load), backward);
    const ExchangeBytes bytes = exchange_bytes(table, shard, load, row_wise_);
    loads[input] = bytes.input;
    loads[output] = bytes.output;
    loads[partial] = bytes.partial;
    loads[sums] = bytes.sums;
    const StatisticsSent sent = statistics_sent(table, shard, load.unique_rows, num_ranks());
    loads[statistics] = sent.bytes;
    loads[receivers] = sent.messages;
    return loads;
  }

  double num_ranks() const { return static_cast<double>(topology_.size()); }

  double shared_sums(const Shard& shard) const {
    const Table& table = workload_.table(shard.table);
    constexpr double kUniqueRows = 0;  // matter to computing alone
    const auto samples = static_cast<double>(workload_.batch_size);
    return node_sum_bytes(table, shard, load_of(table, shard, samples, kUniqueRows), row_wise_);
  }

  // Looked up with one rank's samples, updated with what the global batch touched.
  Loads replicated_loads(const Shard& shard) const {
    const Table& table = workload_.table(shard.table);
    const double unique_rows = unique_rows_[shard.table.index()];
    const double samples =
        static_cast<double>(workload_.batch_size) / static_cast<double>(topology_.size());
    const ShardLoad local = load_of(table, shard, samples, unique_rows);
    ShardLoad update = local;
    update.unique_rows = unique_rows;
    Loads loads =
        compute_loads(forward_bytes(table, shard, local), backward_bytes(table, shard, update));
    loads[replicated] = replicated_gradient_bytes(shard);
    loads[backward_streamed] += loads[replicated];
    return loads;
  }

  static Loads compute_loads(const MovedBytes& forward, const MovedBytes& backward) {
    Loads loads{};
    loads[forward_streamed] = forward.streamed;
    loads[forward_random] = forward.random;
    loads[backward_streamed] = backward.streamed;
    loads[backward_random] = backward.random;
    loads[shards] = 1;
    return loads;
  }

  // The total over all ranks, whatever the cut: a value of one shard is at most that of its whole
  // table on one rank or on all, and a table has at most as many shards as it has columns, each
  // split by rows over a node, or one on every rank.
  void set_scales() {
    const auto world = static_cast<double>(topology_.size());
    double most_on_node = 0;
    for (const RankRates& rates : rates_) {
      most_on_node = std::max(most_on_node, rates.others_on_node + 1);
    }
    Loads most{};
    for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
      const Table& table = workload_.tables[i];
      Shard whole{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(0)};
      const Loads owned = owned_loads(whole);
      const Loads everywhere = replicated_loads(whole);
      const double cuts = static_cast<double>(table.dim) / kLeastWidth * most_on_node;
      for (std::size_t k = 0; k < num_values; ++k) {
        most[k] += std::max(owned[k] * std::max(cuts, world), everywhere[k] * world);
      }
      most[partial] = most[sums] = most[output];
      Shard narrow = whole;
      narrow.col_end = static_cast<std::int64_t>(kLeastWidth);
      const Loads cut = owned_loads(narrow);
      most[statistics] += cut[statistics] * cuts;
      most[receivers] += cut[receivers] * std::max(cuts, world);
    }
    for (std::size_t k = 0; k < num_values; ++k) scales_[k] = fixed_point_scale(most[k]);
    scales_[shards] = 1;
  }

  void set_rates() {
    std::map<std::int64_t, std::int64_t> on_node;
    for (const RankSpec& rank : topology_.ranks) ++on_node[rank.node];
    std::map<std::int64_t, std::int64_t> place;
    for (const RankSpec& rank : topology_.ranks) {
      const Device& device = find_device(rank.device);
      const double bandwidth = device.memory_bandwidth_bytes_per_second * rank.speed;
      const std::int64_t members = on_node[rank.node];
      rates_.push_back(
          {1e3 * device.launch_seconds / rank.speed, 1e3 / bandwidth,
           1e3 / (bandwidth * device.gather_efficiency), static_cast<double>(members - 1),
           static_cast<double>(topology_.size() - members),
           counterparts(on_node, rank.node, place[rank.node]++),
           counterparts(on_node, rank.node, members - 1), counterparts(on_node, rank.node, 0)});
    }
  }

  // Ranks of other nodes whose place, counted within the node, falls on `place` of this node.
  static double counterparts(const std::map<std::int64_t, std::int64_t>& on_node, std::int64_t home,
                             std::int64_t place) {
    const std::int64_t members = on_node.at(home);
    std::int64_t count = 0;
    for (const auto& [node, size] : on_node) {
      if (node != home && size > place) count += (size - place + members - 1) / members;
    }
    return static_cast<double>(count);
  }

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

  const Workload& workload_;
  const Topology& topology_;
  RowWiseSums row_wise_;
  AllReduce all_reduce_;
  StatisticsExchange statistics_;
  std::vector<double> unique_rows_;  // per table
  std::vector<KeptShare> kept_;      // per table
  std::vector<RankRates> rates_;     // per rank
  Loads scales_{};
};

}  // namespace

std::unique_ptr<RankPricer> make_analytic_pricer(const Workload& workload,
                                                 const Topology& topology) {
  return std::make_unique<AnalyticPricer>(workload, topology);
}

}  // namespace shardwright
