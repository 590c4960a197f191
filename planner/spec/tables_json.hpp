#pragma once

#include "costmodel/table.hpp"
#include "planner/input_file.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// Reads a tables file, {"schema":"shardwright.tables/1","batch_size","tables":[…]}. Without
/// "batch_size" the workload's is 0. Throws InputError with file and JSON path.
Workload tables_from_json(const InputFile& input);

/// The same document for a workload; writers add "made_by".
nlohmann::json tables_to_json(const Workload& workload);

}  // namespace shardwright
