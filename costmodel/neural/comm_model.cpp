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

}  // namespace

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

std::vector<double> log_times_at_knots(const CommModel& model, const CommSetting& setting,
                                       const CollectiveCall& call) {
  std::vector<double> sum(model.knots.size());
  for (const CommEffect& effect : model.effects) {
    const double factor = value_of_factor(effect.times, call);
    const auto curve = effect.curves.find(key_of(effect, setting, call));
    if (factor == 0 || curve == effect.curves.end()) continue;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * curve->second[i];
  }
  return sum;
}

double predict_us(const CommModel& model, const CommSetting& setting, const CollectiveCall& call) {
  const std::vector<double> logs = log_times_at_knots(model, setting, call);
  const auto [low, along] = position_of(model.knots, call.bytes);
  const double high_bytes = model.knots[low + 1];
  return time_between(std::exp(logs[low]), std::exp(logs[low + 1]), along,
                      (high_bytes - model.knots[low]) / high_bytes);
}

std::vector<std::string> outside_training(const CommModel& model, const CommSetting& setting,
                                          const CollectiveCall& call) {
  std::vector<std::string> notes;
  const CommTraining& seen = model.training;
  std::set<std::string> fabrics;
  std::set<std::string> libraries;
  for (const CommSetting& known : seen.settings) {
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
  return notes;
}

CommModel specialize(const CommModel& model, const CommSetting& setting) {
  CommModel special = model;
  special.effects.clear();
  for (const EffectFactor factor :
       {EffectFactor::one, EffectFactor::log_ranks, EffectFactor::rank_share,
        EffectFactor::log_nodes, EffectFactor::byte_elements,
        EffectFactor::byte_elements_log_ranks}) {
    CommEffect sum{{EffectKey::operation}, factor, 0.3, 0.1, {}};
    for (const std::string& operation : model.training.operations) {
      CollectiveCall call;
      call.operation = parse_collective(operation);
      std::vector<double> curve(model.knots.size());
      for (const CommEffect& effect : model.effects) {
        const auto found = effect.curves.find(key_of(effect, setting, call));
        if (effect.times != factor || found == effect.curves.end()) continue;
        for (std::size_t i = 0; i < curve.size(); ++i) curve[i] += found->second[i];
      }
      sum.curves.emplace(operation, std::move(curve));
    }
    special.effects.push_back(std::move(sum));
  }
  special.training.settings = {setting};
  return special;
}

}  // namespace shardwright
