#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/table.hpp"
#include "runtime/comm/communication_thread.hpp"
#include "runtime/device/backend.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/measured/watch_options.hpp"
#include "runtime/metrics/metrics_options.hpp"
#include "runtime/trainer/optimizer_keys.hpp"
#include "runtime/trainer/read_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// Most that the parts of a batch for each rank may have together.
inline constexpr std::int64_t kMostSamples = std::int64_t{1} << 31;

/// A training job. Every key of the JSON file is a field here and a flag of `shardwright train`;
/// docs/train.md describes them.
struct TrainConfig {
  std::string data;    ///< folder with tables.json, train, test
  std::string plan;    ///< plan file; empty: whole tables, round robin over the ranks
  std::string output;  ///< folder for metrics.jsonl and model/; empty: nothing is written
  bool save_model = true;
  std::string model = "dlrm";                ///< or dcnv2
  std::int64_t embedding_dim = 0;            ///< 0: that of the tables
  std::vector<std::int64_t> bottom_mlp;      ///< empty: {64, embedding_dim}
  std::vector<std::int64_t> top_mlp;         ///< empty: {64, 32, 1}
  std::optional<std::int64_t> cross_layers;  ///< of dcnv2; unset: 3
  std::optional<std::int64_t> cross_rank;    ///< unset: 512, at most half the width
  /// File of a TorchScript module that takes the model's place; no key of a config file, for it is
  /// code that the job runs.
  std::string dense_torchscript;
  std::int64_t batch_size = 0;  ///< global; 0: the plan's, or else that of tables.json
  std::vector<std::int64_t> rank_batch_sizes;  ///< of which each rank takes so many; empty: even
  std::int64_t epochs = 1;
  std::optional<std::int64_t> max_steps;   ///< over all epochs
  std::optional<OptimizerKind> optimizer;  ///< unset: each table's own, adagrad for the dense part
  double learning_rate = 0.01;
  std::int64_t warmup_steps = 0;  ///< linear from 0
  OptimizerKeys optimizer_keys;
  std::uint64_t seed = 1;
  WireFormats wire;  ///< of pooled values and their gradients
  BadIdPolicy on_bad_id = BadIdPolicy::error;
  BackendOptions backend;    ///< keys device and allow_shared_gpu
  std::int64_t threads = 1;  ///< per rank, of look-up, update and LibTorch
  bool overlap = false;      ///< of exchanges and computing, on CPUs
  /// With overlap; ranks may differ.
  CommunicationThread communication_thread = CommunicationThread::automatic;
  double wait_limit_s = 1800;              ///< for which ranks wait for each other; 0: for ever
  std::int64_t progress_every = 0;         ///< steps between progress lines; 0: every few seconds
  MetricsOptions metrics;                  ///< keys metrics_…
  std::string checkpoint_every = "never";  ///< checkpoint_interval.hpp
  std::int64_t checkpoint_keep = 3;        ///< the last so many; at least 1
  std::string resume = "auto";  ///< auto, never, or a checkpoint, or a folder that holds some
  ReadOptions reading;          ///< keys shuffle, read_ahead and read_threads
  WatchOptions watch;           ///< keys trace, trace_steps, record_timings and compare_every
};

/// Sets the fields that `settings` has; "schema" and the names above are its legal members. Throws
/// InputError with file and JSON path.
void apply_train_settings(const JsonView& settings, TrainConfig& config);

/// Reads a config file ("schema": "shardwright.train/1"); relative paths are taken from the file's
/// folder.
TrainConfig read_train_config(const std::string& file);

/// Whether a value of `resume` is a folder.
bool names_folder(std::string_view resume);

/// The same values as a config file would hold them.
nlohmann::json train_config_to_json(const TrainConfig& config);

std::string_view to_string(BadIdPolicy policy);
/// error | clip | skip. Throws InputError.
BadIdPolicy parse_bad_id_policy(std::string_view text);

}  // namespace shardwright
