#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/table.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/model/dense_optimizer.hpp"
#include "runtime/trainer/learning_rate.hpp"

#include <optional>
#include <vector>

namespace shardwright {

/// The keys of a train config that say how weights are updated, beside `optimizer` and
/// `learning_rate`: docs/train.md, "Optimizers". Unset: the default.
struct OptimizerKeys {
  // Of the embeddings.
  std::optional<double> weight_decay, momentum, beta1, beta2, eps, initial_accumulator;
  std::optional<double> ftrl_beta, ftrl_l1, ftrl_l2;
  // Of the dense part.
  std::optional<OptimizerKind> dense_optimizer;
  std::optional<double> dense_learning_rate, dense_weight_decay, dense_momentum, dense_beta1,
      dense_beta2, dense_eps, dense_initial_accumulator;
  // Of both.
  std::optional<double> gradient_clip_norm, decay_power, end_learning_rate;
  std::optional<std::int64_t> decay_start, decay_steps;
};

/// Sets the fields that `settings` has. Throws InputError with file and JSON path.
void apply_optimizer_keys(const JsonView& settings, OptimizerKeys& keys);

/// Puts those that are set into a config's JSON.
void add_optimizer_keys(const OptimizerKeys& keys, nlohmann::json& config);

/// What trains the embeddings. Throws InputError, naming key and optimizers, for a setting that
/// none of the tables' optimizers has.
OptimizerSettings embedding_settings(const OptimizerKeys& keys, const std::vector<Table>& tables);

/// What trains the dense part; `kind` unless the keys have another one. Throws InputError for a
/// setting that its optimizer does not have.
DenseOptimizer dense_settings(const OptimizerKeys& keys, OptimizerKind kind);

/// Throws InputError for keys of a decay that is none, or that begins within the warm-up.
LearningRateSchedule schedule_of(const OptimizerKeys& keys, std::int64_t warmup_steps);

}  // namespace shardwright
