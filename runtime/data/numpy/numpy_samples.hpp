#pragma once

#include "runtime/data/dataset_writer.hpp"
#include "runtime/data/numpy/npy_array.hpp"
#include "runtime/data/numpy/numpy_bags.hpp"
#include "runtime/data/numpy/numpy_files.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// The samples of one run, one by one. Memory: a buffer for each array.
class NumpySamples {
 public:
  /// Throws InputError if the arrays are malformed or of different numbers of samples.
  explicit NumpySamples(const NumpyFiles& files);

  std::int64_t size() const { return labels_.rows(); }
  std::int64_t num_dense() const { return dense_ ? dense_->columns() : 0; }
  const std::vector<std::string>& feature_names() const { return bags_.names(); }

  /// The next sample, of size(). Throws InputError with file, place, value and what was expected.
  void next(const NumpyIdRules& rules, Sample& sample);

  /// File and hash of all that was read; complete after the last sample.
  std::map<std::string, std::string> hashes() const;

 private:
  NumpyFiles files_;
  NpyArray labels_;
  std::optional<NpyArray> dense_;
  NumpyBags bags_;
  std::vector<float> label_;
};

}  // namespace shardwright
