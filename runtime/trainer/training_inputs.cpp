#include "runtime/trainer/training_inputs.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "planner/spec/tables_json.hpp"
#include "runtime/data/data_layout.hpp"
#include "runtime/model/dense_parameters.hpp"
#include "runtime/trainer/feature_order.hpp"
#include "runtime/trainer/plan_for_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace shardwright {
namespace {

std::string inside(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

DataPart open_part(const std::string& folder, const std::vector<Table>& tables) {
  Dataset data(folder);
  std::vector<std::size_t> order = match_features(tables, data.features(), folder);
  return {folder, std::move(data), std::move(order)};
}

void require_same_dense(const Dataset& train, const Dataset& test, const std::string& folder) {
  if (train.dense_names() == test.dense_names()) return;
  throw InputError(
      fmt::format("The dense features of {}/{} ({} of them) and {}/{} ({}) differ; make both with "
                  "one call of `shardwright data`.",
                  folder, kTrainFolder, train.num_dense(), folder, kTestFolder, test.num_dense()));
}

std::int64_t common_dim(const TrainConfig& config, const std::vector<Table>& tables) {
  const std::int64_t dim = config.embedding_dim > 0 ? config.embedding_dim : tables.front().dim;
  for (const Table& table : tables) {
    if (table.dim == dim) continue;
    throw InputError(fmt::format(
        "Table {} has dim {}, but the model takes vectors of one width, {} here{}.", table.name,
        table.dim, dim,
        config.embedding_dim > 0 ? " (embedding_dim)"
                                 : fmt::format(" (that of table {})", tables.front().name)));
  }
  return dim;
}

/// A module's sizes are its own; it is told how wide its input is.
DlrmConfig module_sizes(const TrainConfig& config, const TrainingInputs& inputs) {
  if (!config.bottom_mlp.empty() || !config.top_mlp.empty() || config.embedding_dim > 0 ||
      config.cross_layers || config.cross_rank || config.model != "dlrm") {
    throw InputError(
        "--dense-torchscript takes the model's place: leave out model, embedding_dim, bottom_mlp, "
        "top_mlp, cross_layers and cross_rank.");
  }
  DlrmConfig model;
  model.num_dense = inputs.train.data.num_dense();
  model.torchscript = config.dense_torchscript;
  for (const Table& table : inputs.plan.workload.tables) {
    if (table.mode == PoolingMode::none) {
      model.vector_dims.insert(model.vector_dims.end(), table.features.size(), table.dim);
    } else {
      model.module_columns += table.dim * std::ssize(table.features);
    }
  }
  return model;
}

void require_pooling(const std::vector<Table>& tables) {
  for (const Table& table : tables) {
    if (table.mode != PoolingMode::none) continue;
    throw InputError(fmt::format(
        "Table {} has no pooling (mode none): its ids' vectors are for a dense part of your own "
        "(--dense-torchscript); the models dlrm and dcnv2 take pooled embeddings, of mode sum or "
        "mean.",
        table.name));
  }
}

void add_cross_layers(const TrainConfig& config, DlrmConfig& model) {
  constexpr std::int64_t kLayers = 3;  // MLPerf's
  constexpr std::int64_t kRank = 512;
  if (config.model != "dcnv2") {
    if (!config.cross_layers && !config.cross_rank) return;
    throw InputError(
        "cross_layers and cross_rank are settings of the model dcnv2; this is a dlrm.");
  }
  model.cross_layers = config.cross_layers.value_or(kLayers);
  const std::int64_t half = std::max<std::int64_t>(interaction_width(model) / 2, 1);
  model.cross_rank = config.cross_rank.value_or(std::min(kRank, half));
}

DlrmConfig model_sizes(const TrainConfig& config, const TrainingInputs& inputs) {
  if (!config.dense_torchscript.empty()) return module_sizes(config, inputs);
  require_pooling(inputs.plan.workload.tables);
  DlrmConfig model;
  model.num_dense = inputs.train.data.num_dense();
  model.num_features = std::ssize(inputs.train.feature_order);
  model.embedding_dim = common_dim(config, inputs.plan.workload.tables);
  model.bottom_mlp = config.bottom_mlp;
  model.top_mlp = config.top_mlp;
  if (model.bottom_mlp.empty()) model.bottom_mlp = {64, model.embedding_dim};
  if (model.top_mlp.empty()) model.top_mlp = {64, 32, 1};
  add_cross_layers(config, model);
  dense_parameters(model);  // throws if the widths do not fit
  return model;
}

/// The sum, after what they must be: one for each rank, and together the batch size if that is
/// said.
std::int64_t sum_of_rank_sizes(const TrainConfig& config, std::int64_t num_ranks) {
  const std::vector<std::int64_t>& sizes = config.rank_batch_sizes;
  const std::string told = fmt::format("rank_batch_sizes is [{}]", fmt::join(sizes, ", "));
  if (std::ssize(sizes) != num_ranks) {
    throw InputError(
        fmt::format("{}: {} sizes, and this job has {} ranks. Give one for each, or "
                    "leave it out for even parts.",
                    told, sizes.size(), num_ranks));
  }
  const std::int64_t sum = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  if (sum < 1 || sum > kMostSamples) {
    throw InputError(
        fmt::format("{}, together {} samples; expected 1 to {}.", told, sum, kMostSamples));
  }
  if (config.batch_size > 0 && config.batch_size != sum) {
    throw InputError(
        fmt::format("{}, together {} samples, and batch_size is {}. Leave batch_size "
                    "out, or let them add up to it.",
                    told, sum, config.batch_size));
  }
  return sum;
}

std::int64_t choose_batch_size(const TrainConfig& config, const Workload& plan,
                               const Workload& data, std::int64_t num_ranks) {
  if (!config.rank_batch_sizes.empty()) return sum_of_rank_sizes(config, num_ranks);
  for (const std::int64_t size : {config.batch_size, plan.batch_size, data.batch_size}) {
    if (size > 0) return size;
  }
  throw InputError(
      "Neither the train config nor the plan nor the data's tables.json has a batch size; give "
      "batch_size in the config or --batch-size.");
}

/// By more than a sample.
bool has_uneven_ranks(const TrainConfig& config) {
  const auto [least, most] = std::ranges::minmax_element(config.rank_batch_sizes);
  return !config.rank_batch_sizes.empty() && *most - *least > 1;
}

/// What this job does otherwise than the plan's predictions suppose, or "".
std::string departure(const TrainConfig& config, const TrainingInputs& inputs) {
  const Workload& plan = inputs.plan.workload;
  if (plan.batch_size > 0 && inputs.batch_size != plan.batch_size) {
    return fmt::format("a batch of {} samples, and this job takes {}", plan.batch_size,
                       inputs.batch_size);
  }
  if (has_uneven_ranks(config)) {
    return "ranks that take even parts of a batch, and this job has rank_batch_sizes";
  }
  for (const Table& table : plan.tables) {
    const OptimizerKind taken = config.optimizer.value_or(table.optimizer);
    if (taken == OptimizerKind::sgd && config.optimizer_keys.momentum.value_or(0) > 0) {
      return fmt::format(
          "{} on table {}, and this job takes sgd with momentum, a value of state "
          "for each weight",
          to_string(table.optimizer), table.name);
    }
    if (table.optimizer == taken) continue;
    return fmt::format("{} on table {}, and this job takes {}", to_string(table.optimizer),
                       table.name, to_string(taken));
  }
  return "";
}

/// A prediction for another job would stand beside the measurements of this one.
void drop_foreign_predictions(const TrainConfig& config, TrainingInputs& inputs) {
  const std::string what = departure(config, inputs);
  if (config.plan.empty() || what.empty()) return;
  inputs.notes.push_back(fmt::format(
      "The plan was made for {}: its predictions (and memory) are for another job, and left out.{}",
      what,
      has_uneven_ranks(config)
          ? ""
          : " Plan again with this job's --batch-size and the tables' optimizer to compare."));
  inputs.plan.predicted.clear();
}

void override_optimizer(const TrainConfig& config, TrainingInputs& inputs) {
  if (!config.optimizer) return;
  for (Table& table : inputs.plan.workload.tables) table.optimizer = *config.optimizer;
}

/// After the optimizers are chosen.
void choose_settings(const TrainConfig& config, TrainingInputs& inputs) {
  const bool sgd = config.optimizer == OptimizerKind::sgd;
  inputs.embedding_optimizer =
      embedding_settings(config.optimizer_keys, inputs.plan.workload.tables);
  inputs.dense_optimizer =
      dense_settings(config.optimizer_keys, sgd ? OptimizerKind::sgd : OptimizerKind::adagrad);
  inputs.learning_rate = schedule_of(config.optimizer_keys, config.warmup_steps);
}

void require_settings(const TrainConfig& config) {
  if (config.data.empty()) {
    throw InputError(
        "No training data is given: name a folder made by `shardwright data` as \"data\" in the "
        "config or with --data.");
  }
}

void add_notes(const TrainConfig& config, TrainingInputs& inputs) {
  std::vector<std::string>& notes = inputs.notes;
  if (config.plan.empty()) {
    notes.emplace_back("No plan is given: whole tables are placed round robin over the ranks.");
  }
  if (inputs.model.num_dense == 0 && !config.bottom_mlp.empty()) {
    notes.emplace_back("bottom_mlp is not used: the data has no dense features.");
  }
}

}  // namespace

void read_batch(const DataPart& part, const BatchReader& reader, std::int64_t step, Batch& batch) {
  const std::int64_t epoch = reader.num_batches();
  reader.read(step / epoch, step % epoch, batch);
  reorder_features(part.feature_order, batch);
}

TrainingInputs open_training_inputs(const TrainConfig& config, std::int64_t num_ranks) {
  require_settings(config);
  const std::string tables_file = inside(config.data, kTablesFile);
  const Workload tables = tables_from_json(read_input_file(tables_file));
  Plan plan = plan_for_data(config.plan, num_ranks, tables, tables_file);
  DataPart train = open_part(inside(config.data, kTrainFolder), plan.workload.tables);
  DataPart test = open_part(inside(config.data, kTestFolder), plan.workload.tables);
  TrainingInputs inputs{.plan = std::move(plan),
                        .train = std::move(train),
                        .test = std::move(test),
                        .plan_id = {},
                        .job_id = {},
                        .identity = {},
                        .model = {},
                        .notes = {}};
  if (inputs.train.data.size() == 0) {
    throw InputError(fmt::format("{}/{} has no samples.", config.data, kTrainFolder));
  }
  require_same_dense(inputs.train.data, inputs.test.data, config.data);
  inputs.model = model_sizes(config, inputs);
  inputs.plan_id = plan_id(inputs.plan);
  inputs.batch_size = choose_batch_size(config, inputs.plan.workload, tables, num_ranks);
  add_notes(config, inputs);
  drop_foreign_predictions(config, inputs);
  override_optimizer(config, inputs);
  choose_settings(config, inputs);
  return inputs;
}

}  // namespace shardwright
