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

/// A float32 tensor whose values are yet to come.
struct TensorShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// The same for tensors that do not fit into memory: their values come piece by piece.
class SafetensorsWriter {
 public:
  /// Names must differ. Throws EnvironmentError.
  SafetensorsWriter(const std::string& file, std::span<const TensorShape> tensors);

  /// The next values, of all tensors one after the other.
  void write(std::span<const float> values) { output_.write(std::as_bytes(values)); }
  /// Once all values are written.
  FileRecord finish() { return output_.finish(); }

 private:
  OutputFile output_;
};

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
  /// Fills `values` from an F32 tensor's values `first`, `first` + 1, … in row-major order; no
  /// others are read. They must lie within the tensor.
  void read_values(const Entry& entry, std::int64_t first, std::span<float> values) const;

 private:
  std::string file_;
  std::int64_t data_begin_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace shardwright
