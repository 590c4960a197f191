#pragma once

#include "runtime/checkpoint/output_file.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A float32 tensor in somebody else's memory, row-major.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  ///< as many as the shape says
};

/// Writes a file in the safetensors format: 8 bytes header length, JSON header, data. Straight from
/// the tensors' own memory. Names must differ. Throws EnvironmentError.
FileRecord write_safetensors(const std::string& file, std::span<const NamedTensor> tensors);

/// A safetensors file that has been checked: every tensor's bytes lie inside the file, agree with
/// its shape and overlap no other tensor's. Throws InputError that names file and tensor.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(std::string file);

  struct Entry {
    std::string name;
    std::string dtype;  ///< as in the file: "F32", "BF16" …
    std::vector<std::int64_t> shape;
    std::int64_t begin = 0;  ///< bytes from the start of the data
    std::int64_t end = 0;
  };
  const std::vector<Entry>& entries() const { return entries_; }  ///< by position in the file
  const Entry& entry(const std::string& name) const;
  /// The values of an F32 tensor.
  std::vector<float> read(const std::string& name) const;

 private:
  std::string file_;
  std::int64_t data_begin_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace shardwright
