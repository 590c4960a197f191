#pragma once

#include "planner/spec/spec_entry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// Tables as DLRM users have them on their command lines.
struct DlrmLists {
  std::string num_embeddings_per_feature;     ///< TorchRec's DLRM: rows, "40000000,39060,…"
  std::string arch_embedding_size;            ///< the first DLRM: rows, "80000-80000-…"
  std::string multi_hot_sizes;                ///< ids per sample, "3,2,1,…"; empty: 1 each
  std::optional<std::int64_t> embedding_dim;  ///< columns of every table
};

/// Tables t_cat_0, t_cat_1 … with features cat_0, cat_1 …. Throws UsageError if both or neither
/// list of rows is given, without embedding_dim, or if the lists' lengths differ.
std::vector<SpecEntry> entries_from_lists(const DlrmLists& lists, std::vector<std::string>& notes);

}  // namespace shardwright
