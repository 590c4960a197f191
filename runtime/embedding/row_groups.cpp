#include "runtime/embedding/row_groups.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/radix_sort.hpp"
#include "runtime/embedding/shared_chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace shardwright {
namespace {

int bits_below(std::uint64_t end) {
  return end < 2 ? 0 : static_cast<int>(std::bit_width(end - 1));
}

void check_rows(std::span<const InputSource> sources) {
  for (const InputSource& source : sources) {
    if (source.row_end() > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError("A batch has more than 4294967295 samples, or vectors of ids.");
    }
  }
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

}  // namespace

std::size_t RowGroups::Collection::ids_of(const InputSource& source) const {
  std::size_t ids = 0;
  for (std::size_t k = 0; k < num_features; ++k) {
    ids += source.features[first_feature + k].ids.size();
  }
  return ids;
}

void RowGroups::build(std::span<const InputSource> sources, std::size_t first_feature,
                      std::size_t num_features, PoolingMode mode, std::int64_t rows,
                      std::int64_t rows_per_vector, Workers* workers) {
  check_rows(sources);
  const Collection of{first_feature, num_features, mode};
  std::size_t ids = 0;
  for (const InputSource& source : sources) ids += of.ids_of(source);
  are_samples_ = num_features == 1 && has_ones_alone(sources, first_feature, mode);
  rows_per_vector_ = rows_per_vector;
  position_bits_ = bits_below(are_samples_ ? count_matrix_rows(sources) : ids);
  const int row_bits = bits_below(static_cast<std::uint64_t>(rows));
  if (position_bits_ + row_bits > 64) {
    throw InputError(fmt::format("{} ids of {} rows in a batch are too many to sort.", ids, rows));
  }
  collect_keys(of, sources, ids, workers);
  radix_sort(keys_, scratch_, position_bits_, row_bits, workers);
  find_groups(workers);
  place_occurrences(workers);
}

/// That begin at keys [begin, end).
std::size_t RowGroups::count_groups(std::size_t begin, std::size_t end) const {
  std::size_t groups = begin == 0 && end > 0 ? 1 : 0;
  for (std::size_t i = std::max(begin, std::size_t{1}); i < end; ++i) {
    groups += (keys_[i] ^ keys_[i - 1]) >> position_bits_ == 0 ? 0U : 1U;
  }
  return groups;
}

void RowGroups::find_groups(Workers* workers) {
  const SharedChunks chunks(keys_.size(), workers);
  std::vector<std::size_t> first_groups(chunks.count() + 1);
  chunks.run(
      [&](std::size_t c) { first_groups[c + 1] = count_groups(chunks.begin(c), chunks.end(c)); });
  for (std::size_t c = 0; c < chunks.count(); ++c) first_groups[c + 1] += first_groups[c];
  rows_.resize(first_groups.back());
  begins_.resize(first_groups.back() + 1);
  chunks.run([&](std::size_t c) { write_groups(chunks.begin(c), chunks.end(c), first_groups[c]); });
}

/// Of the groups that begin at keys [begin, end), `first_group` being the number of those before.
/// Every key writes the row and the end of its group, the last one what stays: whether a row is a
/// new one is a coin's toss, which processors guess wrongly.
void RowGroups::write_groups(std::size_t begin, std::size_t end, std::size_t first_group) {
  while (begin < end && !begins_group(begin)) ++begin;
  if (begin == end) return;
  while (end < keys_.size() && !begins_group(end)) ++end;
  std::size_t group = first_group;
  for (std::size_t i = begin; i < end; ++i) {
    const bool is_new = i > begin && (keys_[i] ^ keys_[i - 1]) >> position_bits_ != 0;
    group += is_new ? 1U : 0U;
    rows_[group] = static_cast<std::int64_t>(keys_[i] >> position_bits_);
    begins_[group + 1] = i + 1;
  }
}

void RowGroups::place_occurrences(Workers* workers) {
  const SharedChunks chunks(keys_.size(), workers);
  occurrences_.resize(keys_.size());
  chunks.run([&](std::size_t c) { place_occurrences(chunks.begin(c), chunks.end(c)); });
}

/// Of keys [begin, end).
void RowGroups::place_occurrences(std::size_t begin, std::size_t end) {
  const std::uint64_t mask = (std::uint64_t{1} << position_bits_) - 1;
  const std::span keys = std::span(keys_).subspan(begin, end - begin);
  Occurrence* const first = occurrences_.data() + begin;
  if (are_samples_) {
    std::transform(keys.begin(), keys.end(), first, [&](std::uint64_t key) {
      return Occurrence{static_cast<std::uint32_t>(key & mask), 0, 1.0F};
    });
  } else {
    std::transform(keys.begin(), keys.end(), first,
                   [&](std::uint64_t key) { return collected_[key & mask]; });
  }
}

}  // namespace shardwright
