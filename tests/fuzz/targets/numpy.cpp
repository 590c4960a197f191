#include "runtime/data/numpy/npy_array.hpp"
#include "runtime/data/numpy/numpy_bags.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright::fuzz {
namespace {

constexpr std::int64_t kMostRows = 1000;  // of an array that a few packed bytes may announce

}  // namespace

void read_npy_array(std::string_view input) {
  NpyArray array = open_array(scratch().write("dense.npy", input));
  std::vector<float> row;
  for (std::int64_t n = 0; n < std::min(array.rows(), kMostRows); ++n) array.next(row);
}

void read_npz_bags(std::string_view input) {
  NumpyBags arrays(scratch().write("sparse_multi_hot.npz", input));
  std::vector<std::vector<std::int64_t>> bags;
  const NumpyIdRules rules{.rows = {}, .wrap = false, .padding_id = -1};
  for (std::int64_t n = 0; n < std::min(arrays.samples(), kMostRows); ++n) arrays.next(rules, bags);
}

}  // namespace shardwright::fuzz
