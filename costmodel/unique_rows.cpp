#include "costmodel/unique_rows.hpp"

#include "costmodel/reuse.hpp"

#include <algorithm>

namespace shardwright {
namespace {

double lookups_of(const Table& table, std::int64_t batch_size) {
  return table.pooling * static_cast<double>(batch_size);
}

// How many times more distinct rows the batch has than the one that the reuse was measured at. What
// a smaller batch still touches follows from the counts; what a larger one adds is taken from the
// Zipf law.
double growth(const Table& table, std::int64_t batch_size) {
  const std::int64_t measured = table.reuse_batch_size.value_or(batch_size);
  if (batch_size < measured) {
    return thinned_rows(*table.reuse,
                        static_cast<double>(batch_size) / static_cast<double>(measured));
  }
  return zipf_unique_rows(table.rows, lookups_of(table, batch_size)) /
         zipf_unique_rows(table.rows, lookups_of(table, measured));
}

}  // namespace

double expected_unique_rows(const Table& table, std::int64_t batch_size) {
  const double lookups = lookups_of(table, batch_size);
  constexpr double kNeverTwice = 1e-9;
  if (lookups < kNeverTwice) return lookups;
  const double reuse = table.reuse ? mean_reuse(*table.reuse) : 0;
  if (reuse <= 0) return zipf_unique_rows(table.rows, lookups);
  const double measured = lookups_of(table, table.reuse_batch_size.value_or(batch_size)) / reuse;
  const double rows = static_cast<double>(table.rows);
  return std::min({std::min(measured, rows) * growth(table, batch_size), lookups, rows});
}

}  // namespace shardwright
