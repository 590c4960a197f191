#include "runtime/exchange/row_parts.hpp"

#include <algorithm>

namespace shardwright {
namespace {

void clear(std::vector<Bags>& parts, std::size_t samples) {
  for (Bags& part : parts) {
    part.lengths.assign(samples, 0);
    part.ids.clear();
    part.weights.clear();
  }
}

}  // namespace

std::size_t part_of(std::int64_t row, std::span<const std::int64_t> cuts) {
  const auto above = std::upper_bound(cuts.begin(), cuts.end(), row);
  return static_cast<std::size_t>(above - cuts.begin()) - 1;
}

void split_bags(const Bags& bags, std::span<const std::int64_t> cuts, std::vector<Bags>& parts) {
  parts.resize(cuts.size() - 1);
  clear(parts, bags.lengths.size());
  std::size_t next = 0;
  for (std::size_t sample = 0; sample < bags.lengths.size(); ++sample) {
    for (std::int32_t i = 0; i < bags.lengths[sample]; ++i, ++next) {
      const std::size_t number = part_of(bags.ids[next], cuts);
      Bags& part = parts[number];
      ++part.lengths[sample];
      part.ids.push_back(bags.ids[next] - cuts[number]);
      if (!bags.weights.empty()) part.weights.push_back(bags.weights[next]);
    }
  }
}

void RowParts::split(const ExchangeLayout& layout, const Batch& batch) {
  parts_.resize(layout.features.size());
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    const TableId table = layout.features[f].table;
    if (!layout.splits_rows(table) || layout.sends_rows(table)) continue;
    split_bags(batch.features[f], layout.row_cuts[table.index()], parts_[f]);
  }
}

}  // namespace shardwright
