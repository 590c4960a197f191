#include "runtime/exchange/layout.hpp"

#include <algorithm>
#include <tuple>

namespace shardwright {
namespace {

void add_features(ExchangeLayout& layout, const Workload& workload) {
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    for (const std::string& name : table.features) {
      layout.features.push_back({name, TableId::of(t), table.weighted, layout.pooled_columns});
      layout.pooled_columns += table.dim;
    }
  }
}

void add_table(OwnerLayout& owner, const ExchangeLayout& layout, TableId table) {
  OwnedTable& added = owner.tables.emplace_back();
  added.table = table;
  added.first_shard = owner.shards.size();
  added.first_feature = owner.features.size();
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    if (layout.features[f].table == table) owner.features.push_back(f);
  }
  added.num_features = owner.features.size() - added.first_feature;
}

void add_shard(OwnerLayout& owner, const ExchangeLayout& layout, const Shard& shard) {
  if (owner.tables.empty() || owner.tables.back().table != shard.table) {
    add_table(owner, layout, shard.table);
  }
  OwnedTable& table = owner.tables.back();
  ++table.num_shards;
  owner.shards.push_back({shard, owner.columns});
  for (std::size_t k = 0; k < table.num_features; ++k) {
    const PooledFeature& feature = layout.features[owner.features[table.first_feature + k]];
    owner.runs.push_back({owner.columns, feature.pooled_column + shard.col_begin, shard.columns()});
    owner.columns += shard.columns();
  }
}

}  // namespace

ExchangeLayout make_layout(const Plan& plan) {
  ExchangeLayout layout;
  layout.owners.resize(plan.topology.ranks.size());
  add_features(layout, plan.workload);
  std::vector<Shard> shards = plan.shards;
  std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::tuple(a.table, a.col_begin) < std::tuple(b.table, b.col_begin);
  });
  for (const Shard& shard : shards) {
    add_shard(layout.owners[shard.rank.value().index()], layout, shard);
  }
  return layout;
}

}  // namespace shardwright
