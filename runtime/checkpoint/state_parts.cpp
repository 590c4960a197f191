#include "runtime/checkpoint/state_parts.hpp"

namespace shardwright {

std::vector<StatePart> state_parts(OptimizerKind optimizer, float momentum) {
  switch (optimizer) {
    case OptimizerKind::sgd:
      if (momentum == 0) return {};
      return {{"momentum", true}};
    case OptimizerKind::adagrad:
      return {{"square_sum", true}};
    case OptimizerKind::rowwise_adagrad:
      return {{"square_sum", false}};
    case OptimizerKind::adam:
      return {{"m", true}, {"v", true}};
    case OptimizerKind::rowwise_adam:
      return {{"m", true}, {"v", false}};
    case OptimizerKind::ftrl:
      return {{"z", true}, {"n", true}};
  }
  return {};
}

std::int64_t state_width(const std::vector<StatePart>& parts, std::int64_t columns) {
  std::int64_t width = 0;
  for (const StatePart& part : parts) width += part.per_column ? columns : 1;
  return width;
}

}  // namespace shardwright
