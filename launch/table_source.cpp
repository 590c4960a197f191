#include "launch/table_source.hpp"

namespace shardwright {

void add_table_source(CLI::App& command, SpecSource& source) {
  DlrmLists& lists = source.lists;
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    command.add_option(name, value, help)->type_name(type);
  };
  add("TABLES", source.file, "", "Table spec, JSON or CSV; - is standard input");
  add("--csv-model", source.csv_model, "NAME",
      "Which model of a CSV whose column 'model' names several");
  add("--num-embeddings-per-feature,--num_embeddings_per_feature", lists.num_embeddings_per_feature,
      "R,R,...", "Instead of TABLES: rows of each table");
  add("--arch-embedding-size,--arch_embedding_size", lists.arch_embedding_size, "R-R-...",
      "Instead of TABLES: rows of each table");
  add("--multi-hot-sizes,--multi_hot_sizes", lists.multi_hot_sizes, "N,N,...",
      "Ids per sample of these tables (default 1 each)");
  add("--embedding-dim,--embedding_dim,--arch-sparse-feature-size,--arch_sparse_feature_size",
      lists.embedding_dim, "N", "Columns of these tables, and of CSV tables without a dim");
}

bool settle_batch_size(std::int64_t given, std::int64_t ranks, Workload& workload) {
  if (given > 0) workload.batch_size = given;
  if (workload.batch_size > 0) return false;
  workload.batch_size = kDefaultSamplesPerRank * ranks;
  return true;
}

}  // namespace shardwright
