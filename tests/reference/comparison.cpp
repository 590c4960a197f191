#include "comparison.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <set>
#include <stdexcept>

namespace reference {
namespace {

using nlohmann::json;

void read_summary(const json& entry, ShardedRun& run) {
  run.step_ms = 1000 * entry.at("seconds").get<double>() / entry.at("steps").get<double>();
  run.ranks = entry.at("ranks");
  run.cores = entry.at("cores_of_that_host");
  run.job_id = entry.at("job_id");
  if (entry.at("predicted_ms").is_null()) return;
  for (const auto& [phase, predicted] : entry["predicted_ms"].items()) {
    run.predicted_ms += predicted.get<double>();
    run.measured_ms += entry.at("phase_ms").at(phase).at("max").get<double>();
  }
}

std::string timing_lines(const ShardedRun& run) {
  std::string lines = fmt::format("step: {:.3f} ms measured, {} ranks {} {} cores\n", run.step_ms,
                                  run.ranks, run.ranks > run.cores ? "share" : "on", run.cores);
  if (run.predicted_ms > 0) {
    lines += fmt::format(
        "exchange and embeddings, slowest rank of each phase: {:.3f} ms measured, {:.3f} ms "
        "predicted\n",
        run.measured_ms, run.predicted_ms);
  }
  return lines;
}

}  // namespace

ShardedRun read_sharded_run(const std::string& metrics_file) {
  std::ifstream in(metrics_file);
  if (!in) throw std::runtime_error("Cannot read " + metrics_file + ".");
  ShardedRun run;
  std::set<std::string> seen;
  for (std::string line; std::getline(in, line);) {
    const json entry = json::parse(line);
    const std::string event = entry.at("event");
    seen.insert(event);
    if (event == "step") run.losses[entry.at("step")] = entry.at("loss");
    if (event == "summary") read_summary(entry, run);
    if (event == "evaluation") {
      run.auc = entry.at("auc");
      run.log_loss = entry.at("log_loss");
    }
  }
  for (const char* event : {"step", "evaluation", "summary"}) {
    if (!seen.contains(event)) throw std::runtime_error(metrics_file + " has no " + event + ".");
  }
  return run;
}

void require_same_run(const std::string& metrics_file, const std::string& model_folder) {
  const std::string file = model_folder + "/index.json";
  std::ifstream in(file);
  if (!in) throw std::runtime_error("Cannot read " + file + ".");
  const std::string of_model = json::parse(in).at("job_id");
  const std::string of_run = read_sharded_run(metrics_file).job_id;
  if (of_model == of_run) return;
  throw std::runtime_error(fmt::format(
      "{} is the model of job {}, but {} was written by job {}: train again, with the model saved.",
      model_folder, of_model, metrics_file, of_run));
}

LossDifference largest_loss_difference(const ShardedRun& run, const TrainingResult& result) {
  if (run.losses.size() != result.losses.size()) {
    throw std::runtime_error(fmt::format("The sharded run took {} steps, the reference {}.",
                                         run.losses.size(), result.losses.size()));
  }
  LossDifference largest;
  for (const auto& [step, loss] : run.losses) {
    const double expected = result.losses.at(static_cast<std::size_t>(step));
    const double relative = std::abs(loss - expected) / std::abs(expected);
    if (std::isnan(relative) || relative > largest.relative) largest = {relative, step};
  }
  return largest;
}

std::string comparison_table(const ShardedRun& run, const TrainingResult& result,
                             const WeightDifference& weights) {
  const LossDifference difference = largest_loss_difference(run, result);
  const auto row = [](const char* name, double sharded, double unsharded) {
    return fmt::format("{:<34}{:>14.6f}{:>14.6f}\n", name, sharded, unsharded);
  };
  std::string table = fmt::format("{:<34}{:>14}{:>14}\n", "", "sharded", "reference");
  table += row("test AUC", run.auc, result.auc);
  table += row("test log loss", run.log_loss, result.log_loss);
  table += row("loss of the last step", run.losses.rbegin()->second, result.losses.back());
  table += fmt::format("largest relative loss difference {:.3e}, at step {} of {}\n",
                       difference.relative, difference.step, result.losses.size());
  table += fmt::format("largest relative weight difference {:.3e}, in {}\n", weights.relative,
                       weights.tensor);
  table += timing_lines(run);
  table +=
      fmt::format("auc_sharded={:.6f} auc_reference={:.6f} max_relative_loss_difference={:.3e}\n",
                  run.auc, result.auc, difference.relative);
  return table;
}

}  // namespace reference
