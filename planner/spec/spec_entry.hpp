#pragma once

#include "costmodel/table.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// The largest batch that files and options may ask for.
inline constexpr std::int64_t kMostSamples = std::int64_t{1} << 40;

/// One table in the JSON form of a tables file, and where the user wrote it. Every reader makes
/// these, whatever its format, so that all formats have the same limits and the same messages.
struct SpecEntry {
  nlohmann::json table;
  std::string place;  ///< "tables[3]", "line 5"
};

/// The tables of `entries`. Throws InputError that names `file` and the entry's place for a table
/// that table_from_json() refuses, for a name that comes twice, and for no tables at all.
std::vector<Table> tables_of(const std::vector<SpecEntry>& entries, const std::string& file);

/// What is legal but probably not meant, one sentence each: tables that are never looked up.
std::vector<std::string> workload_warnings(const Workload& workload);

}  // namespace shardwright
