#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// The files of one run of samples: `day_0_labels.npy`, `day_0_dense.npy`, `day_0_sparse.npy`.
struct NumpyFiles {
  std::string labels;
  std::string dense;  ///< empty: no dense features
  std::string ids;    ///< …sparse.npy, or …sparse_multi_hot.npz
};

/// The runs of samples of each `place`: a folder with *labels.npy (day_2 comes before day_10), or
/// the beginning of the names of one run ("criteo/day_0"). Throws InputError if there are none, if
/// ids are missing, or if both kinds of them are there.
std::vector<NumpyFiles> find_numpy_files(const std::vector<std::string>& places);

/// Whether `a` comes before `b` when digits are taken as numbers.
bool counts_before(std::string_view a, std::string_view b);

}  // namespace shardwright
