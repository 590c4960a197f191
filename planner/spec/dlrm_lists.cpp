#include "planner/spec/dlrm_lists.hpp"

#include "costmodel/errors.hpp"
#include "planner/spec/cell.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

std::vector<std::string_view> row_counts(const DlrmLists& lists) {
  const bool commas = !lists.num_embeddings_per_feature.empty();
  if (commas != lists.arch_embedding_size.empty()) {
    throw UsageError(
        "The rows of the tables are needed once: give --num-embeddings-per-feature (comma list) "
        "or --arch-embedding-size (dash list).");
  }
  return commas ? split_list(lists.num_embeddings_per_feature, ',')
                : split_list(lists.arch_embedding_size, '-');
}

std::vector<std::string_view> poolings(const DlrmLists& lists, std::size_t num_tables,
                                       std::vector<std::string>& notes) {
  if (lists.multi_hot_sizes.empty()) {
    notes.push_back(
        fmt::format("No --multi-hot-sizes: 1 id per sample is assumed for {} tables.", num_tables));
    return std::vector<std::string_view>(num_tables, "1");
  }
  auto sizes = split_list(lists.multi_hot_sizes, ',');
  if (sizes.size() != num_tables) {
    throw UsageError(
        fmt::format("--multi-hot-sizes has {} values, expected {}: one per table, in the order of "
                    "the tables' rows.",
                    sizes.size(), num_tables));
  }
  return sizes;
}

}  // namespace

std::vector<SpecEntry> entries_from_lists(const DlrmLists& lists, std::vector<std::string>& notes) {
  const auto rows = row_counts(lists);
  if (!lists.embedding_dim) {
    throw UsageError(
        "The width of the tables is missing: give --embedding-dim (or "
        "--arch-sparse-feature-size).");
  }
  const auto pooling = poolings(lists, rows.size(), notes);
  std::vector<SpecEntry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string feature = fmt::format("cat_{}", i);
    entries.push_back({{{"name", "t_" + feature},
                        {"rows", number_or_text(rows[i])},
                        {"dim", *lists.embedding_dim},
                        {"pooling", number_or_text(pooling[i])},
                        {"features", {feature}}},
                       "t_" + feature});
  }
  return entries;
}

}  // namespace shardwright
