#include "runtime/profile/operator_timer.hpp"

#include "runtime/data/splitmix.hpp"
#include "runtime/data/zipf_rows.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <fmt/format.h>

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

class Timer {
 public:
  Timer(const TableSet& set, std::uint64_t seed, ProfileClock clock, const Together& together)
      : comm_(clock),
        together_(together),
        random_(seed),
        embeddings_(plan_of(set), comm_, {.seed = seed}) {}

  OperatorTiming time(const TableSet::Variant& variant, const TimingEffort& effort) {
    pass(variant);
    std::vector<double> forward;
    std::vector<double> backward;
    OperatorTiming timing;
    bool precise = false;
    while (timing.passes < effort.most_passes && !precise) {
      pass(variant);
      forward.push_back(embeddings_.phases().lookup_ms);
      backward.push_back(embeddings_.phases().update_ms);
      ++timing.passes;
      if (timing.passes < effort.least_passes) continue;
      timing.forward = median_of(forward);
      timing.backward = median_of(backward);
      precise = together_.all(timing.forward.ci <= effort.precision &&
                              timing.backward.ci <= effort.precision);
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
    together_.start();
    embeddings_.forward(batch_, pooled_);
    for (float& value : pooled_) value *= 1e-3F;
    together_.start();
    embeddings_.backward(pooled_, kLearningRate);
  }

  SoloCommunicator comm_;
  const Together& together_;
  SplitMix64 random_;
  ShardedEmbeddings embeddings_;
  Batch batch_;
  std::vector<float> pooled_;
};

}  // namespace

Plan plan_of(const TableSet& set) {
  Plan plan;
  plan.topology.ranks.resize(1);
  plan.workload.batch_size = set.variants.front().batch_size;
  for (const MeasuredTable& measured : set.variants.front().tables) {
    Table& table = plan.workload.tables.emplace_back();
    table.name = fmt::format("t{}", plan.workload.tables.size());
    table.rows = measured.rows;
    table.dim = measured.dim;
    table.pooling = measured.pooling;
    table.optimizer = set.optimizer;
    table.dtype = set.dtype;
    table.features = {table.name};
    plan.shards.push_back({TableId::of(plan.workload.tables.size() - 1), ShardingType::table_wise,
                           0, table.rows, 0, table.dim, RankId{0}});
  }
  return plan;
}

std::vector<OperatorTiming> time_operator(const TableSet& set, std::uint64_t seed,
                                          ProfileClock clock, const TimingEffort& effort,
                                          const Together& together) {
  Timer timer(set, seed, clock, together);
  std::vector<OperatorTiming> timings;
  for (const TableSet::Variant& variant : set.variants)
    timings.push_back(timer.time(variant, effort));
  return timings;
}

}  // namespace shardwright
