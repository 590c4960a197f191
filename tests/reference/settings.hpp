#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reference {

enum class Optimizer { sgd, adagrad, rowwise_adagrad, adam, rowwise_adam, ftrl };
enum class Pooling { sum, mean };

/// Beside its kind and learning rate.
struct OptimizerSettings {
  double weight_decay = 0;
  double momentum = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double initial_accumulator = 0;
  double ftrl_beta = 0;
  double ftrl_l1 = 0;
  double ftrl_l2 = 0;
};

struct Table {
  std::string name;
  std::int64_t rows = 0;
  Pooling pooling = Pooling::sum;
  Optimizer optimizer = Optimizer::rowwise_adagrad;
  OptimizerSettings settings;
};

/// The keys of a train config (docs/training_math.md says what they mean) and the tables of its
/// data.
struct Settings {
  std::string data;
  std::string plan;                ///< empty: no predictions to compare with
  std::int64_t embedding_dim = 0;  ///< that of all tables
  std::vector<std::int64_t> bottom_mlp;
  std::vector<std::int64_t> top_mlp;
  std::int64_t cross_layers = 0;  ///< of a dcnv2; 0: a dlrm
  std::int64_t cross_rank = 0;
  std::int64_t batch_size = 0;  ///< global
  std::int64_t epochs = 1;
  std::optional<std::int64_t> max_steps;
  Optimizer dense_optimizer = Optimizer::adagrad;
  OptimizerSettings dense_settings;
  double gradient_clip_norm = 0;  ///< 0: none
  double learning_rate = 0.01;
  double dense_learning_rate = 0.01;
  std::int64_t warmup_steps = 0;
  std::int64_t decay_start = 0;
  std::int64_t decay_steps = 0;  ///< 0: no decay
  double decay_power = 2;
  double end_learning_rate = 0;
  std::uint64_t seed = 1;
  int threads = 1;
  std::map<std::string, Table> tables;
};

/// Reads the train config `file` and DATA/tables.json; `data`, if not empty, stands in for the
/// config's. Throws std::runtime_error.
Settings read_settings(const std::string& file, const std::string& data);

}  // namespace reference
