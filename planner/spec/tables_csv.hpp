#pragma once

#include "planner/input_file.hpp"
#include "planner/spec/spec_entry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

struct CsvOptions {
  std::string model;                          ///< keep the rows of this `model`; empty: all
  std::optional<std::int64_t> embedding_dim;  ///< for rows without a dim
};

/// Reads one table per line. Columns: name, rows, dim; optionally pooling, mode, weighted, dtype,
/// optimizer, features (separated by ;), num_features (that many, named name.0, name.1 …), output
/// (pooled or sequence: mode sum or none), model. Other columns are ignored; `notes` says which,
/// and what was assumed for empty cells. Throws InputError with file and line; if there are several
/// models and none is chosen, it lists them.
std::vector<SpecEntry> entries_from_csv(const InputFile& input, const CsvOptions& options,
                                        std::vector<std::string>& notes);

}  // namespace shardwright
