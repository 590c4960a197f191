#include "runtime/data/read_throughput.hpp"

#include "costmodel/errors.hpp"

#include <chrono>

namespace shardwright {
namespace {

template <class T>
std::int64_t bytes_of(const std::vector<T>& values) {
  return std::ssize(values) * static_cast<std::int64_t>(sizeof(T));
}

void add(const Batch& batch, ReadThroughput& sum) {
  constexpr std::int64_t kOffsetBytes = 8;
  sum.batches += 1;
  sum.samples += batch.size;
  sum.bytes += bytes_of(batch.labels) + bytes_of(batch.dense);
  for (const Bags& bags : batch.features) {
    sum.ids += std::ssize(bags.ids);
    sum.bytes += bytes_of(bags.ids) + bytes_of(bags.weights) + batch.size * kOffsetBytes;
  }
}

}  // namespace

ReadThroughput measure_reading(const Dataset& dataset, const ReadThroughputOptions& options) {
  if (dataset.size() == 0) throw InputError("The data set has no samples to be read.");
  const BatchReader reader(dataset, options.batch_size, 0, 1, options.shuffle_seed);
  const std::int64_t epoch = reader.num_batches();
  const std::int64_t batches = options.batches > 0 ? options.batches : epoch;
  ReadAhead ahead(
      [&](std::int64_t step, Batch& batch) { reader.read(step / epoch, step % epoch, batch); },
      batches, options.ahead);
  ReadThroughput sum;
  Batch batch;
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t step = 0; step < batches; ++step) {
    ahead.read(step, batch);
    add(batch, sum);
  }
  sum.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return sum;
}

}  // namespace shardwright
