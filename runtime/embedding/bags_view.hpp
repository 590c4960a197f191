#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/exchange/input_source.hpp"

namespace shardwright {

/// A batch's bags of one feature, as kernels take them; ends with `bags`.
inline BagsView view(const Bags& bags) { return {bags.lengths, bags.ids, bags.weights}; }

}  // namespace shardwright
