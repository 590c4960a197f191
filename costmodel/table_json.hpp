#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/table.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// One element of "tables" in a tables file or plan. Optional members that hold their default are
/// left out, so that a hand-written file stays small; `table_from_json` gives the same table back.
nlohmann::json table_to_json(const Table& table);

/// Reads one element of "tables"; only name, rows and dim are required. Throws InputError with file
/// and path for anything that cannot be trained: see docs/cost_models.md, "Limits".
Table table_from_json(const JsonView& view);

}  // namespace shardwright
