#include "planner/search/companions.hpp"

#include "costmodel/json/json_view.hpp"
#include "planner/contradiction.hpp"
#include "planner/list_some.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace shardwright {
namespace {

class Gathering {
 public:
  explicit Gathering(const Workload& workload) : workload_(workload) {
    for (std::size_t i = 0; i < workload.tables.size(); ++i) {
      ids_.emplace(workload.tables[i].name, TableId::of(i));
      found_.leader.push_back(TableId::of(i));
    }
  }

  Companions run() {
    for (const Table& table : workload_.tables) {
      for (const std::string& other : table.constraints.together) {
        join(ids_.at(table.name), find(table, "together", other));
      }
    }
    for (TableId& leader : found_.leader) leader = root(leader);
    found_.followers.resize(found_.leader.size());
    for (std::size_t i = 0; i < found_.leader.size(); ++i) {
      const TableId leader = found_.leader[i];
      if (leader.index() != i) found_.followers[leader.index()].push_back(TableId::of(i));
    }
    separate();
    return std::move(found_);
  }

 private:
  TableId find(const Table& table, const char* key, const std::string& other) const {
    const auto found = ids_.find(other);
    if (found == ids_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, id] : ids_) names.push_back(name);
      const std::string guess = nearest(other, names);
      throw Contradiction(
          fmt::format("The constraint {} of table '{}' names '{}', which is no table{} Drop that "
                      "name, or write "
                      "it as the table is called.",
                      key, table.name, other,
                      guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess)),
          constraints_of(table.name, {key}));
    }
    if (other != table.name) return found->second;
    throw Contradiction(
        fmt::format("The constraint {} of table '{}' names the table itself. Drop it there.", key,
                    table.name),
        constraints_of(table.name, {key}));
  }

  TableId root(TableId table) const {
    while (found_.leader[table.index()] != table) table = found_.leader[table.index()];
    return table;
  }

  void join(TableId a, TableId b) {
    a = root(a);
    b = root(b);
    found_.leader[std::max(a, b).index()] = std::min(a, b);
  }

  void separate() {
    std::vector<std::set<TableId>> apart(found_.leader.size());
    for (const Table& table : workload_.tables) {
      for (const std::string& other : table.constraints.apart) {
        const TableId a = found_.leader[ids_.at(table.name).index()];
        const TableId b = found_.leader[find(table, "apart", other).index()];
        if (a == b) refuse_both(table.name, other, a);
        apart[a.index()].insert(b);
        apart[b.index()].insert(a);
      }
    }
    for (const auto& others : apart) found_.apart.emplace_back(others.begin(), others.end());
  }

  // Everything that keeps the tables of `leader` together may be what does it.
  [[noreturn]] void refuse_both(const std::string& one, const std::string& other,
                                TableId leader) const {
    std::vector<AskedConstraint> blamed = {{one, "apart"}, {other, "apart"}};
    for (std::size_t i = 0; i < found_.leader.size(); ++i) {
      if (found_.leader[i] == leader) blamed.push_back({workload_.tables[i].name, "together"});
    }
    throw Contradiction(
        fmt::format("Tables '{}' and '{}' contradict themselves: by their constraints they must be "
                    "together (perhaps through other tables) and apart. Drop one of the two.",
                    one, other),
        std::move(blamed));
  }

  const Workload& workload_;
  std::map<std::string, TableId> ids_;
  Companions found_;
};

// Gives each of some tables a rank of its own, as long as that goes.
class Matching {
 public:
  explicit Matching(const std::vector<std::vector<RankId>>& ranks) : ranks_(ranks) {}

  /// False if there is no way; then tables() are more than the ranks() they may use.
  bool add(TableId table) {
    tables_ = {table};
    tried_.clear();
    return augment(table);
  }
  const std::set<TableId>& tables() const { return tables_; }
  const std::set<RankId>& ranks() const { return tried_; }

 private:
  bool augment(TableId table) {
    for (const RankId rank : ranks_[table.index()]) {
      if (!tried_.insert(rank).second) continue;
      const auto taken = holder_.find(rank);
      if (taken != holder_.end()) {
        tables_.insert(taken->second);
        if (!augment(taken->second)) continue;
      }
      holder_.insert_or_assign(rank, table);
      return true;
    }
    return false;
  }

  const std::vector<std::vector<RankId>>& ranks_;
  std::map<RankId, TableId> holder_;
  std::set<TableId> tables_;
  std::set<RankId> tried_;
};

// "'a', 'b' (on 2 ranks or more)".
std::string name_of(const Workload& workload, TableId id, std::int64_t needed) {
  const std::string on = needed > 1 ? fmt::format(" (on {} ranks or more)", needed) : "";
  return fmt::format("'{}'{}", workload.table(id).name, on);
}

[[noreturn]] void refuse(const Workload& workload, const Matching& matching,
                         const std::vector<std::int64_t>& needed) {
  constexpr std::size_t kMost = 5;
  const std::string names = list_some(
      matching.tables(), [&](TableId id) { return name_of(workload, id, needed[id.index()]); },
      kMost);
  std::vector<std::int64_t> ranks;
  for (const RankId rank : matching.ranks()) ranks.push_back(rank.value());
  const std::string where = ranks.size() > kMost ? fmt::format("{} ranks", ranks.size())
                            : ranks.size() == 1  ? fmt::format("rank {}", ranks.front())
                                                 : fmt::format("ranks {}", fmt::join(ranks, ", "));
  std::vector<AskedConstraint> blamed;
  for (const TableId id : matching.tables()) {
    const std::string& name = workload.table(id).name;
    append(constraints_of(name, {"apart", "ranks", "nodes"}), blamed);
  }
  blamed.push_back({"", "excluded_ranks"});
  throw Contradiction(
      fmt::format("Tables {} must be apart from each other, but together they may only use {}. "
                  "Give them more ranks, or drop some of their constraints.",
                  names, where),
      std::move(blamed));
}

}  // namespace

bool Companions::none() const {
  const auto empty = [](const std::vector<TableId>& tables) { return tables.empty(); };
  return std::all_of(followers.begin(), followers.end(), empty) &&
         std::all_of(apart.begin(), apart.end(), empty);
}

Companions find_companions(const Workload& workload) { return Gathering(workload).run(); }

void check_apart(const Workload& workload, const Companions& companions,
                 const std::vector<std::vector<RankId>>& ranks,
                 const std::vector<std::int64_t>& needed) {
  std::vector<bool> seen(companions.apart.size());
  for (std::size_t i = 0; i < companions.apart.size(); ++i) {
    if (seen[i] || companions.apart[i].empty()) continue;
    Matching matching(ranks);
    std::vector<TableId> all = {TableId::of(i)};  // each apart from every other
    const auto add = [&](TableId table) {
      for (std::int64_t rank = 0; rank < needed[table.index()]; ++rank) {
        if (!matching.add(table)) refuse(workload, matching, needed);
      }
    };
    add(all.front());
    for (const TableId other : companions.apart[i]) {
      if (other < all.front()) continue;
      const auto& known = companions.apart[other.index()];
      const bool from_all = std::all_of(all.begin(), all.end(), [&](TableId table) {
        return std::binary_search(known.begin(), known.end(), table);
      });
      if (!from_all) continue;
      all.push_back(other);
      seen[other.index()] = true;
      add(other);
    }
  }
}

}  // namespace shardwright
