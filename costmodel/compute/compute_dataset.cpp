#include "costmodel/compute/compute_dataset.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/row_statistics.hpp"
#include "costmodel/torchrec/perf.hpp"
#include "costmodel/torchrec/setting.hpp"
#include "costmodel/unique_rows.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <numeric>
#include <utility>

namespace shardwright {
namespace {

constexpr std::array<std::string_view, 3> kRivals = {"analytic", "torchrec", "roofline"};

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

double uniform_of(const ComputeTiming& timing, std::uint64_t seed) {
  std::uint64_t hash = mix(seed + 0x9e3779b97f4a7c15U);
  for (const char c : timing.hardware) hash = mix(hash + static_cast<unsigned char>(c));
  hash = mix(hash ^ timing.seed);
  hash = mix(hash + static_cast<std::uint64_t>(timing.set));
  return static_cast<double>(hash >> 11U) * 0x1p-53;
}

RivalTerms analytic_terms(const ComputeExample& example) {
  MovedBytes forward;
  MovedBytes backward;
  for (const ShardWork& work : example.works) {
    forward += forward_bytes(*work.table, work.shard, work.load);
    backward += backward_bytes(*work.table, work.shard, work.load);
    if (!shares_row_statistics(*work.table, work.shard)) continue;
    backward += second_pass_bytes(*work.table, work.shard, work.load, kept_share(work.reuse));
  }
  return {{1, forward.streamed, forward.random}, {1, backward.streamed, backward.random}};
}

RivalTerms torchrec_terms(const ComputeExample& example) {
  torchrec::Setting setting;
  setting.batch_per_rank = static_cast<double>(example.workload.batch_size);
  setting.device = torchrec::ComputeDevice::cpu;
  double forward = 0;
  double backward = 0;
  for (const ShardWork& work : example.works) {
    const torchrec::Perf perf = torchrec::estimate_perf(*work.table, ShardingType::table_wise,
                                                        work.shard.columns(), setting);
    forward += perf.forward_compute;
    backward += perf.backward_compute;
  }
  return {{1, forward}, {1, backward}};
}

double weighted(const std::vector<double>& terms, const std::vector<double>& constants) {
  return std::inner_product(terms.begin(), terms.end(), constants.begin(), 0.0);
}

}  // namespace

ComputeExample::ComputeExample(ComputeTiming measured)
    : timing(std::move(measured)), workload(workload_of(timing)) {
  for (std::size_t i = 0; i < workload.tables.size(); ++i) {
    const Table& table = workload.tables[i];
    const std::int64_t columns = timing.tables[i].dim;
    const auto type = columns < table.dim ? ShardingType::column_wise : ShardingType::table_wise;
    const Shard shard{TableId::of(i), type, 0, table.rows, 0, columns, RankId{0}};
    works.push_back(shard_work(table, shard, static_cast<double>(workload.batch_size),
                               expected_unique_rows(table, workload.batch_size), *table.reuse));
    const WorkTerms its = work_terms(works.back());
    for (std::size_t k = 0; k < its.forward.size(); ++k) terms.forward[k] += its.forward[k];
    for (std::size_t k = 0; k < its.backward.size(); ++k) terms.backward[k] += its.backward[k];
  }
}

ComputeExamples make_examples(std::vector<ComputeTiming> timings) {
  ComputeExamples examples;
  examples.reserve(timings.size());
  for (ComputeTiming& timing : timings) {
    examples.push_back(std::make_shared<const ComputeExample>(std::move(timing)));
  }
  return examples;
}

ExampleSplit split_by_set(const ComputeExamples& examples, double share, std::uint64_t seed) {
  ExampleSplit split;
  for (const auto& example : examples) {
    (uniform_of(example->timing, seed) < share ? split.aside : split.rest).push_back(example);
  }
  return split;
}

std::vector<ComputeTimes> predict_times(const ComputeModel& model,
                                        const ComputeExamples& examples) {
  std::vector<ComputeTimes> times;
  times.reserve(examples.size());
  for (const auto& example : examples) {
    std::vector<double> state(state_size(model));
    const Conditions conditions = {static_cast<double>(example->timing.busy_ranks), 1,
                                   machine_speeds(model, example->timing.probe)};
    for (const ShardWork& work : example->works)
      add_to_state(model, work, conditions.speeds, state);
    times.push_back(price_state(model, state, conditions));
  }
  return times;
}

std::span<const std::string_view> rival_names() { return kRivals; }

RivalSizes rival_sizes(std::string_view name) {
  if (name == "analytic") return {3, 3};
  if (name == "torchrec") return {2, 2};
  return {WorkTerms::kForward + 1, WorkTerms::kBackward + 1};
}

RivalTerms rival_terms(std::string_view name, const ComputeExample& example,
                       const ComputeModel& model) {
  if (name == "analytic") return analytic_terms(example);
  if (name == "torchrec") return torchrec_terms(example);
  const MachineSpeeds speeds = machine_speeds(model, example.timing.probe);
  const WorkTerms scaled = at_speeds(example.terms, speeds);
  RivalTerms terms = {{scaled.forward.begin(), scaled.forward.end()},
                      {scaled.backward.begin(), scaled.backward.end()}};
  terms.forward.push_back(speeds.core_time);  // the call of the operator
  terms.backward.push_back(speeds.core_time);
  return terms;
}

std::vector<ComputeTimes> predict_rival(std::string_view name, const ComputeModel& model,
                                        const ComputeExamples& examples) {
  const Roofline& constants = model.rivals.at(std::string(name));
  std::vector<ComputeTimes> times;
  times.reserve(examples.size());
  for (const auto& example : examples) {
    const RivalTerms terms = rival_terms(name, *example, model);
    times.push_back(
        {weighted(terms.forward, constants.forward), weighted(terms.backward, constants.backward)});
  }
  return times;
}

}  // namespace shardwright
