#include "runtime/trainer/optimizer_keys.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace shardwright {
namespace {

using enum OptimizerKind;

/// A key with a number: where it is kept, what it may be, and the optimizers that have it.
struct NumberKey {
  std::string_view name;
  std::optional<double> OptimizerKeys::*field;
  double least = 0;
  double most = std::numeric_limits<float>::max();
  std::vector<OptimizerKind> optimizers = {};  ///< none: all
};

constexpr double kMost = std::numeric_limits<float>::max();
constexpr double kBelowOne = 0.9999999;  // of floats, 1 − 2^-24 is the next
constexpr double kLeastEps = 1e-30;

const std::vector<NumberKey>& embedding_keys() {
  using K = OptimizerKeys;
  static const std::vector<NumberKey> keys = {
      {"weight_decay", &K::weight_decay},
      {"momentum", &K::momentum, 0, kBelowOne, {sgd}},
      {"beta1", &K::beta1, 0, kBelowOne, {adam, rowwise_adam}},
      {"beta2", &K::beta2, 0, kBelowOne, {adam, rowwise_adam}},
      {"eps", &K::eps, kLeastEps, kMost, {adagrad, rowwise_adagrad, adam, rowwise_adam}},
      {"initial_accumulator", &K::initial_accumulator, 0, kMost, {adagrad, rowwise_adagrad, ftrl}},
      {"ftrl_beta", &K::ftrl_beta, 0, kMost, {ftrl}},
      {"ftrl_l1", &K::ftrl_l1, 0, kMost, {ftrl}},
      {"ftrl_l2", &K::ftrl_l2, 0, kMost, {ftrl}}};
  return keys;
}

const std::vector<NumberKey>& dense_keys() {
  using K = OptimizerKeys;
  static const std::vector<NumberKey> keys = {
      {"dense_learning_rate", &K::dense_learning_rate},
      {"dense_weight_decay", &K::dense_weight_decay},
      {"dense_momentum", &K::dense_momentum, 0, kBelowOne, {sgd}},
      {"dense_beta1", &K::dense_beta1, 0, kBelowOne, {adam}},
      {"dense_beta2", &K::dense_beta2, 0, kBelowOne, {adam}},
      {"dense_eps", &K::dense_eps, kLeastEps, kMost, {adagrad, adam}},
      {"dense_initial_accumulator", &K::dense_initial_accumulator, 0, kMost, {adagrad}}};
  return keys;
}

const std::vector<NumberKey>& common_keys() {
  using K = OptimizerKeys;
  static const std::vector<NumberKey> keys = {{"gradient_clip_norm", &K::gradient_clip_norm},
                                              {"decay_power", &K::decay_power},
                                              {"end_learning_rate", &K::end_learning_rate}};
  return keys;
}

template <class Visit>
void for_number_keys(Visit visit) {
  for (const auto* group : {&embedding_keys(), &dense_keys(), &common_keys()}) {
    for (const NumberKey& key : *group) visit(key);
  }
}

OptimizerKind parse_dense_optimizer(const JsonView& value) {
  for (const OptimizerKind kind : {sgd, adagrad, adam}) {
    if (value.string() == to_string(kind)) return kind;
  }
  value.fail("\"sgd\", \"adagrad\" or \"adam\"");
}

std::string names_of(const std::vector<OptimizerKind>& optimizers) {
  std::string names;
  for (const OptimizerKind kind : optimizers) {
    const bool last = kind == optimizers.back();
    names += fmt::format("{}{}", names.empty() ? "" : last ? " and " : ", ", to_string(kind));
  }
  return names;
}

/// A setting without effect is a mistake.
void require_used(const OptimizerKeys& keys, const std::vector<NumberKey>& group,
                  const std::set<OptimizerKind>& used, std::string_view what) {
  for (const NumberKey& key : group) {
    if (!(keys.*key.field) || key.optimizers.empty()) continue;
    if (std::any_of(key.optimizers.begin(), key.optimizers.end(),
                    [&](OptimizerKind kind) { return used.contains(kind); })) {
      continue;
    }
    throw InputError(fmt::format("{} is a setting of {}, but {} trained with {}.", key.name,
                                 names_of(key.optimizers), what,
                                 names_of({used.begin(), used.end()})));
  }
}

float or_default(const std::optional<double>& value, float otherwise) {
  return value ? static_cast<float>(*value) : otherwise;
}

}  // namespace

void apply_optimizer_keys(const JsonView& settings, OptimizerKeys& keys) {
  for_number_keys([&](const NumberKey& key) {
    if (const auto value = settings.find(key.name)) {
      keys.*key.field = value->number(key.least, key.most);
    }
  });
  if (const auto value = settings.find("dense_optimizer")) {
    keys.dense_optimizer = parse_dense_optimizer(*value);
  }
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  if (const auto value = settings.find("decay_start")) keys.decay_start = value->integer(0, kMany);
  if (const auto value = settings.find("decay_steps")) keys.decay_steps = value->integer(0, kMany);
}

void add_optimizer_keys(const OptimizerKeys& keys, nlohmann::json& config) {
  for_number_keys([&](const NumberKey& key) {
    if (keys.*key.field) config[std::string(key.name)] = *(keys.*key.field);
  });
  if (keys.dense_optimizer) config["dense_optimizer"] = to_string(*keys.dense_optimizer);
  if (keys.decay_start) config["decay_start"] = *keys.decay_start;
  if (keys.decay_steps) config["decay_steps"] = *keys.decay_steps;
}

OptimizerSettings embedding_settings(const OptimizerKeys& keys, const std::vector<Table>& tables) {
  std::set<OptimizerKind> used;
  for (const Table& table : tables) used.insert(table.optimizer);
  require_used(keys, embedding_keys(), used, "all tables are");
  const OptimizerSettings usual;
  return {.eps = or_default(keys.eps, usual.eps),
          .initial_accumulator = or_default(keys.initial_accumulator, usual.initial_accumulator),
          .beta1 = or_default(keys.beta1, usual.beta1),
          .beta2 = or_default(keys.beta2, usual.beta2),
          .momentum = or_default(keys.momentum, usual.momentum),
          .weight_decay = or_default(keys.weight_decay, usual.weight_decay),
          .ftrl_beta = or_default(keys.ftrl_beta, usual.ftrl_beta),
          .ftrl_l1 = or_default(keys.ftrl_l1, usual.ftrl_l1),
          .ftrl_l2 = or_default(keys.ftrl_l2, usual.ftrl_l2)};
}

DenseOptimizer dense_settings(const OptimizerKeys& keys, OptimizerKind kind) {
  DenseOptimizer dense{.kind = keys.dense_optimizer.value_or(kind)};
  require_used(keys, dense_keys(), {dense.kind}, "the dense part is");
  dense.momentum = keys.dense_momentum.value_or(dense.momentum);
  dense.beta1 = keys.dense_beta1.value_or(dense.beta1);
  dense.beta2 = keys.dense_beta2.value_or(dense.beta2);
  dense.eps = keys.dense_eps.value_or(dense.eps);
  dense.initial_accumulator = keys.dense_initial_accumulator.value_or(dense.initial_accumulator);
  dense.weight_decay = keys.dense_weight_decay.value_or(dense.weight_decay);
  return dense;
}

LearningRateSchedule schedule_of(const OptimizerKeys& keys, std::int64_t warmup_steps) {
  LearningRateSchedule schedule{.warmup_steps = warmup_steps,
                                .decay_start = keys.decay_start.value_or(warmup_steps),
                                .decay_steps = keys.decay_steps.value_or(0)};
  schedule.decay_power = keys.decay_power.value_or(schedule.decay_power);
  schedule.end_learning_rate = keys.end_learning_rate.value_or(schedule.end_learning_rate);
  const bool shapes_decay = keys.decay_start || keys.decay_power || keys.end_learning_rate;
  if (schedule.decay_steps == 0 && shapes_decay) {
    throw InputError(
        "decay_start, decay_power and end_learning_rate shape a decay, and decay_steps, over which "
        "the learning rate would fall, is not given.");
  }
  if (schedule.decay_start < warmup_steps) {
    throw InputError(
        fmt::format("decay_start is {}, within the warm-up of {} steps: let the decay begin later.",
                    schedule.decay_start, warmup_steps));
  }
  return schedule;
}

}  // namespace shardwright
