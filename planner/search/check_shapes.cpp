#include "planner/search/check_shapes.hpp"

#include "planner/contradiction.hpp"
#include "planner/search/block_cuts.hpp"
#include "planner/search/cuts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright {
namespace {

// Why a table cannot be of the types that it may be.
class Causes {
 public:
  Causes(const Problem& problem, const BlockCuts& blocks, TableId id)
      : problem_(problem),
        blocks_(blocks),
        id_(id),
        table_(problem.workload.table(id)),
        rules_(problem.rules[id.index()]) {}

  std::string text() const {
    std::vector<std::string> causes;
    causes.reserve(rules_.types.size());
    for (const ShardingType type : rules_.types) {
      causes.push_back(fmt::format("{} {}", to_string(type), cause_of(type)));
    }
    return fmt::format("{}", fmt::join(causes, ", and "));
  }

 private:
  std::string cause_of(ShardingType type) const {
    const bool is_cut = fewest_parts(table_, rules_) > 1;
    if (is_cut && type != ShardingType::grid) {
      return fmt::format("has all columns, but max_column_width is {}", rules_.max_width);
    }
    switch (type) {
      case ShardingType::data_parallel:
        return "is on every rank, but not all are allowed";
      case ShardingType::row_wise:
        return cause_of_row_wise();
      default:
        return cause_of_nodes();
    }
  }

  std::string cause_of_row_wise() const {
    const bool even = blocks_.even_rows();
    if (even && rules_.ranks.size() < problem_.room.size()) {
      return "has equal blocks of the rows on all ranks by this cost model, but not all are "
             "allowed";
    }
    return fmt::format("has blocks of the rows on {}, but max_shards is {}",
                       even ? "all ranks by this cost model" : "2 ranks or more",
                       table_.constraints.max_shards.value_or(1));
  }

  std::string cause_of_nodes() const {
    if (!blocks_.may_use_a_node(id_)) {
      return "has blocks of the rows on all ranks of a node, but no whole node is allowed";
    }
    const std::int64_t parts = fewest_parts(table_, rules_);
    const auto most = table_.constraints.max_shards;
    return fmt::format(
        "has blocks of the rows on all ranks of {}, but {}",
        parts > 1 ? fmt::format("{} equally large nodes", parts) : "a node",
        most ? fmt::format("max_shards is {}", *most) : std::string("fewer are allowed whole"));
  }

  const Problem& problem_;
  const BlockCuts& blocks_;
  TableId id_;
  const Table& table_;
  const TableRules& rules_;
};

// Ranks that a table takes at least; 0 if it has no shape.
std::int64_t fewest_ranks(const Problem& problem, const BlockCuts& blocks, TableId id) {
  if (may_keep_rows(problem.workload.table(id), problem.rules[id.index()])) return 1;
  std::int64_t fewest = 0;
  for (const BlockCut& cut : blocks.of(id)) {
    fewest = fewest == 0 ? cut.num_shards() : std::min(fewest, cut.num_shards());
  }
  if (fewest > 0) return fewest;
  return blocks.may_replicate(id) ? static_cast<std::int64_t>(problem.room.size()) : 0;
}

}  // namespace

void check_shapes(const Problem& problem, bool even_rows) {
  const BlockCuts blocks(problem, even_rows);
  std::vector<std::int64_t> needed;
  std::vector<std::vector<RankId>> ranks;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    const TableId id = TableId::of(i);
    needed.push_back(fewest_ranks(problem, blocks, id));
    ranks.push_back(problem.rules[i].ranks);
    if (needed.back() > 0) continue;
    const std::string& name = problem.workload.tables[i].name;
    auto blamed = constraints_of(name, {"types", "max_shards", "max_column_width"});
    append(rank_constraints_of(name), blamed);
    throw Contradiction(
        fmt::format("Table '{}' can have no shape that its constraints and --types allow: {}. "
                    "Change its constraints{}.",
                    name, Causes(problem, blocks, id).text(),
                    even_rows ? ", --types or --cost-model" : " or --types"),
        std::move(blamed));
  }
  check_apart(problem.workload, problem.companions, ranks, needed);
}

}  // namespace shardwright
