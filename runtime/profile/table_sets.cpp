#include "runtime/profile/table_sets.hpp"

#include "runtime/data/splitmix.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

constexpr double kLeastRows = 10;  // of tables that are not real ones
constexpr double kMostRows = 1e8;
constexpr double kLeastBatch = 256;
constexpr double kMostBatch = 131072;
constexpr double kMostPooling = 6000;
constexpr double kLeastMemory = 9e6;
constexpr std::int64_t kMostDim = 2048;

double log_uniform(SplitMix64& random, double least, double most) {
  return std::exp(random.uniform(std::log(least), std::log(most)));
}

// A rough guess of a pass; only to keep sets within bounds.
double guess_ms(const TableSet::Variant& variant, double speed) {
  constexpr double kPerIdNs = 25;
  constexpr double kPerValueNs = 0.6;
  constexpr double kPerOutputNs = 0.7;
  double ns = 0;
  for (const MeasuredTable& table : variant.tables) {
    const auto dim = static_cast<double>(table.dim);
    ns += static_cast<double>(variant.batch_size) *
          (table.pooling * (kPerIdNs + kPerValueNs * dim) + kPerOutputNs * dim);
  }
  return 1e-6 * ns / speed;
}

MeasuredTable draw_table(const TableSetRanges& ranges, SplitMix64& random) {
  MeasuredTable table;
  if (!ranges.pool.empty() && random.uniform() < 0.5) {
    const PoolTable& real = ranges.pool[random.below(ranges.pool.size())];
    table = {real.rows, std::min(real.dim, kMostDim) / 4 * 4, real.pooling};
  } else {
    table.rows = std::llround(log_uniform(random, kLeastRows, kMostRows));
    table.dim = 4 * std::llround(log_uniform(random, 1, kMostDim / 4.0));
    table.pooling = log_uniform(random, 0.2, 100);
  }
  table.dim = std::max<std::int64_t>(table.dim, 4);
  return table;
}

OptimizerKind draw_optimizer(SplitMix64& random) {
  const double u = random.uniform();
  if (u < 0.5) return OptimizerKind::rowwise_adagrad;
  return u < 0.75 ? OptimizerKind::adagrad : OptimizerKind::sgd;
}

// In half of the sets, as in most models: one width for all tables, of which plans keep some whole
// and cut some to halves and quarters; in half of those others have the rest.
void share_width(const TableSetRanges& ranges, SplitMix64& random,
                 std::vector<MeasuredTable>& tables) {
  constexpr std::int64_t kStep = 16;
  constexpr double kMost = 512.0 / kStep;
  if (random.uniform() < 0.5) return;
  const std::int64_t dim = kStep * std::llround(log_uniform(random, 1, kMost));
  const bool cuts = random.uniform() < 0.5 && ranges.cuts;
  for (MeasuredTable& table : tables) {
    const double u = random.uniform();
    const std::int64_t pieces = u < 0.5 ? 1 : u < 0.8 ? 2 : 4;
    table.dim = dim / pieces;
    table.table_dim = cuts && pieces > 1 ? dim : 0;
  }
}

// The largest exponent up to `most` that is not too much, 0 if all are.
template <class TooMuch>
double largest_exponent(double most, TooMuch too_much) {
  constexpr int kHalvings = 40;
  if (!too_much(most)) return most;
  double low = 0;
  double high = most;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (too_much(middle) ? high : low) = middle;
  }
  return low;
}

// In logarithms, so that small tables stay apart in place of piling up at a bound.
std::int64_t scaled_rows(const MeasuredTable& table, double exponent) {
  const double rows = std::pow(static_cast<double>(table.rows), exponent);
  return std::llround(std::min(rows, kMostRows));
}

double memory_bytes(OptimizerKind optimizer, const std::vector<MeasuredTable>& tables,
                    double exponent) {
  double bytes = 0;
  for (const MeasuredTable& table : tables) {
    const std::int64_t rows = scaled_rows(table, exponent);
    bytes += 4.0 * static_cast<double>(rows) * static_cast<double>(table.dim) +
             static_cast<double>(optimizer_bytes(optimizer, rows, table.dim).value());
  }
  return bytes;
}

// Scales all rows so that the set takes about a random share of the memory.
void fit_memory(const TableSetRanges& ranges, OptimizerKind optimizer, SplitMix64& random,
                std::vector<MeasuredTable>& tables) {
  constexpr double kMostExponent = 2;
  const double target = log_uniform(random, std::min(kLeastMemory, ranges.most_memory_bytes),
                                    ranges.most_memory_bytes);
  const double exponent = largest_exponent(
      kMostExponent, [&](double tried) { return memory_bytes(optimizer, tables, tried) > target; });
  for (MeasuredTable& table : tables) table.rows = scaled_rows(table, exponent);
}

double draw_skew(SplitMix64& random) {
  constexpr double kUsual = 1.05;
  return random.uniform() < 0.4 ? kUsual : std::round(100 * random.uniform(0, 1.3)) / 100;
}

double rounded(double pooling) { return std::round(1000 * std::min(pooling, kMostPooling)) / 1000; }

// Nearer to the least batch and to poolings of 1, alike in logarithms; poolings below 1 stay.
TableSet::Variant scaled(TableSet::Variant variant, double exponent) {
  const double times = static_cast<double>(variant.batch_size) / kLeastBatch;
  variant.batch_size = std::llround(kLeastBatch * std::pow(times, exponent));
  for (MeasuredTable& table : variant.tables) {
    if (table.pooling > 1) table.pooling = rounded(std::pow(table.pooling, exponent));
  }
  return variant;
}

// Every table's pooling anew around its own, then batch and poolings scaled down to a random
// duration, as far as their bounds allow.
TableSet::Variant draw_variant(const TableSetRanges& ranges, SplitMix64& random,
                               const std::vector<MeasuredTable>& tables) {
  TableSet::Variant variant;
  variant.tables = tables;
  const bool alike = random.uniform() < 0.5;
  const double skew = draw_skew(random);
  for (MeasuredTable& table : variant.tables) {
    const bool unused = random.uniform() < 0.02;
    table.pooling = unused ? 0 : rounded(table.pooling * log_uniform(random, 0.5, 2));
    table.skew = alike ? skew : draw_skew(random);
  }
  variant.batch_size = std::llround(log_uniform(random, kLeastBatch, kMostBatch));
  const double target =
      log_uniform(random, std::min(ranges.least_pass_ms, ranges.most_pass_ms), ranges.most_pass_ms);
  const double exponent = largest_exponent(
      1, [&](double tried) { return guess_ms(scaled(variant, tried), ranges.speed) > target; });
  return scaled(std::move(variant), exponent);
}

}  // namespace

TableSet draw_table_set(const TableSetRanges& ranges, std::uint64_t seed, std::int64_t set,
                        std::int64_t variants) {
  SplitMix64 random(SplitMix64::mix(seed + SplitMix64::mix(static_cast<std::uint64_t>(set))));
  const auto span = static_cast<std::uint64_t>(ranges.most_tables - ranges.least_tables + 1);
  const auto count = static_cast<std::size_t>(ranges.least_tables) + random.below(span);
  TableSet result;
  result.optimizer = draw_optimizer(random);
  if (!ranges.dtypes.empty()) result.dtype = ranges.dtypes[random.below(ranges.dtypes.size())];
  std::vector<MeasuredTable> tables;
  for (std::size_t i = 0; i < count; ++i) tables.push_back(draw_table(ranges, random));
  share_width(ranges, random, tables);
  fit_memory(ranges, result.optimizer, random, tables);
  for (std::int64_t i = 0; i < variants; ++i)
    result.variants.push_back(draw_variant(ranges, random, tables));
  return result;
}

}  // namespace shardwright
