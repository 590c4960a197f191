#pragma once

#include "costmodel/timings/collective.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// What tells the curves of an effect apart.
enum class EffectKey { operation, fabric, library };
std::string_view to_string(EffectKey key);
EffectKey parse_effect_key(std::string_view name);

/// What an effect's curve is multiplied by; 0 for a call of 4 ranks in one node with elements of
/// two bytes or more, equal sizes and ranks that start together, and for all that goes by a rank's
/// samples (is_of_samples()), except `one`.
enum class EffectFactor {
  one,
  log_ranks,                ///< log2(ranks / 4): rings and trees grow longer
  rank_share,               ///< log2((1 − 1/ranks) / (3/4)): a rank keeps its own part
  log_nodes,                ///< log2(nodes)
  byte_elements,            ///< 1 for elements of one byte, whose sums are slower; else 0
  byte_elements_log_ranks,  ///< byte_elements · log_ranks
  unevenness,               ///< log2(evenness()): a busy rank among idle ones is slowed less
  waiting,                  ///< the wait share: what is done before the last rank comes is not left
  waiting_log_ranks,        ///< waiting · log_ranks
};
std::string_view to_string(EffectFactor factor);
EffectFactor parse_effect_factor(std::string_view name);
/// `wait_share`: wait_us as a share of itself and of what such a call takes (CommModel::pace_us).
double value_of_factor(EffectFactor factor, const CollectiveCall& call, double wait_share);

/// One term of the logarithm of the time: a curve over message size, for each combination of its
/// keys, times a factor of the call. An additive (linear mixed) model: effects by operation are
/// shared by all machines, effects by fabric are what is special about one.
struct CommEffect {
  std::vector<EffectKey> by;
  EffectFactor times = EffectFactor::one;
  double level_sd = 1;  ///< prior: standard deviation of a curve's mean, in ln(time)
  double step_sd = 1;   ///< prior: of its change from one doubling of the size to the next
  std::map<std::string, std::vector<double>> curves;  ///< key → value at each knot
  bool operator==(const CommEffect&) const = default;
};

/// "H100-SXM5-80GB | all_to_all": which curve of `effect` a call takes.
std::string key_of(const CommEffect& effect, const CommSetting& setting,
                   const CollectiveCall& call);

/// The effects of a new model, without curves.
std::vector<CommEffect> default_comm_effects();

}  // namespace shardwright
