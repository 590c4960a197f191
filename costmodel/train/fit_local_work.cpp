#include "costmodel/train/fit_local_work.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using Curve = std::vector<double>;                       // ln µs at the model's knots
using LogTimes = std::map<double, std::vector<double>>;  // by bytes
using Setting = std::pair<CommSetting, CollectiveKind>;

const std::vector<EffectKey> kOperation = {EffectKey::operation};
const std::vector<EffectKey> kRelease = {EffectKey::fabric, EffectKey::library,
                                         EffectKey::operation};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Curve curve_through(const LogTimes& times, const Curve& knots) {
  Curve sizes;
  Curve us;
  for (const auto& [bytes, logs] : times) {
    sizes.push_back(bytes);
    us.push_back(std::exp(mean_of(logs)));
  }
  Curve curve;
  for (const double knot : knots) {
    const auto [low, along] = position_of(sizes, knot);
    const double ratio = 1 - sizes[low] / sizes[low + 1];
    curve.push_back(std::log(time_between(us[low], us[low + 1], along, ratio)));
  }
  return curve;
}

// Of the model, which gets it if it has none yet.
CommEffect& effect_by(CommModel& model, const std::vector<EffectKey>& by) {
  const auto is_it = [&](const CommEffect& effect) {
    return effect.times == EffectFactor::one && effect.by == by;
  };
  const auto known = std::find_if(model.effects.begin(), model.effects.end(), is_it);
  if (known != model.effects.end()) return *known;
  const std::vector<CommEffect> all = default_comm_effects();
  return model.effects.emplace_back(*std::find_if(all.begin(), all.end(), is_it));
}

double rounded(double value) {
  constexpr double kDigits = 1e6;
  return std::round(value * kDigits) / kDigits;
}

// Makes all effects together come to `wanted`: what they lack is the release's own.
void set_curve(CommModel& model, const CommSetting& setting, const CollectiveCall& call,
               const Curve& wanted) {
  Curve base;
  for (const double value : wanted) base.push_back(rounded(value));
  effect_by(model, kOperation).curves.emplace(to_string(call.operation), base);
  const Curve sum = sum_of_curves(model, EffectFactor::one, setting, call);
  CommEffect& release = effect_by(model, kRelease);
  Curve& own = release.curves[key_of(release, setting, call)];
  own.resize(wanted.size());
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = rounded(own[i] + wanted[i] - sum[i]);
}

}  // namespace

void fit_local_work(CommModel& model, std::span<const CommTiming> rows) {
  std::map<Setting, LogTimes> times;
  for (const CommTiming& row : rows) {
    if (!is_of_samples(row.call.operation)) continue;
    times[{row.setting, row.call.operation}][row.call.bytes].push_back(std::log(row.time_us));
  }
  for (const auto& [of, by_bytes] : times) {
    CollectiveCall call;
    call.operation = of.second;
    if (by_bytes.size() < 2) {
      throw InputError(fmt::format(
          "All timings of {} on {} are of one size. It needs at least two, better one for every "
          "fourfold of the bytes that are to be priced.",
          to_string(call.operation), fabric_of(of.first)));
    }
    set_curve(model, of.first, call, curve_through(by_bytes, model.knots));
  }
}

}  // namespace shardwright
