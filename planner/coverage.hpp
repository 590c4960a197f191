#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// Where `shards`, all of them non-empty and inside `table`, do not tile it: one sentence for each
/// rectangle that nobody holds or two hold. Walks the strips of rows between the shards' edges:
/// strips × shards steps.
std::vector<std::string> coverage_problems(const Table& table, const std::vector<Shard>& shards);

}  // namespace shardwright
