#pragma once

#include "runtime/checkpoint/safetensors.hpp"
#include "runtime/checkpoint/saved_index.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A rectangle of a table whose weights and state are wanted: rows × columns and rows ×
/// state_width() values, in somebody else's memory.
struct WantedShard {
  std::string table;
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t col_begin = 0;
  std::int64_t col_end = 0;
  std::span<float> weights;  ///< this or
  std::span<float> state;    ///< this may be empty: then it is not loaded
  std::int64_t rows() const { return row_end - row_begin; }
};

/// Reads the tensors of a saved model or checkpoint in any other cut than the one it was written
/// in. Reads by position no more than the rows that are wanted, through a buffer of kBufferBytes,
/// so that memory does not grow with the tables. Throws InputError where a file does not hold what
/// the index says. Does not check the files' checksums (verify_file()).
class ShardLoader {
 public:
  static constexpr std::int64_t kBufferBytes = std::int64_t{4} << 20;

  /// Borrows the index.
  ShardLoader(std::string folder, const SavedIndex& index);

  /// The saved table of that name; throws InputError if there is none.
  const SavedTable& table(const std::string& name) const;
  void load(const WantedShard& wanted);
  /// A tensor of the dense part, which must have that many values.
  void load_dense(const std::string& name, std::span<float> values);

 private:
  const SafetensorsReader& reader(const std::string& file);
  void load_part(const SavedTable& table, const SavedShard& saved, const WantedShard& wanted);

  std::string folder_;
  const SavedIndex& index_;
  std::map<std::string, SafetensorsReader> readers_;
  std::vector<float> buffer_;
};

}  // namespace shardwright
