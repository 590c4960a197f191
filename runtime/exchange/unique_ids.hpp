#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// The different ids of a rank's batch, of the tables that send rows: owners are sent each once and
/// send its row back, and the rank pools the rows itself. Keeps its buffers from batch to batch.
class UniqueIds {
 public:
  struct OfTable {
    std::vector<std::int64_t> ids;  ///< different ones of all its features, ascending
    std::vector<Bags> bags;         ///< the batch's, per feature, with positions in `ids`
    std::vector<Bags> parts;        ///< what owners are sent: between two row cuts, less the first
                                    ///< of these, as one bag
    std::vector<std::size_t> begins;  ///< of each part in `ids`, and the end
  };

  /// Throws InputError for more ids of a table than RowGroups sorts or a bag holds.
  void find(const ExchangeLayout& layout, const Batch& batch);

  /// Empty for a table that does not send rows.
  const OfTable& of(TableId table) const { return tables_[table.index()]; }

 private:
  void add_feature(const Bags& bags, OfTable& table);
  void number_ids(std::int64_t rows, OfTable& table);
  void set_positions(OfTable& table) const;

  std::vector<OfTable> tables_;
  std::vector<std::int64_t> all_ids_;  ///< of one table, feature by feature
  std::vector<std::int64_t> positions_;
  std::vector<std::int32_t> ones_;
  RowGroups groups_;
};

}  // namespace shardwright
