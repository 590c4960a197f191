#include "runtime/data/bag_column.hpp"

#include "runtime/data/column.hpp"
#include "runtime/data/data_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardwright {
namespace {

constexpr std::size_t kSamplesAhead = 16;

// The number of ids that the offsets promise: the last of them.
std::int64_t count_ids(const MappedFile& file) {
  const auto offsets = file.as<std::uint64_t>();
  if (offsets.front() != 0)
    fail_column(file.path(), fmt::format("the first offset is {}, expected 0", offsets.front()));
  if (offsets.back() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    fail_column(file.path(), fmt::format("the last offset is {}, more ids than any file can hold",
                                         offsets.back()));
  return static_cast<std::int64_t>(offsets.back());
}

}  // namespace

BagColumn::BagColumn(const std::string& folder, std::size_t index, std::int64_t samples,
                     bool weighted)
    : offsets_(open_column(folder, offsets_file(index), samples + 1, sizeof(std::uint64_t),
                           fmt::format("the {} offsets of {} samples", samples + 1, samples))),
      weighted_(weighted) {
  const std::int64_t ids = count_ids(offsets_);
  ids_ = open_column(folder, ids_file(index), ids, sizeof(std::int64_t),
                     fmt::format("the {} ids that its offsets name", ids));
  if (weighted_)
    weights_ = open_column(folder, weights_file(index), ids, sizeof(float),
                           fmt::format("the weights of {} ids", ids));
}

void BagColumn::append_lengths(std::int64_t begin, std::int64_t end,
                               std::vector<std::int32_t>& lengths) const {
  const auto offsets = offsets_.as<std::uint64_t>();
  for (std::int64_t sample = begin; sample < end; ++sample) {
    const auto index = static_cast<std::size_t>(sample);
    const std::uint64_t first = offsets[index];
    const std::uint64_t last = offsets[index + 1];
    if (first > last)
      fail_column(offsets_.path(), fmt::format("the offsets go backwards at sample {}: {}, then {}",
                                               sample, first, last));
    if (last > offsets.back() || last - first > std::numeric_limits<std::int32_t>::max())
      fail_column(offsets_.path(), fmt::format("sample {} has ids {} to {} of {}, no legal bag",
                                               sample, first, last, offsets.back()));
    lengths.push_back(static_cast<std::int32_t>(last - first));
  }
}

void BagColumn::append(std::int64_t begin, std::int64_t end, Bags& bags) const {
  append_lengths(begin, end, bags.lengths);
  if (begin < end) append_ids(begin, end, bags);
}

void BagColumn::append(std::span<const std::int64_t> samples, Bags& bags) const {
  const std::uint64_t* const offsets = offsets_.as<std::uint64_t>().data();
  const std::int64_t* const ids = ids_.as<std::int64_t>().data();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i + kSamplesAhead < samples.size()) {
      __builtin_prefetch(offsets + samples[i + kSamplesAhead]);
    }
    append_lengths(samples[i], samples[i] + 1, bags.lengths);
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i + kSamplesAhead < samples.size()) {
      __builtin_prefetch(ids + offsets[samples[i + kSamplesAhead]]);
    }
    append_ids(samples[i], samples[i] + 1, bags);
  }
}

void BagColumn::append_ids(std::int64_t begin, std::int64_t end, Bags& bags) const {
  const auto offsets = offsets_.as<std::uint64_t>();
  const std::uint64_t first = offsets[static_cast<std::size_t>(begin)];
  const std::uint64_t count = offsets[static_cast<std::size_t>(end)] - first;
  const auto ids = ids_.as<std::int64_t>().subspan(first, count);
  bags.ids.insert(bags.ids.end(), ids.begin(), ids.end());
  if (!weighted_) return;
  const auto weights = weights_.as<float>().subspan(first, count);
  bags.weights.insert(bags.weights.end(), weights.begin(), weights.end());
  require_finite_weights(begin, end, first, weights);
}

void BagColumn::require_finite_weights(std::int64_t begin, std::int64_t end, std::uint64_t first,
                                       std::span<const float> weights) const {
  const auto bad = std::find_if(weights.begin(), weights.end(),
                                [](float weight) { return !std::isfinite(weight); });
  if (bad == weights.end()) return;
  // The bag that holds it: the last that begins at it or before.
  const std::uint64_t position = first + static_cast<std::uint64_t>(bad - weights.begin());
  const auto bags = offsets_.as<std::uint64_t>().subspan(static_cast<std::size_t>(begin),
                                                         static_cast<std::size_t>(end - begin) + 1);
  const auto after = std::upper_bound(bags.begin(), bags.end(), position);
  const std::int64_t sample = begin + (after - bags.begin()) - 1;
  fail_column(weights_.path(),
              fmt::format("weight {} of sample {} is {}, expected a finite number",
                          position - offsets_.as<std::uint64_t>()[static_cast<std::size_t>(sample)],
                          sample, *bad));
}

}  // namespace shardwright
