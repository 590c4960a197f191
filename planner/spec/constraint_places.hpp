#pragma once

#include "planner/asked_constraint.hpp"
#include "planner/input_file.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// The JSON files that constraints are read from; none where there is no such file, or it is no
/// JSON.
struct ConstraintSources {
  std::optional<InputFile> tables;
  std::optional<InputFile> constraints;
};

/// Where those of `asked` stand that the files have: "c.json: tables[1].constraints.max_shards". A
/// member of the constraints file hides that of the table spec. Each once, in the order of `asked`;
/// no further ones are looked for where there are `most`.
std::vector<std::string> constraint_places(const std::vector<AskedConstraint>& asked,
                                           const ConstraintSources& sources, std::size_t most);

}  // namespace shardwright
