#pragma once

#include "costmodel/reuse.hpp"
#include "costmodel/table.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace shardwright {

/// What the Zipf law says of tables, kept: the same tables are priced for many plans, and that
/// takes longer than all else of a pricer. May be asked from several threads.
class ReuseCache {
 public:
  /// The table's own histogram, or the Zipf law's for this batch.
  ReuseHistogram of(const Table& table, std::int64_t batch_size);

 private:
  using Key = std::pair<std::int64_t, double>;  // rows, look-ups
  std::mutex mutex_;
  std::map<Key, ReuseHistogram> known_;
};

}  // namespace shardwright
