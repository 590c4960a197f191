#pragma once

#include "costmodel/table.hpp"

namespace shardwright {

/// In which format values go from rank to rank; rounded to the nearest if it is a 16-bit one.
struct WireFormats {
  DataType pooled = DataType::fp32;
  DataType gradients = DataType::fp32;
  bool operator==(const WireFormats&) const = default;
};

}  // namespace shardwright
