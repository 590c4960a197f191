// Threads that share the sort of a batch's ids make the same groups as one.

#include "runtime/embedding/row_groups.hpp"

#include "runtime/data/batch.hpp"
#include "runtime/embedding/workers.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <tuple>
#include <vector>

namespace shardwright {
namespace {

constexpr std::int64_t kRows = 100'003;

std::vector<BagsView> views_of(const std::vector<Bags>& bags) {
  std::vector<BagsView> views;
  views.reserve(bags.size());
  for (const Bags& b : bags) views.push_back({b.lengths, b.ids, b.weights});
  return views;
}

/// So many samples of two features, most of whose ids are few rows' and a third one row's.
std::vector<Bags> skewed_bags(std::int64_t samples, bool weighted) {
  std::vector<Bags> features(2);
  for (std::size_t k = 0; k < features.size(); ++k) {
    Bags& bags = features[k];
    for (std::int64_t n = 0; n < samples; ++n) {
      bags.lengths.push_back(static_cast<std::int32_t>((n + 1) % 4));
      for (std::int64_t i = 0; i < bags.lengths.back(); ++i) {
        bags.ids.push_back(n % 3 == 0 ? 17 : n * n * 31 % (n % 2 == 0 ? 50 : kRows));
        if (weighted) bags.weights.push_back(0.1F * static_cast<float>(n % 7));
      }
    }
    if (k == 1) continue;
    bags.lengths.back() += 30'000;  // in one bag
    bags.ids.insert(bags.ids.end(), 30'000, 4);
    if (weighted) bags.weights.insert(bags.weights.end(), 30'000, 1.0F);
  }
  return features;
}

/// Two ranks' ids.
struct Input {
  explicit Input(bool weighted)
      : first(skewed_bags(40'000, weighted)), second(skewed_bags(9'001, weighted)) {
    sources.push_back({.row_begin = 0, .samples = 40'000, .features = views_of(first)});
    sources.push_back({.row_begin = 900'000, .samples = 9'001, .features = views_of(second)});
    for (InputSource& source : sources) source.first_vectors = {7, 200'000};
  }
  std::vector<Bags> first;
  std::vector<Bags> second;
  std::vector<InputSource> sources;
};

struct Kind {
  std::size_t num_features = 1;
  PoolingMode mode = PoolingMode::sum;
  bool weighted = false;
  std::int64_t rows_per_vector = 0;
};

using Told = std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t, float>>;

/// In all their order; `batches` of them, of which the last is told.
Told groups_of(const Kind& kind, Workers* workers) {
  const Input input(kind.weighted);
  RowGroups groups;
  for (int batch = 0; batch < 2; ++batch) {
    groups.build(input.sources, 0, kind.num_features, kind.mode, kRows, kind.rows_per_vector,
                 workers);
  }
  Told told;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const Occurrence& o : groups[g]) {
      told.emplace_back(groups.row(g), o.sample, o.feature, o.coefficient);
    }
  }
  return told;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {},
      {.num_features = 2},
      {.num_features = 2, .mode = PoolingMode::mean, .weighted = true},
      {.mode = PoolingMode::none, .rows_per_vector = 3},
      {.num_features = 2, .mode = PoolingMode::none, .weighted = true, .rows_per_vector = 2}};
  return all;
}

TEST(RowGroups, AreTheSameForAnyNumberOfThreads) {
  for (const Kind& kind : kinds()) {
    const Told expected = groups_of(kind, nullptr);
    EXPECT_GT(expected.size(), 100'000U);
    for (const std::int64_t threads : {1, 2, 5}) {
      Workers workers(threads);
      EXPECT_TRUE(groups_of(kind, &workers) == expected) << threads << " threads";
    }
  }
}

/// The calling thread stands by: what it does not wait for, it has done itself.
TEST(RowGroups, OfManyIdsAreMadeByAllThreads) {
  int waits = 0;
  Workers workers(2, Workers::Caller::stands_by);
  workers.set_between_tasks([&] { ++waits; });
  const Told with_others = groups_of({}, &workers);
  constexpr int kCollectCountPlaceTwiceFindWriteTell = 8;
  EXPECT_GE(waits, 2 * kCollectCountPlaceTwiceFindWriteTell) << "two batches";
}

}  // namespace
}  // namespace shardwright
