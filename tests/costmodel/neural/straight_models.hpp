#pragma once

#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardwright::testing {

inline constexpr double kMsPerByte = 1e-3 / 1024;  // of 1 µs per KiB
inline constexpr double kSamples = 4096;

/// µs per KiB.
using StraightTimes = std::map<std::string, double>;

inline const StraightTimes kExchangeTimes = {
    {"all_to_all", 1}, {"all_gather", 1}, {"reduce_scatter", 1}, {"all_reduce", 1}};
inline const StraightTimes kLocalTimes = {{"pack_ids", 2},
                                          {"split_ids", 3},
                                          {"place_outputs", 5},
                                          {"add_partial_sums", 7},
                                          {"pack_gradients", 11}};
inline const StraightTimes kInPlaceTimes = {
    {"values_in_place", 13}, {"sums_in_place", 17}, {"gradients_in_place", 19}};

/// A model whose times go straight through 0, from 1 byte on.
inline CommModel straight_model(const std::vector<StraightTimes>& all) {
  CommModel model;
  model.name = "straight";
  model.knots = {1, 2};
  model.training.rows = 1;
  model.training.data_fingerprint = "00";
  model.training.settings = {{{"cpu", "", "lib"}, {}}};
  model.training.nodes = {1, 2};
  model.training.element_bytes = {4, 4};
  CommEffect effect{{EffectKey::operation}, EffectFactor::one, 1, 1, {}};
  for (const StraightTimes& times : all) {
    for (const auto& [operation, us_per_kib] : times) {
      const double us = us_per_kib / 1024;
      effect.curves[operation] = {std::log(us), std::log(2 * us)};
      model.training.operations.insert(operation);
    }
  }
  model.effects = {effect};
  model.error = {0.05, "by hand"};
  return model;
}

/// Two tables, of 8 and 16 columns, on two ranks of each node.
struct StraightRanks {
  explicit StraightRanks(std::int64_t nodes = 1) : topology(sample_topology(nodes, 2)) {
    workload.batch_size = static_cast<std::int64_t>(kSamples);
    workload.tables = {sample_table(1000, 8, 2, "a"), sample_table(1000, 16, 5, "b")};
  }
  std::vector<Shard> cut(std::size_t table, ShardingType type) const {
    return testing::cut(workload.tables[table], static_cast<std::int64_t>(table), type, topology);
  }
  std::vector<PhaseTimes> price(const CommModel& model, const std::vector<Shard>& shards) const {
    return FittedCostModel({{}, model}, "m").price(workload, topology, shards);
  }
  /// What one model's times of each rank have more than another's, of computation nothing.
  std::vector<PhaseTimes> more(const CommModel& model, const CommModel& than,
                               const std::vector<Shard>& shards) const {
    const auto without = price(than, shards);
    auto times = price(model, shards);
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].compute_forward_ms, without[i].compute_forward_ms);
      EXPECT_EQ(times[i].compute_backward_ms, without[i].compute_backward_ms);
      times[i].comm_input_ms -= without[i].comm_input_ms;
      times[i].comm_forward_ms -= without[i].comm_forward_ms;
      times[i].comm_backward_ms -= without[i].comm_backward_ms;
    }
    return times;
  }
  Workload workload;
  Topology topology;
};

inline std::vector<Shard> joined(std::vector<Shard> a, const std::vector<Shard>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What pricing by the model is refused with.
inline std::string refusal(const CommModel& model) {
  const StraightRanks two;
  try {
    two.price(model, {});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing refused";
}

}  // namespace shardwright::testing
