#include "costmodel/compute/reuse_cache.hpp"

namespace shardwright {

ReuseHistogram ReuseCache::of(const Table& table, std::int64_t batch_size) {
  if (table.reuse) return *table.reuse;
  const Key key(table.rows, table.pooling * static_cast<double>(batch_size));
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_.emplace(key, zipf_reuse(key.first, key.second)).first->second;
}

}  // namespace shardwright
