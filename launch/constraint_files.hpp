#pragma once

#include "planner/asked_constraint.hpp"
#include "planner/contradiction.hpp"
#include "planner/spec/read_workload.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// The files that tables and constraints were read from.
struct SpecFiles {
  const SpecSource& source;
  const std::string& constraints;  ///< empty where there is no such file
};

/// " See c.json: tables[1].constraints.max_shards." of those that are asked for in the files, which
/// are read again; "" if that are none.
std::string where_asked(const std::vector<AskedConstraint>& asked, const SpecFiles& files);

/// The contradiction with the files that its constraints are from before it, and where they stand
/// after it: "tables.json and c.json: Table … See …".
Contradiction from_files(const Contradiction& contradiction, const SpecFiles& files);

}  // namespace shardwright
