#include "runtime/embedding/row_groups.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

namespace shardwright {
namespace {

constexpr int kMostDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kMostDigitBits;

int bits_below(std::uint64_t end) {
  return end < 2 ? 0 : static_cast<int>(std::bit_width(end - 1));
}

/// Bits of a key that one pass sorts by.
struct Digit {
  int shift = 0;
  std::uint64_t mask = 0;
  std::size_t of(std::uint64_t key) const { return (key >> shift) & mask; }
};

/// For each value of a digit how many keys have it, later where the next of them goes.
using DigitCounts = std::array<std::size_t, kDigits>;

/// One pass of a radix sort: stable by one digit.
void sort_by_digit(std::span<const std::uint64_t> from, std::span<std::uint64_t> to, Digit digit,
                   DigitCounts& counts) {
  for (std::size_t begin = 0; std::size_t & count : counts) {
    begin += std::exchange(count, begin);
  }
  for (const std::uint64_t key : from) to[counts[digit.of(key)]++] = key;
}

/// So many digits, as equal as can be, that together have the `bits` from `shift` on.
std::vector<Digit> digits_of(int shift, int bits) {
  const int count = (bits + kMostDigitBits - 1) / kMostDigitBits;
  std::vector<Digit> digits;
  for (int i = 0; i < count; ++i) {
    const int begin = bits * i / count;
    const int end = bits * (i + 1) / count;
    digits.push_back({shift + begin, (1U << (end - begin)) - 1});
  }
  return digits;
}

/// Of every digit, in one go through the keys.
std::vector<DigitCounts> count_digits(std::span<const std::uint64_t> keys,
                                      std::span<const Digit> digits) {
  std::vector<DigitCounts> counts(digits.size());
  for (const std::uint64_t key : keys) {
    for (std::size_t d = 0; d < digits.size(); ++d) ++counts[d][digits[d].of(key)];
  }
  return counts;
}

std::size_t count_ids(std::span<const InputSource> sources, std::size_t first_feature,
                      std::size_t num_features) {
  std::size_t ids = 0;
  for (const InputSource& source : sources) {
    if (source.row_end() > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError("A batch has more than 4294967295 samples, or vectors of ids.");
    }
    for (std::size_t k = 0; k < num_features; ++k) {
      ids += source.features[first_feature + k].ids.size();
    }
  }
  return ids;
}

std::uint64_t count_matrix_rows(std::span<const InputSource> sources) {
  std::int64_t end = 0;
  for (const InputSource& source : sources) end = std::max(end, source.row_end());
  return static_cast<std::uint64_t>(end);
}

/// Whether every coefficient is 1.
bool has_ones_alone(std::span<const InputSource> sources, std::size_t feature, PoolingMode mode) {
  return mode != PoolingMode::mean &&
         std::all_of(sources.begin(), sources.end(), [&](const InputSource& source) {
           return source.features[feature].weights.empty();
         });
}

float coefficient(const BagsView& bags, std::size_t position, std::int32_t length,
                  PoolingMode mode) {
  const float weight = bags.weights.empty() ? 1.0F : bags.weights[position];
  return mode == PoolingMode::mean ? weight / static_cast<float>(length) : weight;
}

std::uint32_t row_of_sample(const InputSource& source, std::int64_t sample) {
  return static_cast<std::uint32_t>(source.row_begin + sample * source.rows_per_sample);
}

}  // namespace

void RowGroups::build(std::span<const InputSource> sources, std::size_t first_feature,
                      std::size_t num_features, PoolingMode mode, std::int64_t rows,
                      std::int64_t rows_per_vector) {
  const std::size_t ids = count_ids(sources, first_feature, num_features);
  are_samples_ = num_features == 1 && has_ones_alone(sources, first_feature, mode);
  rows_per_vector_ = rows_per_vector;
  position_bits_ = bits_below(are_samples_ ? count_matrix_rows(sources) : ids);
  if (position_bits_ + bits_below(static_cast<std::uint64_t>(rows)) > 64) {
    throw InputError(fmt::format("{} ids of {} rows in a batch are too many to sort.", ids, rows));
  }
  keys_.clear();
  keys_.reserve(ids);
  collected_.clear();
  if (!are_samples_) collected_.reserve(ids);
  for (const InputSource& source : sources) add(source, first_feature, num_features, mode);
  sort_by_row(rows);
  find_groups();
  place_occurrences();
}

void RowGroups::add(const InputSource& source, std::size_t first_feature, std::size_t num_features,
                    PoolingMode mode) {
  if (!are_samples_) return collect(source, first_feature, num_features, mode);
  const BagsView& bags = source.features[first_feature];
  if (rows_per_vector_ == 0) return collect_samples(source, bags);
  collect_vectors(source.first_vectors[first_feature], bags);
}

std::uint32_t RowGroups::row_of_vector(std::int64_t first_vector, std::size_t position) const {
  return static_cast<std::uint32_t>(first_vector +
                                    static_cast<std::int64_t>(position) * rows_per_vector_);
}

/// Where so many keys are to be written, behind the others.
std::uint64_t* RowGroups::add_keys(std::size_t count) {
  const std::size_t before = keys_.size();
  keys_.resize(before + count);
  return keys_.data() + before;
}

void RowGroups::collect_samples(const InputSource& source, const BagsView& bags) {
  std::uint64_t* next = add_keys(bags.ids.size());
  const std::int64_t* id = bags.ids.data();
  auto sample = static_cast<std::uint64_t>(source.row_begin);
  for (const std::int32_t length : bags.lengths) {
    for (std::int32_t i = 0; i < length; ++i) {
      *next++ = static_cast<std::uint64_t>(*id++) << position_bits_ | sample;
    }
    sample += static_cast<std::uint64_t>(source.rows_per_sample);
  }
}

void RowGroups::collect_vectors(std::int64_t first_vector, const BagsView& bags) {
  std::uint64_t* const keys = add_keys(bags.ids.size());
  for (std::size_t i = 0; i < bags.ids.size(); ++i) {
    keys[i] =
        static_cast<std::uint64_t>(bags.ids[i]) << position_bits_ | row_of_vector(first_vector, i);
  }
}

void RowGroups::collect(const InputSource& source, std::size_t first_feature,
                        std::size_t num_features, PoolingMode mode) {
  std::vector<std::size_t> next(num_features);  // position in each feature's ids
  for (std::int64_t sample = 0; sample < source.samples; ++sample) {
    for (std::size_t k = 0; k < num_features; ++k) {
      const BagsView& bags = source.features[first_feature + k];
      const std::int32_t length = bags.lengths[static_cast<std::size_t>(sample)];
      for (std::int32_t i = 0; i < length; ++i, ++next[k]) {
        const auto row = static_cast<std::uint64_t>(bags.ids[next[k]]);
        keys_.push_back(row << position_bits_ | collected_.size());
        const float c = coefficient(bags, next[k], length, mode);
        collected_.push_back(
            rows_per_vector_ == 0
                ? Occurrence{row_of_sample(source, sample), static_cast<std::uint32_t>(k), c}
                : Occurrence{row_of_vector(source.first_vectors[first_feature + k], next[k]), 0,
                             c});
      }
    }
  }
}

/// In as few passes as the digits allow.
void RowGroups::sort_by_row(std::int64_t rows) {
  scratch_.resize(keys_.size());
  const std::vector<Digit> digits =
      digits_of(position_bits_, bits_below(static_cast<std::uint64_t>(rows)));
  std::vector<DigitCounts> counts = count_digits(keys_, digits);
  for (std::size_t d = 0; d < digits.size(); ++d) {
    sort_by_digit(keys_, scratch_, digits[d], counts[d]);
    keys_.swap(scratch_);
  }
}

std::size_t RowGroups::count_groups() const {
  std::size_t groups = keys_.empty() ? 0 : 1;
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    groups += (keys_[i] ^ keys_[i - 1]) >> position_bits_ == 0 ? 0U : 1U;
  }
  return groups;
}

/// Every key writes the row and the end of its group, the last one what stays: whether a row is a
/// new one is a coin's toss, which processors guess wrongly.
void RowGroups::find_groups() {
  const std::size_t count = count_groups();
  rows_.resize(count);
  begins_.resize(count + 1);
  std::size_t group = 0;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool is_new = i > 0 && (keys_[i] ^ keys_[i - 1]) >> position_bits_ != 0;
    group += is_new ? 1U : 0U;
    rows_[group] = static_cast<std::int64_t>(keys_[i] >> position_bits_);
    begins_[group + 1] = i + 1;
  }
}

void RowGroups::place_occurrences() {
  const std::uint64_t mask = (std::uint64_t{1} << position_bits_) - 1;
  occurrences_.resize(keys_.size());
  if (are_samples_) {
    std::transform(keys_.begin(), keys_.end(), occurrences_.begin(), [&](std::uint64_t key) {
      return Occurrence{static_cast<std::uint32_t>(key & mask), 0, 1.0F};
    });
  } else {
    std::transform(keys_.begin(), keys_.end(), occurrences_.begin(),
                   [&](std::uint64_t key) { return collected_[key & mask]; });
  }
}

}  // namespace shardwright
