#pragma once

#include "runtime/data/numpy/npy_array.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// How ids are taken.
struct NumpyIdRules {
  std::vector<std::int64_t> rows;          ///< per feature; empty: any id of 0 or more
  bool wrap = false;                       ///< ids are taken modulo the rows
  std::optional<std::int64_t> padding_id;  ///< stands for no id
};

/// The bags of consecutive samples: the columns of one matrix, one id each, or a matrix for each
/// feature, whose row is a bag.
class NumpyBags {
 public:
  explicit NumpyBags(const std::string& file);

  std::int64_t samples() const { return arrays_.front().rows(); }
  /// C1, C2, … for columns and for members 0.npy, 1.npy, …; else the members' names.
  const std::vector<std::string>& names() const { return names_; }
  /// The next sample's bags. Throws InputError with file, place, id and what was expected.
  void next(const NumpyIdRules& rules, std::vector<std::vector<std::int64_t>>& bags);
  std::string hash() const;

 private:
  void open_columns(const std::string& file);
  void open_members(const std::string& file);
  void fill_bag(const NumpyIdRules& rules, std::size_t feature, std::vector<std::int64_t>& bag);
  std::int64_t row_of(const NumpyIdRules& rules, std::size_t feature, std::size_t position) const;

  std::vector<NpyArray> arrays_;  ///< one, or one for each feature
  std::vector<std::string> names_;
  std::string directory_hash_;  ///< of an archive
  std::vector<std::int64_t> ids_;
};

}  // namespace shardwright
