#include "costmodel/neural/comm_pricer.hpp"

#include "costmodel/row_statistics.hpp"
#include "costmodel/unique_rows.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kLeastWidth = 4;  // columns of a shard

RankState first_part(const RankState& state, std::size_t size) {
  return {state.own.first(size),          state.node.first(size), state.world.first(size),
          state.busy_on_node.first(size), state.busy.first(size), state.busy_nodes.first(size)};
}

}  // namespace

CommPricer::CommPricer(std::unique_ptr<RankPricer> compute, const CommModel& model,
                       const Workload& workload, const Topology& topology)
    : compute_(std::move(compute)),
      compute_size_(compute_->state_size()),
      curves_(model, topology),
      workload_(workload),
      topology_(topology),
      row_wise_(row_wise_sums(topology)) {
  for (const Table& table : workload_.tables) {
    touched_rows_.push_back(divides_by_row_statistic(table.optimizer)
                                ? expected_unique_rows(table, workload_.batch_size)
                                : 0);
  }
  set_scales_and_floor();
}

ShardLoad CommPricer::load(const Shard& shard) const {
  return load_of(workload_.table(shard.table), shard, static_cast<double>(workload_.batch_size),
                 touched_rows_[shard.table.index()]);
}

CommPricer::Values CommPricer::bytes_of(const Shard& shard) const {
  const Table& table = workload_.table(shard.table);
  const ShardLoad load_of_shard = load(shard);
  const ExchangeBytes bytes = exchange_bytes(table, shard, load_of_shard, row_wise_);
  return {
      bytes.input,      bytes.output, bytes.partial, bytes.sums,
      bytes.replicated, bytes.split,  bytes.added,   statistics_of(table, shard, load_of_shard)};
}

double CommPricer::statistics_of(const Table& table, const Shard& shard,
                                 const ShardLoad& load) const {
  const auto ranks = static_cast<double>(topology_.size());
  const double sent = statistics_sent(table, shard, load.unique_rows, ranks).bytes;
  return sent > 0 ? sent * ranks / (ranks - 1) : 0;
}

// A value of one shard is at most that of its whole table on one rank or on all; a table has at
// most as many shards as it has columns, each split by rows over all ranks.
void CommPricer::set_scales_and_floor() {
  Values most{};
  ExchangeBytes mean;  // of a rank, with whole tables
  const auto world = static_cast<double>(topology_.size());
  for (std::size_t i = 0; i < workload_.tables.size(); ++i) {
    const Table& table = workload_.tables[i];
    const Shard whole{TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim,
                      RankId(0)};
    const Values owned = bytes_of(whole);
    mean.input += owned[0] / world;
    mean.output += owned[1] / world;
    Shard replica = whole;
    replica.type = ShardingType::data_parallel;
    const Values everywhere = bytes_of(replica);
    const double shards = static_cast<double>(table.dim) / static_cast<double>(kLeastWidth) * world;
    for (std::size_t k = 0; k < kBytes; ++k) most[k] += shards * (owned[k] + everywhere[k]);
    most[2] += shards * owned[1];  // outputs that are partial sums
    most[3] += shards * owned[1];
    most[5] += shards * owned[0];  // ids of rows that are cut
    Shard narrow = whole;
    narrow.col_end = std::min(kLeastWidth, table.dim);
    most[7] += shards * bytes_of(narrow)[7];  // statistics, of most where most others have some
  }
  most[6] = most[1];  // parts of outputs, in the same units: where all are, the rest is 0 exactly
  for (std::size_t k = 0; k < kBytes; ++k) scales_[k] = fixed_point_scale(most[k]);
  floor_ = curves_.floor(mean);
}

void CommPricer::encode(const Shard& shard, std::size_t kind, std::span<std::int64_t> state) const {
  compute_->encode(shard, kind, state.first(compute_size_));
  write(bytes_of(shard), state);
}

void CommPricer::encode_shared(const Shard& shard, std::span<std::int64_t> state) const {
  compute_->encode_shared(shard, state.first(compute_size_));
  Values values{};
  values[3] = node_sum_bytes(workload_.table(shard.table), shard, load(shard), row_wise_);
  write(values, state);
}

void CommPricer::write(const Values& values, std::span<std::int64_t> state) const {
  for (std::size_t k = 0; k < kBytes; ++k) {
    state[compute_size_ + k] = static_cast<std::int64_t>(std::llround(values[k] * scales_[k]));
  }
}

ExchangeBytes CommPricer::decoded(std::span<const std::int64_t> state) const {
  const auto value = [&](std::size_t k) {
    return static_cast<double>(state[compute_size_ + k]) / scales_[k];
  };
  return {value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7)};
}

PhaseTimes CommPricer::price(RankId rank, const RankState& state) const {
  PhaseTimes times = compute_->price(rank, first_part(state, compute_size_));
  curves_.price(rank, {decoded(state.own), decoded(state.node), decoded(state.world)}, times);
  return times;
}

std::optional<RankPricer::Floor> CommPricer::floor(const Shard& shard, RankId rank) const {
  if (!floor_) return {};
  auto result = compute_->floor(shard, rank);
  if (!result) return {};
  const auto [input, output, partial, sums, replicated, split, added, statistics] = bytes_of(shard);
  PhaseTimes& idle = result->idle;
  idle.comm_input_ms = input > 0 ? floor_->input.ms : 0;
  const OutputFloor& straight = floor_->output;
  const CommLine& forward = added > 0 ? straight.sums : straight.values;  // a shard has either
  idle.comm_forward_ms = output > 0 ? forward.ms : 0;
  idle.comm_backward_ms = output > 0 ? straight.gradients.ms : 0;
  result->per_shard.comm_input_ms = floor_->input.ms_per_byte * input;
  result->per_shard.comm_forward_ms = forward.ms_per_byte * output + floor_->scattered * partial;
  result->per_shard.comm_backward_ms = straight.gradients.ms_per_byte * output +
                                       floor_->gathered * partial + floor_->reduced * replicated +
                                       floor_->statistics * statistics;
  return result;
}

}  // namespace shardwright
