#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reference {

/// `count` weights uniform in ±scale, row-major with `columns` columns, by the generator that
/// docs/training_math.md defines. A dense parameter is a column: columns = 1.
std::vector<float> initial_weights(std::uint64_t seed, const std::string& name, std::int64_t rows,
                                   std::int64_t columns, float scale);

}  // namespace reference
