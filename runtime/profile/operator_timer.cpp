#include "runtime/profile/operator_timer.hpp"

#include "runtime/bench/disturbance.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/data/zipf_rows.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/profile/quiet_times.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardwright {
namespace {

/// Fresh ids of one table: bags of ⌊pooling⌋ or one more.
void fill_bags(const MeasuredTable& table, std::int64_t samples, SplitMix64& random, Bags& bags) {
  const ZipfRows rows(table.rows, table.skew);
  bags.lengths.clear();
  bags.ids.clear();
  for (std::int64_t n = 0; n < samples; ++n) {
    const double length = std::floor(table.pooling + random.uniform());
    bags.lengths.push_back(static_cast<std::int32_t>(length));
    for (double i = 0; i < length; ++i) bags.ids.push_back(rows.row(random.uniform()));
  }
}

bool is_cut(const MeasuredTable& table) { return table.dim < table.whole_dim(); }

/// The rank under measurement, and one that has the columns that it lacks.
std::int64_t ranks_of(const TableSet& set) {
  const std::vector<MeasuredTable>& tables = set.variants.front().tables;
  return std::any_of(tables.begin(), tables.end(), is_cut) ? 2 : 1;
}

/// Of the last table: the first `columns` on rank 0, any others on rank 1.
void add_shards(Plan& plan, std::int64_t columns) {
  const Table& table = plan.workload.tables.back();
  const TableId id = TableId::of(plan.workload.tables.size() - 1);
  const bool cut = columns < table.dim;
  const auto type = cut ? ShardingType::column_wise : ShardingType::table_wise;
  plan.shards.push_back({id, type, 0, table.rows, 0, columns, RankId{0}});
  if (cut) plan.shards.push_back({id, type, 0, table.rows, columns, table.dim, RankId{1}});
}

class Timer {
 public:
  Timer(const TableSet& set, std::uint64_t seed, ProfileClock clock, Disturbance& disturbance,
        const Together& together)
      : comm_(clock, ranks_of(set)),
        together_(together),
        disturbance_(disturbance),
        random_(seed),
        embeddings_(plan_of(set), comm_, {.seed = seed}) {}

  OperatorTiming time(const TableSet::Variant& variant, const TimingEffort& effort) {
    pass(variant);
    forward_ = {};
    backward_ = {};
    OperatorTiming timing;
    const Stopwatch spent;
    bool enough = false;
    while (!enough) {
      pass(variant);
      ++timing.passes;
      if (timing.passes < effort.least_passes) continue;
      timing.forward = forward_.median(effort.least_passes);
      timing.backward = backward_.median(effort.least_passes);
      timing.probe = mean_probe(
          std::array{forward_.probe(effort.least_passes), backward_.probe(effort.least_passes)});
      enough = together_.all(is_enough(timing, effort) || spent.seconds() > effort.patience_s);
    }
    return timing;
  }

 private:
  void pass(const TableSet::Variant& variant) {
    constexpr float kLearningRate = 0.01F;
    batch_.size = batch_.global_size = variant.batch_size;
    batch_.features.resize(variant.tables.size());
    for (std::size_t t = 0; t < variant.tables.size(); ++t) {
      fill_bags(variant.tables[t], variant.batch_size, random_, batch_.features[t]);
    }
    pooled_.resize(static_cast<std::size_t>(variant.batch_size * embeddings_.pooled_columns()));
    const Moment before = moment();
    embeddings_.forward(batch_, pooled_);
    const Moment between = moment();
    for (float& value : pooled_) value *= 1e-3F;
    together_.start();
    embeddings_.backward(pooled_, kLearningRate);
    const Moment after = moment();
    add(before, embeddings_.phases().lookup_ms, between, forward_);
    add(between, embeddings_.phases().update_ms, after, backward_);
  }

  static void add(const Moment& before, double ms, const Moment& after, QuietTimes& times) {
    times.add(ms, std::max(before.disturbance, after.disturbance),
              mean_probe(std::array{before.probe, after.probe}));
  }

  /// While all ranks do nothing else.
  Moment moment() {
    together_.start();
    const Moment now = disturbance_.now();
    together_.start();
    return now;
  }

  bool is_enough(const OperatorTiming& timing, const TimingEffort& effort) const {
    const std::int64_t quiet = std::min(forward_.quiet(), backward_.quiet());
    return quiet >= effort.most_passes ||
           (quiet >= effort.least_passes && timing.forward.ci <= effort.precision &&
            timing.backward.ci <= effort.precision);
  }

  SoloCommunicator comm_;
  const Together& together_;
  Disturbance& disturbance_;
  SplitMix64 random_;
  ShardedEmbeddings embeddings_;
  Batch batch_;
  std::vector<float> pooled_;
  QuietTimes forward_;
  QuietTimes backward_;
};

}  // namespace

Plan plan_of(const TableSet& set) {
  Plan plan;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks_of(set)));
  plan.workload.batch_size = set.variants.front().batch_size;
  for (const MeasuredTable& measured : set.variants.front().tables) {
    Table& table = plan.workload.tables.emplace_back();
    table.name = fmt::format("t{}", plan.workload.tables.size());
    table.rows = measured.rows;
    table.dim = measured.whole_dim();
    table.pooling = measured.pooling;
    table.optimizer = set.optimizer;
    table.dtype = set.dtype;
    table.features = {table.name};
    add_shards(plan, measured.dim);
  }
  return plan;
}

std::vector<OperatorTiming> time_operator(const TableSet& set, std::uint64_t seed,
                                          ProfileClock clock, const TimingEffort& effort,
                                          Disturbance& disturbance, const Together& together) {
  Timer timer(set, seed, clock, disturbance, together);
  std::vector<OperatorTiming> timings;
  for (const TableSet::Variant& variant : set.variants)
    timings.push_back(timer.time(variant, effort));
  return timings;
}

}  // namespace shardwright
