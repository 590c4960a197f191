#pragma once

#include "costmodel/table.hpp"

#include <array>
#include <string_view>

namespace shardwright {

/// What files call the constraints of a table that planning keeps to.
inline constexpr std::array<std::string_view, 8> kTableConstraints = {
    "types",     "ranks", "nodes", "together", "apart", "min_column_width", "max_column_width",
    "max_shards"};

/// Takes the constraint away; false if nobody asked for it.
bool drop_constraint(std::string_view key, TableConstraints& constraints);

}  // namespace shardwright
