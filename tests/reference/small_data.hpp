#pragma once

#include <cstdint>
#include <string>

namespace reference {

/// A made-up data set with all that is awkward: five features on four tables of uneven sizes, empty
/// bags, repeated ids, a last batch that is short.
struct SmallData {
  std::string mode = "sum";  ///< of every table
  bool weighted = false;
  std::int64_t dim = 8;
  std::int64_t num_dense = 3;
  std::int64_t train_samples = 570;
  std::int64_t test_samples = 400;
  std::int64_t batch_size = 48;
};

/// Writes FOLDER/tables.json, FOLDER/train and FOLDER/test; the same files for the same arguments.
void write_small_data(const SmallData& data, const std::string& folder);

}  // namespace reference
