#pragma once

#include "planner/search/contradiction.hpp"
#include "planner/spec/read_workload.hpp"

#include <string>

namespace shardwright {

/// The contradiction with the files that its constraints are from before it: "tables.json and
/// c.json: Table …". `constraints` is empty where there is no such file.
Contradiction from_files(const Contradiction& contradiction, const SpecSource& source,
                         const std::string& constraints);

}  // namespace shardwright
