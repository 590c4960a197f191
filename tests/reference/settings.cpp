#include "settings.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace reference {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json read_json_file(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("Cannot read " + file + ".");
  return json::parse(in, nullptr, true, true);
}

std::string beside(const std::string& file, const std::string& path) {
  if (path.empty() || fs::path(path).is_absolute()) return path;
  return (fs::path(file).parent_path() / path).lexically_normal().string();
}

Optimizer parse_optimizer(const std::string& name) {
  if (name == "sgd") return Optimizer::sgd;
  if (name == "adagrad") return Optimizer::adagrad;
  if (name == "rowwise_adagrad") return Optimizer::rowwise_adagrad;
  if (name == "adam") return Optimizer::adam;
  if (name == "rowwise_adam") return Optimizer::rowwise_adam;
  if (name == "ftrl") return Optimizer::ftrl;
  throw std::runtime_error("The reference does not know the optimizer " + name + ".");
}

Pooling parse_pooling(const std::string& name) {
  if (name == "sum") return Pooling::sum;
  if (name == "mean") return Pooling::mean;
  throw std::runtime_error("The reference knows the modes sum and mean, not " + name + ".");
}

OptimizerSettings read_optimizer_settings(const json& config, const std::string& prefix) {
  OptimizerSettings settings;
  const auto read = [&](const char* key, double& value) {
    value = config.value(prefix + key, value);
  };
  read("weight_decay", settings.weight_decay);
  read("momentum", settings.momentum);
  read("beta1", settings.beta1);
  read("beta2", settings.beta2);
  read("eps", settings.eps);
  read("initial_accumulator", settings.initial_accumulator);
  read("ftrl_beta", settings.ftrl_beta);
  read("ftrl_l1", settings.ftrl_l1);
  read("ftrl_l2", settings.ftrl_l2);
  return settings;
}

void read_schedule(const json& config, Settings& settings) {
  settings.learning_rate = config.value("learning_rate", settings.learning_rate);
  settings.dense_learning_rate = config.value("dense_learning_rate", settings.learning_rate);
  settings.warmup_steps = config.value("warmup_steps", settings.warmup_steps);
  settings.decay_start = config.value("decay_start", settings.warmup_steps);
  settings.decay_steps = config.value("decay_steps", settings.decay_steps);
  settings.decay_power = config.value("decay_power", settings.decay_power);
  settings.end_learning_rate = config.value("end_learning_rate", settings.end_learning_rate);
  settings.gradient_clip_norm = config.value("gradient_clip_norm", settings.gradient_clip_norm);
}

void read_cross_layers(const json& config, Settings& settings) {
  if (config.value("model", "dlrm") == "dlrm") return;
  settings.cross_layers = config.value("cross_layers", 3);
  settings.cross_rank = config.at("cross_rank");
}

void read_tables(const std::string& file, Settings& settings) {
  const json document = read_json_file(file);
  if (settings.batch_size == 0) settings.batch_size = document.at("batch_size");
  if (settings.embedding_dim == 0) settings.embedding_dim = document.at("tables").at(0).at("dim");
  for (const json& entry : document.at("tables")) {
    Table table;
    table.name = entry.at("name");
    table.rows = entry.at("rows");
    table.pooling = parse_pooling(entry.value("mode", "sum"));
    table.optimizer = parse_optimizer(entry.value("optimizer", "rowwise_adagrad"));
    if (entry.at("dim") != settings.embedding_dim) {
      throw std::runtime_error("Table " + table.name + " in " + file + " is not " +
                               std::to_string(settings.embedding_dim) + " wide.");
    }
    settings.tables[table.name] = table;
  }
}

}  // namespace

Settings read_settings(const std::string& file, const std::string& data) {
  const json config = read_json_file(file);
  const std::string model = config.value("model", "dlrm");
  if (model != "dlrm" && model != "dcnv2") {
    throw std::runtime_error("The reference knows the models dlrm and dcnv2.");
  }
  if (config.value("on_bad_id", "error") != "error") {
    throw std::runtime_error("The reference knows \"on_bad_id\": \"error\" alone.");
  }
  Settings settings;
  settings.data = data.empty() ? beside(file, config.at("data")) : data;
  settings.embedding_dim = config.value("embedding_dim", settings.embedding_dim);
  settings.bottom_mlp = config.value("bottom_mlp", settings.bottom_mlp);
  settings.top_mlp = config.value("top_mlp", settings.top_mlp);
  settings.batch_size = config.value("batch_size", settings.batch_size);
  settings.epochs = config.value("epochs", settings.epochs);
  if (config.contains("max_steps")) settings.max_steps = config["max_steps"].get<std::int64_t>();
  read_schedule(config, settings);
  read_cross_layers(config, settings);
  settings.seed = config.value("seed", settings.seed);
  settings.threads = config.value("threads", settings.threads);
  read_tables(settings.data + "/tables.json", settings);
  if (settings.bottom_mlp.empty()) settings.bottom_mlp = {64, settings.embedding_dim};
  if (settings.top_mlp.empty()) settings.top_mlp = {64, 32, 1};
  if (config.contains("optimizer")) {
    const Optimizer optimizer = parse_optimizer(config["optimizer"]);
    settings.dense_optimizer = optimizer == Optimizer::sgd ? Optimizer::sgd : Optimizer::adagrad;
    for (auto& [name, table] : settings.tables) table.optimizer = optimizer;
  }
  if (config.contains("dense_optimizer")) {
    settings.dense_optimizer = parse_optimizer(config["dense_optimizer"]);
  }
  settings.dense_settings = read_optimizer_settings(config, "dense_");
  for (auto& [name, table] : settings.tables) {
    table.settings = read_optimizer_settings(config, "");
  }
  return settings;
}

}  // namespace reference
