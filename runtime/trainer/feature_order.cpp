#include "runtime/trainer/feature_order.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

using Features = std::vector<DatasetFeature>;

std::size_t find_feature(const std::string& name, const Table& table, const Features& features,
                         const std::string& folder) {
  const auto found = std::find_if(features.begin(), features.end(),
                                  [&](const DatasetFeature& f) { return f.name == name; });
  if (found != features.end()) return static_cast<std::size_t>(found - features.begin());
  std::vector<std::string> names;
  for (const DatasetFeature& feature : features) names.push_back(feature.name);
  const std::string guess = nearest(name, names);
  throw InputError(fmt::format("{} has no feature {}, which table {} needs{}", folder, name,
                               table.name,
                               guess.empty() ? "." : fmt::format("; did you mean {}?", guess)));
}

void require_same_kind(const DatasetFeature& feature, const Table& table,
                       const std::string& folder) {
  if (feature.table != table.name) {
    throw InputError(
        fmt::format("Feature {} belongs to table {} in {}, but to table {} in the "
                    "plan.",
                    feature.name, feature.table, folder, table.name));
  }
  if (feature.weighted != table.weighted) {
    const auto kind = [](bool weighted) { return weighted ? "weighted" : "unweighted"; };
    throw InputError(fmt::format("Feature {} is {} in {}, but table {} is {} in the plan.",
                                 feature.name, kind(feature.weighted), folder, table.name,
                                 kind(table.weighted)));
  }
}

void require_all_used(const std::vector<std::size_t>& order, const Features& features,
                      const std::string& folder) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::find(order.begin(), order.end(), i) != order.end()) continue;
    throw InputError(fmt::format("{} has the feature {}, which no table of the plan uses.", folder,
                                 features[i].name));
  }
}

}  // namespace

std::vector<std::size_t> match_features(const std::vector<Table>& tables, const Features& features,
                                        const std::string& folder) {
  std::vector<std::size_t> order;
  for (const Table& table : tables) {
    for (const std::string& name : table.features) {
      const std::size_t index = find_feature(name, table, features, folder);
      require_same_kind(features[index], table, folder);
      order.push_back(index);
    }
  }
  require_all_used(order, features, folder);
  return order;
}

void reorder_features(const std::vector<std::size_t>& order, Batch& batch) {
  std::vector<Bags> ordered;
  ordered.reserve(order.size());
  for (const std::size_t index : order) ordered.push_back(std::move(batch.features[index]));
  batch.features = std::move(ordered);
}

}  // namespace shardwright
