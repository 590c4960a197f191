#include "runtime/embedding/id_check.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

bool is_legal(const Table& table, std::int64_t id) { return id >= 0 && id < table.rows; }

[[noreturn]] void refuse_bags(const IdContext& context, const std::string& problem) {
  throw InputError(
      fmt::format("Feature '{}' of table '{}' on rank {}: {}. Do data and plan belong "
                  "together?",
                  context.feature.name, context.table.name, context.rank.value(), problem));
}

[[noreturn]] void refuse_id(const IdContext& context, std::int64_t id, std::int64_t sample) {
  throw InputError(
      fmt::format("Feature '{}' of table '{}' has id {} in sample {} (rank {}), outside the "
                  "table's rows [0, "
                  "{}): correct the data, or use --on-bad-id clip or --on-bad-id skip.",
                  context.feature.name, context.table.name, id, sample, context.rank.value(),
                  context.table.rows));
}

std::int64_t sample_of(const Bags& bags, std::size_t position) {
  std::size_t end = 0;
  for (std::size_t sample = 0; sample < bags.lengths.size(); ++sample) {
    end += static_cast<std::size_t>(bags.lengths[sample]);
    if (position < end) return static_cast<std::int64_t>(sample);
  }
  return -1;
}

void clip(const Table& table, Bags& bags) {
  for (std::int64_t& id : bags.ids) id = std::clamp<std::int64_t>(id, 0, table.rows - 1);
}

void skip(const Table& table, Bags& bags) {
  std::size_t read = 0;
  std::size_t kept = 0;
  for (std::int32_t& length : bags.lengths) {
    const std::size_t bag_begin = kept;
    for (std::int32_t i = 0; i < length; ++i, ++read) {
      if (!is_legal(table, bags.ids[read])) continue;
      bags.ids[kept] = bags.ids[read];
      if (!bags.weights.empty()) bags.weights[kept] = bags.weights[read];
      ++kept;
    }
    length = static_cast<std::int32_t>(kept - bag_begin);
  }
  bags.ids.resize(kept);
  if (!bags.weights.empty()) bags.weights.resize(kept);
}

}  // namespace

void require_consistent_bags(const IdContext& context, const Batch& batch, const Bags& bags) {
  if (static_cast<std::int64_t>(bags.lengths.size()) != batch.size) {
    refuse_bags(context, fmt::format("{} bags for {} samples", bags.lengths.size(), batch.size));
  }
  std::int64_t ids = 0;
  for (const std::int32_t length : bags.lengths) {
    if (length < 0) refuse_bags(context, fmt::format("a bag of length {}", length));
    ids += length;
  }
  if (static_cast<std::int64_t>(bags.ids.size()) != ids) {
    refuse_bags(context, fmt::format("{} ids in bags of {}", bags.ids.size(), ids));
  }
  const std::size_t weights = context.feature.weighted ? bags.ids.size() : 0;
  if (bags.weights.size() != weights) {
    refuse_bags(context, fmt::format("{} per-sample weights where the plan's table has {}",
                                     bags.weights.size(), weights));
  }
}

void make_ids_legal(const IdContext& context, const Batch& batch, BadIdPolicy policy, Bags& bags) {
  const auto bad = std::find_if_not(bags.ids.begin(), bags.ids.end(),
                                    [&](std::int64_t id) { return is_legal(context.table, id); });
  if (bad == bags.ids.end()) return;
  switch (policy) {
    case BadIdPolicy::error:
      refuse_id(
          context, *bad,
          batch.sample_number(sample_of(bags, static_cast<std::size_t>(bad - bags.ids.begin()))));
    case BadIdPolicy::clip:
      return clip(context.table, bags);
    case BadIdPolicy::skip:
      return skip(context.table, bags);
  }
}

void check_batch_ids(const ExchangeLayout& layout, const Workload& workload, RankId rank,
                     BadIdPolicy policy, Batch& batch) {
  const std::vector<PooledFeature>& features = layout.features;
  if (batch.features.size() != features.size()) {
    throw InputError(
        fmt::format("The data has {} features, but the plan's tables have {}: plan "
                    "with the tables.json that was made with the data.",
                    batch.features.size(), features.size()));
  }
  for (std::size_t f = 0; f < features.size(); ++f) {
    const IdContext context{features[f], workload.table(features[f].table), rank};
    require_consistent_bags(context, batch, batch.features[f]);
    make_ids_legal(context, batch, policy, batch.features[f]);
  }
}

}  // namespace shardwright
