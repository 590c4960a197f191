#include "comparison.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace reference {
namespace {

using nlohmann::json;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string timing_lines(const ShardedRun& run, const Settings& settings) {
  if (settings.plan.empty()) return "";
  std::ifstream in(settings.plan);
  if (!in) throw std::runtime_error("Cannot read " + settings.plan + ".");
  const json plan = json::parse(in);
  return fmt::format(
      "{:<34}{:>14.3f}{:>14.3f}   {} ranks sharing {} cores\n", "step ms: measured, predicted",
      run.median_step_ms, plan.at("predicted").at("cost_ms").get<double>(),
      plan.at("predicted").at("per_rank").size(), std::thread::hardware_concurrency());
}

}  // namespace

ShardedRun read_sharded_run(const std::string& metrics_file) {
  std::ifstream in(metrics_file);
  if (!in) throw std::runtime_error("Cannot read " + metrics_file + ".");
  ShardedRun run;
  std::vector<double> step_ms;
  bool evaluated = false;
  for (std::string line; std::getline(in, line);) {
    const json entry = json::parse(line);
    if (entry.at("event") == "step") {
      run.losses[entry.at("step")] = entry.at("loss");
      step_ms.push_back(1000.0 * entry.at("samples").get<double>() /
                        entry.at("samples_per_s").get<double>());
    } else if (entry.at("event") == "evaluation") {
      run.auc = entry.at("auc");
      run.log_loss = entry.at("log_loss");
      evaluated = true;
    }
  }
  if (step_ms.empty() || !evaluated) {
    throw std::runtime_error(metrics_file + " has no steps or no evaluation.");
  }
  run.median_step_ms = median(step_ms);
  return run;
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
                             const Settings& settings, const WeightDifference& weights) {
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
  table += timing_lines(run, settings);
  table +=
      fmt::format("auc_sharded={:.6f} auc_reference={:.6f} max_relative_loss_difference={:.3e}\n",
                  run.auc, result.auc, difference.relative);
  return table;
}

}  // namespace reference
