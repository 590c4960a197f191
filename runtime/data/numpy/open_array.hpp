#pragma once

#include "runtime/data/numpy/npy_array.hpp"

#include <string>

namespace shardwright {

/// The array of a .npy file. Throws InputError as NpyArray does.
NpyArray open_array(const std::string& file);

}  // namespace shardwright
