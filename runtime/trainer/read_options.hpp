#pragma once

#include "costmodel/json/json_view.hpp"
#include "runtime/data/read_ahead.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// How a job reads its data: keys shuffle, read_ahead and read_threads of a train config.
struct ReadOptions {
  bool shuffle = false;    ///< every epoch in an order of its own, by the job's seed
  ReadAheadOptions ahead;  ///< changes no result
};

/// Sets what `settings` has. Throws InputError with file and JSON path.
void apply_read_settings(const JsonView& settings, ReadOptions& options);

/// Adds the keys to the JSON of a config; shuffle only where it is on.
void add_read_settings(const ReadOptions& options, nlohmann::json& json);

}  // namespace shardwright
