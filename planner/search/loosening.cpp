#include "planner/search/loosening.hpp"

#include <utility>

namespace shardwright {
namespace {

template <class Value>
bool drop(std::vector<Value>& list) {
  return !std::exchange(list, {}).empty();
}

template <class Value>
bool drop(std::optional<Value>& value) {
  return std::exchange(value, {}).has_value();
}

}  // namespace

bool drop_constraint(std::string_view key, TableConstraints& constraints) {
  if (key == "types") return drop(constraints.types);
  if (key == "ranks") return drop(constraints.ranks);
  if (key == "nodes") return drop(constraints.nodes);
  if (key == "together") return drop(constraints.together);
  if (key == "apart") return drop(constraints.apart);
  if (key == "min_column_width") return drop(constraints.min_column_width);
  if (key == "max_column_width") return drop(constraints.max_column_width);
  return key == "max_shards" && drop(constraints.max_shards);
}

}  // namespace shardwright
