// What RowGroups begins with: a key for every id, in the order of samples.

#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shared_chunks.hpp"

namespace shardwright {
namespace {

float coefficient(const BagsView& bags, std::size_t position, std::int32_t length,
                  PoolingMode mode) {
  const float weight = bags.weights.empty() ? 1.0F : bags.weights[position];
  return mode == PoolingMode::mean ? weight / static_cast<float>(length) : weight;
}

std::uint32_t row_of_sample(const InputSource& source, std::int64_t sample) {
  return static_cast<std::uint32_t>(source.row_begin + sample * source.rows_per_sample);
}

std::size_t ids_in(const BagsView& bags, std::int64_t begin, std::int64_t end) {
  std::size_t ids = 0;
  for (std::int64_t n = begin; n < end; ++n) {
    ids += static_cast<std::size_t>(bags.lengths[static_cast<std::size_t>(n)]);
  }
  return ids;
}

}  // namespace

/// Consecutive samples of one source, in parts with about as many samples, that may be collected at
/// the same time: of each it is known how many ids come before it. Returns the number of all ids.
std::size_t RowGroups::cut_samples(const Collection& of, const InputSource& source,
                                   std::size_t first_key, Workers* workers) {
  const SharedChunks chunks(of.ids_of(source), workers);
  const auto begin_of = [&](std::size_t c) {
    const auto samples = static_cast<std::size_t>(source.samples);
    return static_cast<std::int64_t>(chunk_begin(samples, chunks.count(), c));
  };
  SampleRange range{.source = &source, .first_key = first_key};
  range.first_ids.resize(of.num_features);
  for (std::size_t c = 0; c < chunks.count(); ++c) {
    range.begin = begin_of(c);
    range.end = begin_of(c + 1);
    ranges_.push_back(range);
    if (chunks.count() == 1) break;
    for (std::size_t k = 0; k < of.num_features; ++k) {
      const std::size_t ids = ids_in(source.features[of.first_feature + k], range.begin, range.end);
      range.first_ids[k] += ids;
      range.first_key += ids;
    }
  }
  return first_key + of.ids_of(source);
}

void RowGroups::collect_keys(const Collection& of, std::span<const InputSource> sources,
                             std::size_t ids, Workers* workers) {
  keys_.resize(ids);
  collected_.resize(are_samples_ ? 0 : ids);
  std::size_t first_key = 0;
  for (const InputSource& source : sources) {
    first_key = cut_samples(of, source, first_key, workers);
  }
  if (workers == nullptr) {
    for (const SampleRange& range : ranges_) collect(of, range);
  } else {
    workers->run(ranges_.size(), [&](std::size_t i, std::size_t) { collect(of, ranges_[i]); });
  }
  ranges_.clear();
}

void RowGroups::collect(const Collection& of, const SampleRange& range) {
  if (!are_samples_) return collect_occurrences(of, range);
  const BagsView& bags = range.source->features[of.first_feature];
  if (rows_per_vector_ == 0) return collect_samples(range, bags);
  collect_vectors(range, range.source->first_vectors[of.first_feature], bags);
}

std::uint32_t RowGroups::row_of_vector(std::int64_t first_vector, std::size_t position) const {
  return static_cast<std::uint32_t>(first_vector +
                                    static_cast<std::int64_t>(position) * rows_per_vector_);
}

void RowGroups::collect_samples(const SampleRange& range, const BagsView& bags) {
  std::uint64_t* next = keys_.data() + range.first_key;
  const std::int64_t* id = bags.ids.data() + range.first_ids[0];
  for (std::int64_t n = range.begin; n < range.end; ++n) {
    const auto sample = static_cast<std::uint64_t>(row_of_sample(*range.source, n));
    const std::int32_t length = bags.lengths[static_cast<std::size_t>(n)];
    for (std::int32_t i = 0; i < length; ++i) {
      *next++ = static_cast<std::uint64_t>(*id++) << position_bits_ | sample;
    }
  }
}

void RowGroups::collect_vectors(const SampleRange& range, std::int64_t first_vector,
                                const BagsView& bags) {
  const std::size_t first = range.first_ids[0];
  const std::size_t end = first + ids_in(bags, range.begin, range.end);
  std::uint64_t* next = keys_.data() + range.first_key;
  for (std::size_t i = first; i < end; ++i) {
    const auto row = static_cast<std::uint64_t>(bags.ids[i]);
    *next++ = row << position_bits_ | row_of_vector(first_vector, i);
  }
}

void RowGroups::collect_occurrences(const Collection& of, const SampleRange& range) {
  const InputSource& source = *range.source;
  std::vector<std::size_t> next = range.first_ids;  // position in each feature's ids
  std::size_t key = range.first_key;
  for (std::int64_t sample = range.begin; sample < range.end; ++sample) {
    for (std::size_t k = 0; k < of.num_features; ++k) {
      const BagsView& bags = source.features[of.first_feature + k];
      const std::int32_t length = bags.lengths[static_cast<std::size_t>(sample)];
      for (std::int32_t i = 0; i < length; ++i, ++next[k], ++key) {
        const auto row = static_cast<std::uint64_t>(bags.ids[next[k]]);
        keys_[key] = row << position_bits_ | key;
        const float c = coefficient(bags, next[k], length, of.mode);
        collected_[key] =
            rows_per_vector_ == 0
                ? Occurrence{row_of_sample(source, sample), static_cast<std::uint32_t>(k), c}
                : Occurrence{row_of_vector(source.first_vectors[of.first_feature + k], next[k]), 0,
                             c};
      }
    }
  }
}

}  // namespace shardwright
