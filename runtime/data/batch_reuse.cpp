#include "runtime/data/batch_reuse.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int64_t kMostBatches = 10;

struct MeanHistogram {
  ReuseHistogram sum{};
  double batches = 0;

  void add(std::span<const std::int64_t> ids) {
    if (ids.empty()) return;
    const ReuseHistogram histogram = measure_reuse(ids);
    for (std::size_t bin = 0; bin < sum.size(); ++bin) sum[bin] += histogram[bin];
    batches += 1;
  }
  ReuseHistogram mean() const {
    ReuseHistogram mean = sum;
    for (double& share : mean) share /= batches;
    return mean;
  }
};

// All ids of a batch that go to one table.
std::vector<std::int64_t> table_ids(const Dataset& dataset, const Batch& batch,
                                    const std::string& table) {
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < batch.features.size(); ++i)
    if (dataset.features()[i].table == table)
      ids.insert(ids.end(), batch.features[i].ids.begin(), batch.features[i].ids.end());
  return ids;
}

}  // namespace

void measure_batch_reuse(const Dataset& dataset, std::int64_t batch_size,
                         std::vector<Table>& tables) {
  const std::int64_t size = std::min(batch_size, dataset.size());
  if (size == 0) return;
  const std::int64_t whole_batches = dataset.size() / size;
  const std::int64_t count = std::min(kMostBatches, whole_batches);
  std::vector<MeanHistogram> histograms(tables.size());
  Batch batch;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = whole_batches * i / count * size;
    dataset.read(first, first + size, batch);
    for (std::size_t t = 0; t < tables.size(); ++t)
      histograms[t].add(table_ids(dataset, batch, tables[t].name));
  }
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (histograms[t].batches == 0) continue;
    tables[t].reuse = histograms[t].mean();
    tables[t].reuse_batch_size = size;
  }
}

}  // namespace shardwright
