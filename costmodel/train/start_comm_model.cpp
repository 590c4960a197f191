#include "costmodel/train/start_comm_model.hpp"

#include "costmodel/train/comm_design.hpp"
#include "costmodel/train/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

// The mean of ln(time) at the knot nearest to each row, as a start for a new model.
std::vector<double> mean_log_times(const CommModel& model, std::span<const CommTiming> rows) {
  std::vector<double> sum(model.knots.size());
  std::vector<double> count(model.knots.size());
  for (const CommTiming& row : rows) {
    if (row.call.wait_us > 0) continue;
    const auto [low, along] = position_of(model.knots, row.call.bytes);
    const std::size_t knot = low + (along > 0.5 ? 1 : 0);
    sum[knot] += std::log(row.time_us);
    count[knot] += 1;
  }
  double last = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (count[i] > 0) last = sum[i] / count[i];
    sum[i] = last;
  }
  return sum;
}

bool has_waits(std::span<const CommTiming> rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const CommTiming& row) { return row.call.wait_us > 0; });
}

void set_pace(CommModel& model, std::span<const CommTiming> rows) {
  if (!has_waits(rows) || !model.pace_us.empty()) return;
  model.pace_us = mean_log_times(model, rows);
  constexpr double kLeast = 1e-3;  // to which they are rounded
  for (double& pace : model.pace_us) {
    pace = std::max(kLeast, std::round(std::exp(pace) / kLeast) * kLeast);
  }
}

// Models of a single machine have no curves by fabric, and those made before there were timings of
// uneven sizes and waits none for these: what a fit of new timings may need.
void add_missing_effects(CommModel& model) {
  for (CommEffect& effect : default_comm_effects()) {
    const bool known =
        std::any_of(model.effects.begin(), model.effects.end(), [&](const CommEffect& other) {
          return other.times == effect.times && other.by == effect.by;
        });
    if (!known) model.effects.push_back(std::move(effect));
  }
}

}  // namespace

CommTraining joined(const CommTraining& base, CommTraining added) {
  added.rows += base.rows;
  for (const auto& [setting, ranks] : base.settings) {
    const auto [same, is_new] = added.settings.emplace(setting, ranks);
    if (!is_new) same->second = cover(same->second, ranks);
  }
  added.operations.insert(base.operations.begin(), base.operations.end());
  added.ranks = cover(base.ranks, added.ranks);
  added.nodes = cover(base.nodes, added.nodes);
  added.bytes = cover(base.bytes, added.bytes);
  added.element_bytes = cover(base.element_bytes, added.element_bytes);
  added.evenness = cover(base.evenness, added.evenness);
  added.wait_us = cover(base.wait_us, added.wait_us);
  return added;
}

CommModel start_comm_model(std::span<const CommTiming> rows, const CommModel* base) {
  CommModel model;
  if (base != nullptr) {
    model = *base;
    add_missing_effects(model);
    add_neighbours(model, rows);
    model.training = joined(model.training, coverage_of(rows));
  } else {
    model.knots = choose_knots(rows);
    model.effects = default_comm_effects();
    model.training = coverage_of(rows);
    const std::vector<double> mean = mean_log_times(model, rows);
    for (const std::string& operation : model.training.operations) {
      model.effects.front().curves.emplace(operation, mean);
    }
  }
  set_pace(model, rows);
  return model;
}

}  // namespace shardwright
