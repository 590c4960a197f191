#pragma once

#include "costmodel/table.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Four columns of an owner's matrix that are four columns of the pooled rows: shards are cut at
/// multiples of four.
struct QuadRoute {
  std::int32_t owner = 0;
  std::int32_t mean = -1;  ///< position in PooledRoutes::split_means, or -1
  std::int64_t owner_column = 0;
  std::int64_t pooled_column = 0;
};

/// ExchangeLayout's column runs, cut into quads for kernels: what goes where in the exchange of
/// pooled values and of gradients.
struct PooledRoutes {
  /// Ordered by pooled column; quads of one column are partial sums in the order in which they are
  /// added.
  std::vector<QuadRoute> quads;
  /// The quads of pooled columns 4q … 4q + 3 are [first[q], first[q + 1]).
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> owner_columns;  ///< per owner
  /// Per owner: columns of the owners before it, `self` left out. Times samples, its block's place.
  std::vector<std::int64_t> columns_before;
  std::int64_t columns_of_others = 0;
  /// Features whose mean is taken after the sums have come together (SplitMeans).
  std::vector<std::size_t> split_means;
};

/// Throws std::logic_error for columns that no owner has (data_parallel).
PooledRoutes make_routes(const ExchangeLayout& layout, const Workload& workload, RankId self);

}  // namespace shardwright
