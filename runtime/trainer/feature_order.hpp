#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/data/dataset.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shardwright {

/// Where the model's features stand in a data set: the model's feature f is feature order[f] of the
/// data set. Features are matched by name; the model's come in the order of its tables, then of
/// each table's features. Throws InputError, naming `folder`, if a feature is missing (with the
/// nearest name), is of another table or weighted otherwise, or if no table uses it.
std::vector<std::size_t> match_features(const std::vector<Table>& tables,
                                        const std::vector<DatasetFeature>& features,
                                        const std::string& folder);

/// Brings batch.features from the data set's order into the model's.
void reorder_features(const std::vector<std::size_t>& order, Batch& batch);

}  // namespace shardwright
