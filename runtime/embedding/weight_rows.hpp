#pragma once

#include "costmodel/table.hpp"

#include <cstdint>

namespace shardwright {

/// Rows of weights to be read, [rows][width], in someone else's memory: float, Bf16 or Fp16 by
/// `dtype`.
struct WeightRows {
  const void* data = nullptr;
  DataType dtype = DataType::fp32;
  std::int64_t width = 0;
};

}  // namespace shardwright
