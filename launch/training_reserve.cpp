#include "launch/training_reserve.hpp"

#include "costmodel/json/json_view.hpp"
#include "planner/spec/dense_sizes_json.hpp"
#include "planner/spec/read_ahead_json.hpp"

#include <fmt/format.h>

namespace shardwright {

void add_training_reserve(CLI::App& command, TrainingReserve& reserve) {
  constexpr std::int64_t kMostDenseFeatures = 1'000'000;
  command
      .add_option(
          "--train-config", reserve.config,
          "Reserve on every rank what the dense part of this training and\nthe batches that "
          "it reads ahead take")
      ->type_name("FILE");
  command.add_option("--dense-features", reserve.dense_features, "Of each sample of that training")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, kMostDenseFeatures).description(""))
      ->capture_default_str();
}

nlohmann::json read_training(const TrainingReserve& reserve) {
  return reserve.config.empty() ? nlohmann::json() : read_json(reserve.config);
}

std::vector<std::string> reserve_for_training(const TrainingReserve& reserve,
                                              const nlohmann::json& json, const Workload& workload,
                                              Topology& topology, MemoryModel& memory_model) {
  if (reserve.config.empty()) return {};
  const JsonView config(json, reserve.config);
  const DenseSizes sizes = dense_sizes_of(config, workload, reserve.dense_features);
  std::vector<std::string> notes = {reserve_dense_part(sizes, workload.batch_size, topology)};
  notes.push_back(reserve_read_ahead(config, workload, reserve.dense_features, topology));
  if (overlaps(config) && memory_model == MemoryModel::full) memory_model = MemoryModel::overlap;
  return notes;
}

}  // namespace shardwright
