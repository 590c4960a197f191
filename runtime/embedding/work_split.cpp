#include "runtime/embedding/work_split.hpp"

#include <algorithm>
#include <limits>

namespace shardwright {
namespace {

std::size_t work_on_row(std::size_t columns) {
  constexpr std::size_t kLineFloats = 16;
  return std::max(columns, kLineFloats);
}

BagsPart part_of(const BagsView& bags, std::size_t first_bag, std::size_t end_bag,
                 std::size_t first_id, std::size_t end_id) {
  const std::size_t ids = end_id - first_id;
  const bool weighted = !bags.weights.empty();
  return {{bags.lengths.subspan(first_bag, end_bag - first_bag), bags.ids.subspan(first_id, ids),
           weighted ? bags.weights.subspan(first_id, ids) : bags.weights},
          first_bag};
}

}  // namespace

std::size_t work_on(std::size_t ids, std::size_t columns) { return ids * work_on_row(columns); }

std::size_t WorkShare::ids(std::size_t columns) const {
  return std::max(work / work_on_row(columns), std::size_t{1});
}

WorkShare share_of(std::size_t work, std::size_t threads) {
  constexpr std::size_t kTasksPerThread = 8;
  constexpr std::size_t kLeastTask = std::size_t{1} << 16;
  constexpr std::size_t kLeastShared = 8 * kLeastTask;
  if (threads == 1 || work < kLeastShared) return {std::numeric_limits<std::size_t>::max()};
  return {std::max(work / (threads * kTasksPerThread), kLeastTask)};
}

std::vector<BagsPart> split_bags(const BagsView& bags, std::size_t ids) {
  std::vector<BagsPart> parts;
  std::size_t first_bag = 0;
  std::size_t first_id = 0;
  std::size_t id = 0;
  for (std::size_t bag = 0; bag < bags.lengths.size(); ++bag) {
    id += static_cast<std::size_t>(bags.lengths[bag]);
    if (id - first_id < ids && bag + 1 < bags.lengths.size()) continue;
    parts.push_back(part_of(bags, first_bag, bag + 1, first_id, id));
    first_bag = bag + 1;
    first_id = id;
  }
  return parts;
}

std::vector<GroupRange> split_groups(const RowGroups& groups, std::size_t occurrences) {
  if (groups.size() > 0 && groups.ids() <= occurrences) return {{0, groups.size()}};
  std::vector<GroupRange> ranges;
  std::size_t begin = 0;
  std::size_t count = 0;
  const auto close = [&](std::size_t end) {
    if (end > begin) ranges.push_back({begin, end});
    begin = end;
    count = 0;
  };
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::size_t size = groups[g].size();
    if (size > occurrences) close(g);
    count += size;
    if (count >= occurrences) close(g + 1);
  }
  close(groups.size());
  return ranges;
}

bool is_hot(const RowGroups& groups, const GroupRange& range, std::size_t occurrences) {
  return range.end == range.begin + 1 && groups[range.begin].size() > occurrences;
}

std::vector<ColumnRange> split_columns(std::size_t columns) {
  constexpr std::size_t kColumns = 16;
  std::vector<ColumnRange> ranges;
  for (std::size_t c = 0; c < columns; c += kColumns) {
    ranges.push_back({c, std::min(kColumns, columns - c)});
  }
  return ranges;
}

}  // namespace shardwright
