#include "planner/search/ways_out.hpp"

#include "costmodel/errors.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/least_memory.hpp"
#include "planner/search/packing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

namespace shardwright {
namespace {

constexpr std::int64_t kMostRanks = 4096;
constexpr std::int64_t kPackingSteps = 20'000;

bool keeps_rows(const TableRules& rules) { return rules.table_wise || rules.column_wise; }

// Whether the tables fit when some of them are cut by rows over all ranks that they may use.
class Fitting {
 public:
  Fitting(const std::vector<ShardingType>& types, MemoryModel memory_model, ColumnWidths widths)
      : types_(types), memory_model_(memory_model), widths_(widths) {}

  bool fits(const Workload& workload, const Topology& topology,
            std::set<std::size_t> cut_rows = {}) const {
    try {
      const Problem problem = make_problem(workload, topology, memory_model_, types_);
      for (std::size_t i = 0; i < problem.rules.size(); ++i) {
        if (!keeps_rows(problem.rules[i])) cut_rows.insert(i);
      }
      return fits(problem, cut_rows);
    } catch (const InputError&) {  // constraints that contradict
      return false;
    }
  }

 private:
  bool fits(const Problem& problem, const std::set<std::size_t>& cut_rows) const {
    if (cut_rows.empty()) return packs(problem);
    std::vector<Bytes> room = problem.room;
    Workload others{{}, problem.workload.batch_size};
    for (std::size_t i = 0; i < problem.rules.size(); ++i) {
      if (!cut_rows.contains(i)) {
        others.tables.push_back(problem.workload.tables[i]);
      } else if (!problem.companions.leads(TableId::of(i)) || !add_blocks(problem, i, room)) {
        return false;
      }
    }
    if (others.tables.empty()) return true;
    Problem rest = make_problem(others, problem.topology, memory_model_, types_);
    rest.room = std::move(room);
    return packs(rest);
  }

  static bool add_blocks(const Problem& problem, std::size_t i, std::vector<Bytes>& room) {
    const auto& ranks = problem.rules[i].ranks;
    const Table& table = problem.workload.tables[i];
    const auto count = static_cast<std::int64_t>(ranks.size());
    const std::int64_t block = (table.rows + count - 1) / count;
    std::int64_t begin = 0;
    for (const RankId rank : ranks) {
      const std::int64_t end = std::min(begin + block, table.rows);
      if (begin == end) break;
      const Shard shard{TableId::of(i), ShardingType::row_wise, begin, end, 0, table.dim, rank};
      Bytes& left = room[rank.index()];
      left -= bytes_of(problem, shard);
      if (left < Bytes(0)) return false;
      begin = end;
    }
    return true;
  }

  bool packs(const Problem& problem) const {
    if (prove_infeasible(problem)) return false;
    const bool any = widths_ == ColumnWidths::any;
    if (any && size_greedy(problem, 1).unplaced.empty()) return true;
    return pack_exactly(problem, widths_, kPackingSteps).shards.has_value();
  }

  const std::vector<ShardingType>& types_;
  MemoryModel memory_model_;
  ColumnWidths widths_;
};

// The least of 1 … most that helps, if a larger one helps whenever a smaller does.
std::optional<std::int64_t> least(std::int64_t most,
                                  const std::function<bool(std::int64_t)>& helps) {
  std::int64_t high = 1;
  while (high < most && !helps(high)) high = std::min(most, 2 * high);
  if (high >= most && (most < 1 || !helps(most))) return {};
  std::int64_t low = high / 2;  // does not help
  while (high - low > std::max<std::int64_t>(1, high / 128)) {
    const std::int64_t middle = low + (high - low) / 2;
    (helps(middle) ? high : low) = middle;
  }
  return high;
}

class Ways {
 public:
  Ways(const Problem& problem, const std::vector<ShardingType>& types, ColumnWidths widths)
      : problem_(problem),
        types_(types),
        fitting_(types, problem.memory_model, widths),
        with_rows_(plus_row_wise(types)),
        fitting_rows_(with_rows_, problem.memory_model, widths) {}

  std::vector<WayOut> run() {
    more_ranks();
    more_memory();
    row_wise();
    bf16();
    smaller_batch();
    return std::move(ways_);
  }

 private:
  static std::vector<ShardingType> plus_row_wise(std::vector<ShardingType> types) {
    if (!contains(types, ShardingType::row_wise)) types.push_back(ShardingType::row_wise);
    return types;
  }

  const Workload& workload() const { return problem_.workload; }
  const Topology& topology() const { return problem_.topology; }

  // Further ranks are like those there are, in turn, on further nodes.
  Topology with_more(std::int64_t count) const {
    Topology larger = topology();
    const std::size_t size = larger.ranks.size();
    std::int64_t nodes = 0;
    for (const RankSpec& rank : topology().ranks) nodes = std::max(nodes, rank.node + 1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      RankSpec rank = topology().ranks[i % size];
      rank.node += nodes * static_cast<std::int64_t>(1 + i / size);
      rank.excluded = false;
      larger.ranks.push_back(rank);
    }
    return larger;
  }

  void more_ranks() {
    const auto count = least(kMostRanks - topology().size(), [&](std::int64_t more) {
      return fitting_.fits(workload(), with_more(more));
    });
    if (!count) return;
    ways_.push_back({"more_ranks",
                     *count,
                     {},
                     fmt::format("{} more rank{} like these", *count, *count == 1 ? "" : "s")});
  }

  void more_memory() {
    constexpr std::int64_t kUnit = 1'000'000;
    constexpr std::int64_t kMostUnits = std::int64_t{1} << 36;
    const auto units = least(kMostUnits, [&](std::int64_t megabytes) {
      Topology larger = topology();
      for (RankSpec& rank : larger.ranks) rank.memory += Bytes(megabytes * kUnit);
      return fitting_.fits(workload(), larger);
    });
    if (!units) return;
    ways_.push_back(
        {"more_memory",
         *units * kUnit,
         {},
         fmt::format("{} more memory on every rank", format_gigabytes(Bytes(*units * kUnit)))});
  }

  // Tables that `may`, those that need most first.
  std::vector<std::size_t> largest_first(const std::function<bool(std::size_t)>& may) const {
    std::vector<std::pair<Bytes, std::size_t>> sizes;
    for (std::size_t i = 0; i < workload().tables.size(); ++i) {
      if (may(i)) sizes.emplace_back(least_total(problem_, TableId::of(i)), i);
    }
    std::stable_sort(sizes.begin(), sizes.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::size_t> tables;
    tables.reserve(sizes.size());
    for (const auto& [bytes, table] : sizes) tables.push_back(table);
    return tables;
  }

  bool may_cut_rows(std::size_t i) const {
    const Table& table = workload().tables[i];
    const TableConstraints& asked = table.constraints;
    const auto ranks = static_cast<std::int64_t>(problem_.rules[i].ranks.size());
    return (asked.types.empty() || contains(asked.types, ShardingType::row_wise)) &&
           asked.together.empty() && asked.apart.empty() &&
           problem_.companions.followers[i].empty() && problem_.companions.apart[i].empty() &&
           problem_.companions.leads(TableId::of(i)) && ranks > 1 &&
           asked.max_shards.value_or(ranks) >= ranks &&
           asked.max_column_width.value_or(table.dim) >= table.dim;
  }

  void row_wise() {
    if (contains(types_, ShardingType::row_wise)) return;
    const auto order = largest_first([&](std::size_t i) { return may_cut_rows(i); });
    const auto first = [&](std::int64_t count) {
      return std::set<std::size_t>(order.begin(), order.begin() + count);
    };
    const auto count = least(static_cast<std::int64_t>(order.size()), [&](std::int64_t tables) {
      return fitting_rows_.fits(workload(), topology(), first(tables));
    });
    if (count) add_tables("row_wise", order, *count, "row_wise (--types) for {}");
  }

  void bf16() {
    const auto order =
        largest_first([&](std::size_t i) { return workload().tables[i].dtype == DataType::fp32; });
    const auto count = least(static_cast<std::int64_t>(order.size()), [&](std::int64_t tables) {
      Workload smaller = workload();
      for (std::int64_t i = 0; i < tables; ++i) {
        smaller.tables[order[static_cast<std::size_t>(i)]].dtype = DataType::bf16;
      }
      return fitting_.fits(smaller, topology());
    });
    if (count) add_tables("bf16", order, *count, "bf16 weights for {}");
  }

  void add_tables(const char* kind, const std::vector<std::size_t>& order, std::int64_t count,
                  fmt::format_string<std::string> sentence) {
    constexpr std::size_t kMost = 3;
    WayOut way{kind, count, {}, ""};
    std::vector<std::string> quoted;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      way.tables.push_back(workload().tables[order[i]].name);
      if (i < kMost) quoted.push_back(fmt::format("'{}'", way.tables.back()));
    }
    const std::size_t more = way.tables.size() - quoted.size();
    way.sentence =
        fmt::format(sentence, fmt::format("{}{}", fmt::join(quoted, ", "),
                                          more > 0 ? fmt::format(" and {} more", more) : ""));
    ways_.push_back(std::move(way));
  }

  void smaller_batch() {
    if (problem_.memory_model == MemoryModel::weights) return;
    const std::int64_t now = workload().batch_size;
    const auto fewer = least(now - topology().size(), [&](std::int64_t less) {
      Workload smaller = workload();
      smaller.batch_size -= less;
      return fitting_.fits(smaller, topology());
    });
    if (!fewer) return;
    ways_.push_back({"smaller_batch",
                     now - *fewer,
                     {},
                     fmt::format("a batch of {} samples instead of {}", now - *fewer, now)});
  }

  const Problem& problem_;
  const std::vector<ShardingType>& types_;
  Fitting fitting_;
  std::vector<ShardingType> with_rows_;
  Fitting fitting_rows_;
  std::vector<WayOut> ways_;
};

}  // namespace

std::vector<WayOut> ways_out(const Problem& problem, const std::vector<ShardingType>& types,
                             ColumnWidths widths) {
  return Ways(problem, types, widths).run();
}

}  // namespace shardwright
