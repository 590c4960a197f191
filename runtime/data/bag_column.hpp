#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/data/mapped_file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// The ids of one feature of a data set folder, mapped: offsets, ids and, if weighted, weights.
class BagColumn {
 public:
  /// Maps the files of feature `index`. Throws InputError if a size or an end of the offsets is
  /// wrong.
  BagColumn(const std::string& folder, std::size_t index, std::int64_t samples, bool weighted);

  /// Appends the bags of samples [begin, end), which must lie in the data set. Throws InputError if
  /// their offsets go backwards or leave the ids, or a weight is not finite; other samples are not
  /// looked at.
  void append(std::int64_t begin, std::int64_t end, Bags& bags) const;
  /// The same of any samples, in their order. Each lies elsewhere, so memory is asked for ahead.
  void append(std::span<const std::int64_t> samples, Bags& bags) const;

 private:
  void append_lengths(std::int64_t begin, std::int64_t end,
                      std::vector<std::int32_t>& lengths) const;
  /// After append_lengths() of the same samples, at least one.
  void append_ids(std::int64_t begin, std::int64_t end, Bags& bags) const;
  /// `weights`: those of samples [begin, end), the first of them at position `first`.
  void require_finite_weights(std::int64_t begin, std::int64_t end, std::uint64_t first,
                              std::span<const float> weights) const;

  MappedFile offsets_;
  MappedFile ids_;
  MappedFile weights_;
  bool weighted_;
};

}  // namespace shardwright
