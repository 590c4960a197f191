#include "costmodel/train/neighbours.hpp"

#include "costmodel/train/stretch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using Curve = std::vector<double>;  // ln µs at each knot

struct Neighbour {
  CommSetting setting;
  Range ranks;  // on which it was measured
  Stretch stretch;
  double weight = 0;
};

void make_shares(std::vector<Neighbour>& neighbours) {
  double sum = 0;
  for (const Neighbour& neighbour : neighbours) sum += neighbour.weight;
  for (Neighbour& neighbour : neighbours) neighbour.weight /= sum;
}

// Of each machine the release whose stretch is the most probable.
std::vector<Neighbour> neighbours_of(const CommModel& base, std::span<const CommTiming> timings) {
  std::map<std::string, Neighbour> best;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [setting, ranks] : base.training.settings) {
    const Neighbour neighbour = {setting, ranks, fit_stretch(base, setting, timings), 0};
    least = std::min(least, neighbour.stretch.loss);
    const auto found = best.emplace(fabric_of(setting), neighbour).first;
    if (neighbour.stretch.loss < found->second.stretch.loss) found->second = neighbour;
  }
  std::vector<Neighbour> neighbours;
  for (auto& [fabric, neighbour] : best) {
    neighbour.weight = std::exp(least - neighbour.stretch.loss);
    neighbours.push_back(neighbour);
  }
  make_shares(neighbours);
  return neighbours;
}

double doublings_outside(const Range& measured, double ranks) {
  constexpr double kMost = 8;
  const double doublings =
      std::max(std::log2(ranks / measured.most), std::log2(measured.least / ranks));
  return std::clamp(doublings, 0.0, kMost);
}

// With less weight for those that were not measured on so many ranks: what a model says of them
// there is off by three times what stretched machines are (docs/fitting.md).
std::vector<Neighbour> weighted_for(std::vector<Neighbour> neighbours, std::int64_t ranks) {
  constexpr double kPerDoubling = 0.1;
  for (Neighbour& neighbour : neighbours) {
    neighbour.weight *=
        std::pow(kPerDoubling, doublings_outside(neighbour.ranks, static_cast<double>(ranks)));
  }
  make_shares(neighbours);
  return neighbours;
}

Curve mixture(const CommEffect& effect, const CollectiveCall& call,
              const std::vector<Neighbour>& neighbours, std::size_t knots) {
  Curve curve(knots);
  for (const Neighbour& neighbour : neighbours) {
    const auto known = effect.curves.find(key_of(effect, neighbour.setting, call));
    if (known == effect.curves.end()) continue;
    for (std::size_t i = 0; i < knots; ++i) curve[i] += neighbour.weight * known->second[i];
  }
  return curve;
}

CollectiveCall call_of(const std::string& operation) {
  CollectiveCall call;
  call.operation = parse_collective(operation);
  return call;
}

// Mixtures of the curves as they are, where `setting` has none.
void add_missing_curves(CommModel& model, const CommModel& base, const CommSetting& setting,
                        const std::vector<Neighbour>& neighbours) {
  for (std::size_t i = 0; i < model.effects.size(); ++i) {
    CommEffect& effect = model.effects[i];
    if (base.effects[i].curves.empty()) continue;
    for (const std::string& operation : base.training.operations) {
      const CollectiveCall call = call_of(operation);
      const std::string key = key_of(effect, setting, call);
      if (effect.curves.contains(key)) continue;
      effect.curves.emplace(key, mixture(base.effects[i], call, neighbours, model.knots.size()));
    }
  }
}

// ln µs at the knots by all stretched neighbours.
Curve stretched_mixture(const CommModel& base, const std::vector<Neighbour>& neighbours,
                        CollectiveCall call, std::int64_t ranks, std::int64_t element_bytes) {
  constexpr double kLeastWeight = 1e-6;
  call.ranks = ranks;
  call.element_bytes = element_bytes;
  Curve curve(base.knots.size());
  for (const Neighbour& neighbour : weighted_for(neighbours, ranks)) {
    if (neighbour.weight < kLeastWeight) continue;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      call.bytes = base.knots[i];
      curve[i] +=
          neighbour.weight * stretched_log_us(base, neighbour.setting, neighbour.stretch, call);
    }
  }
  return curve;
}

Curve combined(double a, const Curve& x, double b, const Curve& y) {
  Curve sum(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) sum[i] = a * x[i] + b * y[i];
  return sum;
}

// Curves by factor that give the stretched mixture: exactly on 2, 4 and 8 ranks.
std::map<EffectFactor, Curve> wanted_curves(const CommModel& base,
                                            const std::vector<Neighbour>& neighbours,
                                            const CollectiveCall& call) {
  const auto at = [&](std::int64_t ranks, std::int64_t element_bytes) {
    return stretched_mixture(base, neighbours, call, ranks, element_bytes);
  };
  const auto share = [&](std::int64_t ranks) {
    CollectiveCall other = call;
    other.ranks = ranks;
    return value_of_factor(EffectFactor::rank_share, other, 0);
  };
  const Curve two = at(2, 2);
  const Curve four = at(4, 2);
  const Curve eight = at(8, 2);
  const Curve bend = combined(1, combined(1, two, 1, eight), -2, four);
  const Curve by_share = combined(1 / (share(2) + share(8)), bend, 0, bend);
  const Curve by_ranks = combined(1, combined(1, eight, -1, four), -share(8), by_share);
  const Curve bytes_two = combined(1, at(2, 1), -1, two);
  const Curve bytes_eight = combined(1, at(8, 1), -1, eight);
  return {{EffectFactor::one, four},
          {EffectFactor::log_ranks, by_ranks},
          {EffectFactor::rank_share, by_share},
          {EffectFactor::byte_elements, combined(1, at(4, 1), -1, four)},
          {EffectFactor::byte_elements_log_ranks, combined(0.5, bytes_eight, -0.5, bytes_two)}};
}

bool has_key(const CommEffect& effect, EffectKey key) {
  return std::find(effect.by.begin(), effect.by.end(), key) != effect.by.end();
}

// The effect by fabric and operation whose curve for `setting` is new to `base`; the first one, or
// the one that is of a release of the library.
CommEffect* effect_to_move(CommModel& model, const CommModel& base, EffectFactor factor,
                           const CommSetting& setting, const CollectiveCall& call,
                           bool of_release) {
  for (std::size_t i = 0; i < model.effects.size(); ++i) {
    CommEffect& effect = model.effects[i];
    if (effect.times != factor) continue;
    if (!has_key(effect, EffectKey::fabric) || !has_key(effect, EffectKey::operation)) continue;
    if (of_release && !has_key(effect, EffectKey::library)) continue;
    if (!base.effects[i].curves.contains(key_of(effect, setting, call))) return &effect;
  }
  return nullptr;
}

// Makes the sum of all curves of `setting` for a factor what is wanted, by the curve of `effect`.
void move_to(CommModel& model, CommEffect* effect, EffectFactor factor, const CommSetting& setting,
             const CollectiveCall& call, const Curve& wanted) {
  if (effect == nullptr) return;
  const Curve missing = combined(1, wanted, -1, sum_of_curves(model, factor, setting, call));
  Curve& curve = effect->curves[key_of(*effect, setting, call)];
  curve.resize(model.knots.size());
  curve = combined(1, curve, 1, missing);
}

void move_to_stretched(CommModel& model, const CommModel& base, const CommSetting& setting,
                       const std::vector<Neighbour>& neighbours) {
  for (const std::string& operation : base.training.operations) {
    const CollectiveCall call = call_of(operation);
    for (const auto& [factor, wanted] : wanted_curves(base, neighbours, call)) {
      CommEffect* effect = effect_to_move(model, base, factor, setting, call, false);
      move_to(model, effect, factor, setting, call, wanted);
    }
  }
}

// Another library on the new machine, of which nothing was measured there: as the measured one.
// What releases change differs more between machines than it is worth.
void move_to_measured(CommModel& model, const CommModel& base, const CommSetting& measured,
                      const CommSetting& other) {
  using enum EffectFactor;
  for (const std::string& operation : base.training.operations) {
    const CollectiveCall call = call_of(operation);
    for (const EffectFactor factor :
         {one, log_ranks, rank_share, byte_elements, byte_elements_log_ranks}) {
      CommEffect* effect = effect_to_move(model, base, factor, other, call, true);
      move_to(model, effect, factor, other, call, sum_of_curves(model, factor, measured, call));
    }
  }
}

}  // namespace

void add_neighbours(CommModel& model, std::span<const CommTiming> timings) {
  const CommModel base = model;
  std::map<CommSetting, std::vector<CommTiming>> own;
  std::set<std::string> libraries;
  for (const CommTiming& timing : timings) own[timing.setting].push_back(timing);
  for (const auto& [known, ranks] : base.training.settings) libraries.insert(known.library);
  for (const auto& [setting, rows] : own) {
    if (base.training.settings.contains(setting)) continue;
    const std::vector<Neighbour> neighbours = neighbours_of(base, rows);
    add_missing_curves(model, base, setting, neighbours);
    move_to_stretched(model, base, setting, neighbours);
    for (const std::string& library : libraries) {
      CommSetting other = setting;
      other.library = library;
      if (own.contains(other) || base.training.settings.contains(other)) continue;
      move_to_measured(model, base, setting, other);
    }
  }
}

}  // namespace shardwright
