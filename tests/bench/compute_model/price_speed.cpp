// price_speed: how fast one core prices a rank's shards anew after one of them was changed, by the
// compute model that `plan` takes for cpu ranks. docs/cost_model_compute.md.

#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/rank_pricer.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace shardwright;

constexpr std::size_t kTables = 32;
constexpr std::size_t kOnRank = 8;

Workload workload() {
  Workload workload;
  workload.batch_size = 65536;
  for (std::size_t t = 0; t < kTables; ++t) {
    Table& table = workload.tables.emplace_back();
    table.name = "t" + std::to_string(t);
    table.rows = 1000 + static_cast<std::int64_t>(t) * 100000;
    table.dim = 16 << (t % 4);
    table.pooling = 1 + static_cast<double>(t);
    table.features = {table.name};
  }
  return workload;
}

using State = std::vector<std::int64_t>;

std::vector<State> encoded_tables(const RankPricer& pricer, const Workload& workload) {
  std::vector<State> states;
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    const Shard whole{TableId::of(t), ShardingType::table_wise, 0, table.rows, 0, table.dim,
                      RankId{0}};
    pricer.encode(whole, 0, states.emplace_back(pricer.state_size()));
  }
  return states;
}

/// One table of the rank is exchanged for another, then the rank is priced.
void price_after_a_swap(benchmark::State& state) {
  const Workload tables = workload();
  const auto model = make_cost_model("cpu-epyc9004-compute");
  const auto pricer = model->rank_pricer(tables, read_topology("2xcpu-16GiB"));
  const std::vector<State> encoded = encoded_tables(*pricer, tables);
  State own(pricer->state_size());
  for (std::size_t t = 0; t < kOnRank; ++t) {
    for (std::size_t i = 0; i < own.size(); ++i) own[i] += encoded[t][i];
  }
  const State busy(own.size(), 1);
  std::size_t out = 0;
  for (auto _ : state) {
    const State& gone = encoded[out % kTables];
    const State& come = encoded[(out + kOnRank) % kTables];
    for (std::size_t i = 0; i < own.size(); ++i) own[i] += come[i] - gone[i];
    ++out;
    benchmark::DoNotOptimize(pricer->price(RankId{0}, {own, own, own, busy, busy, busy}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(price_after_a_swap);

/// The nets' head alone, as docs/cost_model_compute.md has it: from a sum to both times.
void price_a_sum(benchmark::State& state) {
  const ComputeModel model = load_shipped_compute_model("cpu-epyc9004-compute");
  std::vector<double> sum(state_size(model), 3.0);
  for (auto _ : state) {
    sum[state_forward_ms] += 1e-6;
    benchmark::DoNotOptimize(price_state(model, sum, {.busy_ranks = 2, .speeds = {}}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(price_a_sum);

}  // namespace

BENCHMARK_MAIN();
