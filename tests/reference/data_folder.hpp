#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reference {

/// One feature's ids for all samples: bag n is ids [offsets[n], offsets[n + 1]).
struct Feature {
  std::string name;
  std::string table;
  bool weighted = false;
  std::vector<std::int64_t> offsets;  ///< samples + 1
  std::vector<std::int64_t> ids;
  std::vector<float> weights;  ///< one per id if weighted, else empty
};

/// A data folder (docs/data_format.md), wholly in memory.
struct DataFolder {
  std::int64_t samples = 0;
  std::int64_t num_dense = 0;
  std::vector<float> labels;
  std::vector<float> dense;  ///< samples × num_dense, row-major
  std::vector<Feature> features;
};

/// Throws std::runtime_error naming the file that is missing or of another size than meta.json
/// says.
DataFolder read_data_folder(const std::string& folder);

}  // namespace reference
