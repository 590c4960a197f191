#pragma once

#include "runtime/embedding/row_groups.hpp"
#include "runtime/exchange/input_source.hpp"

#include <cstddef>
#include <vector>

namespace shardwright {

/// The floats that are gone through for the rows of so many ids; a row counts as a cache line at
/// least.
std::size_t work_on(std::size_t ids, std::size_t columns);

/// How much of work_on() is one task.
struct WorkShare {
  std::size_t work = 0;
  /// At least 1.
  std::size_t ids(std::size_t columns) const;
};

/// Of `work` in all: tasks enough for the threads to end at about the same time, and no more, for
/// they have a price; all for one thread, and where one is done about as soon as another is awake.
WorkShare share_of(std::size_t work, std::size_t threads);

/// Bags of one feature, and how many bags of it come before them.
struct BagsPart {
  BagsView bags;
  std::size_t first_bag = 0;
};

/// Cuts a feature's bags, in order, into parts that have at least `ids` ids, but for the last.
std::vector<BagsPart> split_bags(const BagsView& bags, std::size_t ids);

/// Cuts all groups, in order, into ranges that have at least `occurrences`, but for those before
/// and after a group that has more than so many: that one stands alone.
std::vector<GroupRange> split_groups(const RowGroups& groups, std::size_t occurrences);

/// Whether a range of split_groups() is such a group: a hot row, whose columns the threads share.
bool is_hot(const RowGroups& groups, const GroupRange& range, std::size_t occurrences);

struct ColumnRange {
  std::size_t begin = 0;
  std::size_t count = 0;
};

/// Cuts a hot row's columns into what one thread sums: of each gradient a cache line, so that no
/// two read the same.
std::vector<ColumnRange> split_columns(std::size_t columns);

}  // namespace shardwright
