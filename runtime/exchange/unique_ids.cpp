#include "runtime/exchange/unique_ids.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

namespace shardwright {
namespace {

/// Position of the first id that is not below `row`.
std::size_t position_of(std::int64_t row, const std::vector<std::int64_t>& ids) {
  return static_cast<std::size_t>(std::lower_bound(ids.begin(), ids.end(), row) - ids.begin());
}

/// ids[begin, end), less `first_row`, as one bag.
void make_part(std::span<const std::int64_t> ids, std::int64_t first_row, Bags& part) {
  if (ids.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw InputError(fmt::format("{} different ids of a batch are too many to send.", ids.size()));
  }
  part.lengths.assign(1, static_cast<std::int32_t>(ids.size()));
  part.ids.clear();
  for (const std::int64_t id : ids) part.ids.push_back(id - first_row);
}

void make_parts(std::span<const std::int64_t> cuts, UniqueIds::OfTable& table) {
  table.parts.resize(cuts.size() - 1);
  table.begins.clear();
  for (const std::int64_t cut : cuts) table.begins.push_back(position_of(cut, table.ids));
  for (std::size_t p = 0; p + 1 < cuts.size(); ++p) {
    const std::size_t begin = table.begins[p];
    make_part(std::span(table.ids).subspan(begin, table.begins[p + 1] - begin), cuts[p],
              table.parts[p]);
  }
}

}  // namespace

void UniqueIds::find(const ExchangeLayout& layout, const Batch& batch) {
  tables_.resize(layout.row_cuts.size());
  for (std::size_t f = 0; f < layout.features.size();) {
    const TableId id = layout.features[f].table;
    OfTable& table = tables_[id.index()];
    table.bags.clear();
    all_ids_.clear();
    for (; f < layout.features.size() && layout.features[f].table == id; ++f) {
      if (layout.sends_rows(id)) add_feature(batch.features[f], table);
    }
    if (!layout.sends_rows(id)) continue;
    number_ids(layout.row_cuts[id.index()].back(), table);
    set_positions(table);
    make_parts(layout.row_cuts[id.index()], table);
  }
}

void UniqueIds::add_feature(const Bags& bags, OfTable& table) {
  all_ids_.insert(all_ids_.end(), bags.ids.begin(), bags.ids.end());
  table.bags.push_back({bags.lengths, {}, bags.weights});
  table.bags.back().ids.resize(bags.ids.size());
}

/// Sorts them as if each were a bag of its own.
void UniqueIds::number_ids(std::int64_t rows, OfTable& table) {
  ones_.resize(std::max(ones_.size(), all_ids_.size()), 1);
  const auto count = std::ssize(all_ids_);
  const BagsView each{std::span(ones_).first(all_ids_.size()), all_ids_, {}};
  const InputSource source{.row_begin = 0, .samples = count, .features = {each}};
  groups_.build({&source, 1}, 0, 1, PoolingMode::sum, rows);
  positions_.resize(all_ids_.size());
  table.ids.clear();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    table.ids.push_back(groups_.row(g));
    for (const Occurrence& o : groups_[g]) positions_[o.sample] = static_cast<std::int64_t>(g);
  }
}

void UniqueIds::set_positions(OfTable& table) const {
  auto next = positions_.begin();
  for (Bags& bags : table.bags) {
    const auto end = next + std::ssize(bags.ids);
    std::copy(next, end, bags.ids.begin());
    next = end;
  }
}

}  // namespace shardwright
