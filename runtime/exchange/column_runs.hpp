#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// A matrix in memory, row after row.
template <class T>
struct RowsOf {
  std::span<T> values;
  std::int64_t columns = 0;
};

/// visit(a row of `a`, the same one of `b`, run) for each run of columns of each of the rows, from
/// the first row to the last. `a` has columns, and says how many rows there are.
template <class A, class B, class Run, class Visit>
void for_each_run(const RowsOf<A>& a, const RowsOf<B>& b, const std::vector<Run>& runs,
                  Visit visit) {
  A* const end = a.values.data() + a.values.size();
  B* row_of_b = b.values.data();
  for (A* row_of_a = a.values.data(); row_of_a != end; row_of_a += a.columns) {
    for (const Run& run : runs) visit(row_of_a, row_of_b, run);
    row_of_b += b.columns;
  }
}

/// Adds as many values, one by one.
inline void add_values(const float* from, float* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += from[i];
}

}  // namespace shardwright
