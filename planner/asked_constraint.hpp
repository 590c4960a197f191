#pragma once

#include <initializer_list>
#include <string>
#include <vector>

namespace shardwright {

/// A constraint that somebody wrote down, by what it is called in files.
struct AskedConstraint {
  std::string table;  ///< empty: of the ranks, as excluded_ranks
  std::string key;    ///< "max_shards"
};

/// Those of one table.
inline std::vector<AskedConstraint> constraints_of(const std::string& table,
                                                   std::initializer_list<const char*> keys) {
  std::vector<AskedConstraint> asked;
  for (const char* key : keys) asked.push_back({table, key});
  return asked;
}

/// What keeps a table from ranks.
inline std::vector<AskedConstraint> rank_constraints_of(const std::string& table) {
  auto asked = constraints_of(table, {"ranks", "nodes"});
  asked.push_back({"", "excluded_ranks"});
  return asked;
}

inline void append(const std::vector<AskedConstraint>& more, std::vector<AskedConstraint>& asked) {
  asked.insert(asked.end(), more.begin(), more.end());
}

}  // namespace shardwright
