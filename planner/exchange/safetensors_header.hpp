#pragma once

#include <string>

namespace shardwright {

/// The header of a safetensors file: JSON text that names every tensor with "dtype", "shape" and
/// "data_offsets". Starts 8 bytes into the file; the data behind it are not read. Throws InputError
/// if it cannot be read, or if the file is shorter or the header longer than the format allows.
std::string read_safetensors_header(const std::string& file);

}  // namespace shardwright
