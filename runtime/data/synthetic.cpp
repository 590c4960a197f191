#include "runtime/data/synthetic.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/ranking_auc.hpp"
#include "runtime/data/synthetic_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

constexpr std::int64_t kMostIdsPerBag = std::int64_t{1} << 24;

void check(const SyntheticOptions& options) {
  if (options.tables.empty()) throw InputError("There are no tables to draw ids for.");
  for (const Table& table : options.tables) {
    const double ids = table.pooling / static_cast<double>(table.features.size());
    if (ids > static_cast<double>(kMostIdsPerBag))
      throw InputError(fmt::format("Table {} asks for bags of {} ids, expected at most {}.",
                                   table.name, ids, kMostIdsPerBag));
  }
}

// Every sample has a generator of its own.
SplitMix64 generator(std::uint64_t seed, Part part, std::int64_t sample) {
  const std::uint64_t of_part = SplitMix64::mix(seed * 2 + static_cast<std::uint64_t>(part));
  return SplitMix64(SplitMix64::mix(of_part + static_cast<std::uint64_t>(sample)));
}

std::vector<std::string> dense_names(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t d = 0; d < count; ++d) names.push_back(fmt::format("dense_{}", d));
  return names;
}

std::string describe(const SyntheticOptions& options) {
  return fmt::format(
      "Synthetic ids by the Zipf law with skew {}, labels by a logistic model of every dense "
      "feature "
      "and row, {} of them decided by a fair coin (seed {}). auc_ceiling is the AUC of the true "
      "probabilities on the test part.",
      options.zipf, options.label_noise, options.output.seed);
}

}  // namespace

void divide_rows(std::vector<Table>& tables, std::int64_t divisor) {
  for (Table& table : tables)
    table.rows = std::max(table.rows / divisor, std::min<std::int64_t>(table.rows, 4));
}

DataSummary make_synthetic(const SyntheticOptions& options) {
  check(options);
  const SyntheticModel model(options.tables, options.num_dense, options.zipf, options.label_noise,
                             options.output.seed);
  DataFolderWriter writer(options.output, dense_names(options.num_dense), options.tables);
  Sample sample;
  for (std::int64_t n = 0; n < options.samples; ++n) {
    model.draw(generator(options.output.seed, Part::train, n), sample);
    writer.add(Part::train, sample);
  }
  std::vector<RankedSample> ranked;
  for (std::int64_t n = 0; n < options.test_samples; ++n) {
    const double logit = model.draw(generator(options.output.seed, Part::test, n), sample);
    writer.add(Part::test, sample);
    ranked.push_back({logit, sample.label > 0.5F});
  }
  return writer.finish({describe(options)}, ranking_auc(std::move(ranked)));
}

}  // namespace shardwright
