#pragma once

#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"
#include "planner/memory_model.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A training whose needs beside the tables are to be reserved on every rank.
struct TrainingReserve {
  std::string config;  ///< file; empty: nothing is reserved
  std::int64_t dense_features = 13;
};

/// --train-config and --dense-features.
void add_training_reserve(CLI::App& command, TrainingReserve& reserve);

/// The config; null if there is none. Throws InputError.
nlohmann::json read_training(const TrainingReserve& reserve);

/// Reserves what `config`, as read, says of the dense part and the batches read ahead, and counts,
/// where `memory_model` is silent about it, the second batch of a training that overlaps. Returns a
/// sentence for each. Throws InputError.
std::vector<std::string> reserve_for_training(const TrainingReserve& reserve,
                                              const nlohmann::json& config,
                                              const Workload& workload, Topology& topology,
                                              MemoryModel& memory_model);

}  // namespace shardwright
