#include "runtime/embedding/row_groups.hpp"

#include <array>
#include <bit>
#include <utility>

namespace shardwright {
namespace {

constexpr int kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

std::size_t digit(const Occurrence& occurrence, int shift) {
  return (static_cast<std::size_t>(occurrence.row) >> shift) % kDigits;
}

/// One pass of a radix sort: stable by one digit of the row.
void sort_by_digit(std::span<const Occurrence> from, std::span<Occurrence> to, int shift) {
  std::array<std::size_t, kDigits> next = {};
  for (const Occurrence& occurrence : from) ++next[digit(occurrence, shift)];
  for (std::size_t begin = 0; std::size_t & count : next) {
    begin += std::exchange(count, begin);
  }
  for (const Occurrence& occurrence : from) to[next[digit(occurrence, shift)]++] = occurrence;
}

float coefficient(const BagsView& bags, std::size_t position, std::int32_t length,
                  PoolingMode mode) {
  const float weight = bags.weights.empty() ? 1.0F : bags.weights[position];
  return mode == PoolingMode::mean ? weight / static_cast<float>(length) : weight;
}

}  // namespace

void RowGroups::build(std::span<const InputSource> sources, std::size_t first_feature,
                      std::size_t num_features, PoolingMode mode, std::int64_t rows) {
  occurrences_.clear();
  for (const InputSource& source : sources) collect(source, first_feature, num_features, mode);
  sort_by_row(rows);
  find_groups();
}

void RowGroups::collect(const InputSource& source, std::size_t first_feature,
                        std::size_t num_features, PoolingMode mode) {
  std::vector<std::size_t> next(num_features);  // position in each feature's ids
  for (std::int64_t sample = 0; sample < source.samples; ++sample) {
    for (std::size_t k = 0; k < num_features; ++k) {
      const BagsView& bags = source.features[first_feature + k];
      const std::int32_t length = bags.lengths[static_cast<std::size_t>(sample)];
      for (std::int32_t i = 0; i < length; ++i, ++next[k]) {
        occurrences_.push_back({bags.ids[next[k]], source.row_begin + sample,
                                static_cast<std::int32_t>(k),
                                coefficient(bags, next[k], length, mode)});
      }
    }
  }
}

void RowGroups::sort_by_row(std::int64_t rows) {
  scratch_.resize(occurrences_.size());
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rows - 1)));
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    sort_by_digit(occurrences_, scratch_, shift);
    occurrences_.swap(scratch_);
  }
}

void RowGroups::find_groups() {
  begins_.clear();
  for (std::size_t i = 0; i < occurrences_.size(); ++i) {
    if (i == 0 || occurrences_[i].row != occurrences_[i - 1].row) begins_.push_back(i);
  }
  begins_.push_back(occurrences_.size());
}

}  // namespace shardwright
