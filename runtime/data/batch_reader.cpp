#include "costmodel/errors.hpp"
#include "runtime/data/dataset.hpp"
#include "runtime/data/shuffled_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// What stands at the places [begin, end) of the order.
void read_shuffled(const Dataset& dataset, const ShuffledOrder& order, std::int64_t begin,
                   std::int64_t end, Batch& batch) {
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(end - begin));
  for (std::int64_t place = begin; place < end; ++place) samples.push_back(order.sample(place));
  dataset.read(samples, batch);
  batch.first_sample = begin;
}

}  // namespace

BatchReader::BatchReader(const Dataset& dataset, std::int64_t batch_size, std::int64_t rank,
                         BatchShares shares, std::optional<std::uint64_t> shuffle_seed)
    : dataset_(&dataset),
      batch_size_(batch_size),
      rank_(rank),
      shares_(std::move(shares)),
      shuffle_seed_(shuffle_seed) {
  if (batch_size < 1)
    throw UsageError(fmt::format("The batch size is {}, expected 1 or more.", batch_size));
  if (rank < 0 || rank >= shares_.num_ranks())
    throw std::invalid_argument(fmt::format("rank {} of {} ranks", rank, shares_.num_ranks()));
}

std::int64_t BatchReader::num_batches() const {
  return dataset_->size() / batch_size_ + (dataset_->size() % batch_size_ == 0 ? 0 : 1);
}

void BatchReader::read(std::int64_t epoch, std::int64_t step, Batch& batch) const {
  if (step < 0) throw std::out_of_range(fmt::format("step {}", step));
  const std::int64_t total = dataset_->size();
  const std::int64_t first = step < num_batches() ? step * batch_size_ : total;
  const std::int64_t size = std::min(batch_size_, total - first);
  const std::int64_t begin = first + shares_.begin(size, rank_);
  const std::int64_t end = first + shares_.begin(size, rank_ + 1);
  if (shuffle_seed_) {
    read_shuffled(*dataset_, ShuffledOrder(total, *shuffle_seed_, epoch), begin, end, batch);
  } else {
    dataset_->read(begin, end, batch);
  }
  batch.global_size = size;
}

}  // namespace shardwright
