#include "costmodel/neural/comm_effect.hpp"

#include "costmodel/names.hpp"

#include <cmath>
#include <stdexcept>

namespace shardwright {
namespace {

constexpr Names<EffectKey, 3> kKeys = {{
    {EffectKey::operation, "operation"},
    {EffectKey::fabric, "fabric"},
    {EffectKey::library, "library"},
}};
constexpr Names<EffectFactor, 9> kFactors = {{
    {EffectFactor::one, "one"},
    {EffectFactor::log_ranks, "log_ranks"},
    {EffectFactor::rank_share, "rank_share"},
    {EffectFactor::log_nodes, "log_nodes"},
    {EffectFactor::byte_elements, "byte_elements"},
    {EffectFactor::byte_elements_log_ranks, "byte_elements_log_ranks"},
    {EffectFactor::unevenness, "unevenness"},
    {EffectFactor::waiting, "waiting"},
    {EffectFactor::waiting_log_ranks, "waiting_log_ranks"},
}};

std::string part_of(EffectKey key, const CommSetting& setting, const CollectiveCall& call) {
  switch (key) {
    case EffectKey::operation:
      return std::string(to_string(call.operation));
    case EffectKey::fabric:
      return fabric_of(setting);
    case EffectKey::library:
      return setting.library;
  }
  throw std::logic_error("an effect key without a meaning");
}

double log_ranks(const CollectiveCall& call) {
  return std::log2(static_cast<double>(call.ranks) / 4);
}

double byte_elements(const CollectiveCall& call) { return call.element_bytes == 1 ? 1 : 0; }

}  // namespace

std::string_view to_string(EffectKey key) { return name_of(key, kKeys); }
EffectKey parse_effect_key(std::string_view name) { return value_of(name, kKeys, "effect key"); }
std::string_view to_string(EffectFactor factor) { return name_of(factor, kFactors); }
EffectFactor parse_effect_factor(std::string_view name) {
  return value_of(name, kFactors, "effect factor");
}

double value_of_factor(EffectFactor factor, const CollectiveCall& call, double wait_share) {
  if (is_of_samples(call.operation)) return factor == EffectFactor::one ? 1 : 0;
  switch (factor) {
    case EffectFactor::one:
      return 1;
    case EffectFactor::log_ranks:
      return log_ranks(call);
    case EffectFactor::rank_share:
      return std::log2((1 - 1 / static_cast<double>(call.ranks)) / 0.75);
    case EffectFactor::log_nodes:
      return std::log2(static_cast<double>(call.nodes));
    case EffectFactor::byte_elements:
      return byte_elements(call);
    case EffectFactor::byte_elements_log_ranks:
      return byte_elements(call) * log_ranks(call);
    case EffectFactor::unevenness:
      return std::log2(evenness(call));
    case EffectFactor::waiting:
      return wait_share;
    case EffectFactor::waiting_log_ranks:
      return wait_share * log_ranks(call);
  }
  throw std::logic_error("an effect factor without a meaning");
}

std::string key_of(const CommEffect& effect, const CommSetting& setting,
                   const CollectiveCall& call) {
  std::string key;
  for (const EffectKey part : effect.by) {
    if (!key.empty()) key += " | ";
    key += part_of(part, setting, call);
  }
  return key;
}

std::vector<CommEffect> default_comm_effects() {
  using enum EffectKey;
  using enum EffectFactor;
  const std::vector<EffectKey> machine = {fabric, operation};
  const std::vector<EffectKey> release = {fabric, library, operation};
  // Standard deviations: docs/fitting.md says how they were chosen.
  return {
      {{operation}, one, 10, 1, {}},
      {{operation}, log_ranks, 1, 0.2, {}},
      {{operation}, rank_share, 1, 0.3, {}},
      {{operation}, log_nodes, 1, 0.2, {}},
      {{operation}, byte_elements, 0.3, 0.1, {}},
      {{operation}, byte_elements_log_ranks, 0.05, 0.05, {}},
      {{library}, one, 0.15, 0.05, {}},
      {{library, operation}, one, 0.15, 0.1, {}},
      {{fabric}, one, 0.3, 0.1, {}},
      {{fabric}, log_ranks, 0.2, 0.05, {}},
      {{fabric}, log_nodes, 0.5, 0.1, {}},
      {machine, one, 0.2, 0.07, {}},
      {machine, log_ranks, 0.15, 0.1, {}},
      {machine, rank_share, 0.2, 0.2, {}},
      {machine, log_nodes, 0.3, 0.1, {}},
      {release, one, 0.15, 0.1, {}},
      {release, log_ranks, 0.1, 0.1, {}},
      {release, rank_share, 0.2, 0.2, {}},
      {release, byte_elements, 0.1, 0.1, {}},
      {release, byte_elements_log_ranks, 0.1, 0.1, {}},
      {{operation}, unevenness, 0.5, 0.1, {}},
      {machine, unevenness, 0.2, 0.1, {}},
      {{operation}, waiting, 1, 0.2, {}},
      {{operation}, waiting_log_ranks, 0.3, 0.1, {}},
      {machine, waiting, 0.3, 0.1, {}},
  };
}

}  // namespace shardwright
