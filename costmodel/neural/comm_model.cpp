#include "costmodel/neural/comm_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

void note_outside(std::vector<std::string>& notes, std::string_view what, double value,
                  const Range& seen) {
  if (value >= seen.least && value <= seen.most) return;
  notes.push_back(fmt::format("{} {} (trained on {} to {})", value, what, seen.least, seen.most));
}

void note_unknown(std::vector<std::string>& notes, std::string_view what, const std::string& value,
                  const std::set<std::string>& seen) {
  if (seen.contains(value)) return;
  notes.push_back(fmt::format("{} '{}' (trained on {})", what, value, fmt::join(seen, ", ")));
}

// Of the piece between a knot and the next.
double size_ratio(const CommModel& model, std::size_t low) {
  const double high_bytes = model.knots[low + 1];
  return (high_bytes - model.knots[low]) / high_bytes;
}

void add_curve(const CommEffect& effect, double factor, const CommSetting& setting,
               const CollectiveCall& call, std::vector<double>& sum) {
  const auto curve = effect.curves.find(key_of(effect, setting, call));
  if (curve == effect.curves.end()) return;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * curve->second[i];
}

bool has_factor(const CommModel& model, EffectFactor factor) {
  return std::any_of(model.effects.begin(), model.effects.end(),
                     [&](const CommEffect& effect) { return effect.times == factor; });
}

}  // namespace

Range cover(const Range& a, const Range& b) {
  return {std::min(a.least, b.least), std::max(a.most, b.most)};
}

KnotPosition position_of(std::span<const double> knots, double bytes) {
  const auto above = std::lower_bound(knots.begin() + 1, knots.end() - 1, bytes);
  const auto high = static_cast<std::size_t>(above - knots.begin());
  const double along = (bytes - knots[high - 1]) / (knots[high] - knots[high - 1]);
  return {high - 1, std::max(along, 0.0)};
}

double time_between(double low, double high, double along, double size_ratio) {
  if (along <= 1) return low + along * (high - low);
  return high + (along - 1) * std::max(high - low, 0.5 * high * size_ratio);
}

double wait_share(const CommModel& model, const CollectiveCall& call) {
  if (call.wait_us <= 0 || model.pace_us.empty()) return 0;
  const auto [low, along] = position_of(model.knots, call.bytes);
  const double pace =
      time_between(model.pace_us[low], model.pace_us[low + 1], along, size_ratio(model, low));
  return call.wait_us / (call.wait_us + pace);
}

std::vector<double> sum_of_curves(const CommModel& model, EffectFactor factor,
                                  const CommSetting& setting, const CollectiveCall& call) {
  std::vector<double> sum(model.knots.size());
  for (const CommEffect& effect : model.effects) {
    if (effect.times == factor) add_curve(effect, 1, setting, call, sum);
  }
  return sum;
}

std::vector<double> log_times_at_knots(const CommModel& model, const CommSetting& setting,
                                       const CollectiveCall& call) {
  std::vector<double> sum(model.knots.size());
  const double waited = wait_share(model, call);
  for (const CommEffect& effect : model.effects) {
    const double factor = value_of_factor(effect.times, call, waited);
    if (factor != 0) add_curve(effect, factor, setting, call, sum);
  }
  return sum;
}

double predict_us(const CommModel& model, const CommSetting& setting, const CollectiveCall& call,
                  const MachineProbe& probe) {
  const std::vector<double> logs = log_times_at_knots(model, setting, call);
  const auto [low, along] = position_of(model.knots, call.bytes);
  return time_factor(model.speeds, call.operation, probe) *
         time_between(std::exp(logs[low]), std::exp(logs[low + 1]), along, size_ratio(model, low));
}

std::vector<std::string> outside_training(const CommModel& model, const CommSetting& setting,
                                          const CollectiveCall& call) {
  std::vector<std::string> notes;
  const CommTraining& seen = model.training;
  std::set<std::string> fabrics;
  std::set<std::string> libraries;
  for (const auto& [known, ranks] : seen.settings) {
    fabrics.insert(fabric_of(known));
    libraries.insert(known.library);
  }
  note_unknown(notes, "operation", std::string(to_string(call.operation)), seen.operations);
  note_unknown(notes, "hardware", fabric_of(setting), fabrics);
  note_unknown(notes, "library", setting.library, libraries);
  note_outside(notes, "ranks", static_cast<double>(call.ranks), seen.ranks);
  note_outside(notes, "nodes", static_cast<double>(call.nodes), seen.nodes);
  note_outside(notes, "bytes", call.bytes, seen.bytes);
  note_outside(notes, "bytes per element", static_cast<double>(call.element_bytes),
               seen.element_bytes);
  note_outside(notes, "of evenness (mean / largest bytes)", evenness(call), seen.evenness);
  note_outside(notes, "us of waiting", call.wait_us, seen.wait_us);
  return notes;
}

CommModel specialize(const CommModel& model, const CommSetting& setting) {
  CommModel special = model;
  special.effects.clear();
  using enum EffectFactor;
  for (const EffectFactor factor :
       {one, log_ranks, rank_share, log_nodes, byte_elements, byte_elements_log_ranks, unevenness,
        waiting, waiting_log_ranks}) {
    if (!has_factor(model, factor)) continue;
    CommEffect sum{{EffectKey::operation}, factor, 0.3, 0.1, {}};
    for (const std::string& operation : model.training.operations) {
      CollectiveCall call;
      call.operation = parse_collective(operation);
      if (is_of_samples(call.operation) && factor != one) continue;
      sum.curves.emplace(operation, sum_of_curves(model, factor, setting, call));
    }
    special.effects.push_back(std::move(sum));
  }
  const auto known = model.training.settings.find(setting);
  special.training.settings = {
      {setting, known == model.training.settings.end() ? model.training.ranks : known->second}};
  return special;
}

}  // namespace shardwright
