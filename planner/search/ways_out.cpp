#include "planner/search/ways_out.hpp"

#include "planner/list_some.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/fit_trial.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/least_memory.hpp"
#include "planner/search/loosening.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kMostRanks = 4096;

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
  Ways(const Problem& problem, const WaysOutQuestion& question)
      : problem_(problem),
        types_(question.types),
        is_search_(question.is_search),
        fitting_(question, types_, problem.memory_model),
        fitting_rows_(question, plus_row_wise(types_), problem.memory_model) {}

  std::vector<WayOut> run() {
    if (search_itself()) return std::move(ways_);
    more_ranks();
    more_memory();
    row_wise();
    bf16();
    smaller_batch();
    for (const std::string_view key : kTableConstraints) loosen(key);
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

  bool search_itself() {
    if (is_search_ || !fitting_.fits(workload(), topology())) return false;
    ways_.push_back({"algorithm", 1, {}, "--algorithm search"});
    return true;
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

  void row_wise() {
    if (contains(types_, ShardingType::row_wise)) return;
    FitTrial::Fit fit;  // of the smallest number that helped so far
    const auto helps = [&](std::int64_t tables) {
      FitTrial::Fit found = fitting_rows_.fit_by_rows(workload(), topology(), tables);
      const bool found_any = found.has_value();
      if (found_any) fit = std::move(found);
      return found_any;
    };
    if (!least(fitting_rows_.most_by_rows(workload(), topology()), helps)) return;
    std::set<TableId> cut;
    for (const Shard& shard : *fit) {
      if (shard.type == ShardingType::row_wise) cut.insert(shard.table);
    }
    const auto order = largest_first([&](std::size_t i) { return cut.contains(TableId::of(i)); });
    if (order.empty()) return;
    add_tables("row_wise", order, static_cast<std::int64_t>(order.size()),
               "row_wise (--types) for {}");
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

  void loosen(std::string_view key) {
    const auto order = largest_first([&](std::size_t i) {
      TableConstraints constraints = workload().tables[i].constraints;
      return drop_constraint(key, constraints);
    });
    const auto count = least(static_cast<std::int64_t>(order.size()), [&](std::int64_t tables) {
      Workload looser = workload();
      for (std::int64_t i = 0; i < tables; ++i) {
        drop_constraint(key, looser.tables[order[static_cast<std::size_t>(i)]].constraints);
      }
      return fitting_.fits(looser, topology());
    });
    if (!count) return;
    add_tables("constraint", order, *count, fmt::format("no constraint {} on {{}}", key));
    ways_.back().constraint = key;
  }

  void add_tables(const char* kind, const std::vector<std::size_t>& order, std::int64_t count,
                  const std::string& sentence) {
    constexpr std::size_t kMost = 3;
    WayOut way{kind, count, {}, ""};
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      way.tables.push_back(workload().tables[order[i]].name);
    }
    const auto quoted = [](const std::string& name) { return fmt::format("'{}'", name); };
    way.sentence = fmt::format(fmt::runtime(sentence), list_some(way.tables, quoted, kMost));
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
  bool is_search_;
  FitTrial fitting_;
  FitTrial fitting_rows_;
  std::vector<WayOut> ways_;
};

}  // namespace

std::vector<WayOut> ways_out(const Problem& problem, const WaysOutQuestion& question) {
  return Ways(problem, question).run();
}

}  // namespace shardwright
