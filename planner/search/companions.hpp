#pragma once

#include "costmodel/ids.hpp"
#include "costmodel/table.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// What tables ask of each other: which must share one rank and which must not.
struct Companions {
  /// Per table: the first of those it shares a rank with, itself if there are none.
  std::vector<TableId> leader;
  /// Per leader: the others that go where it goes, ascending.
  std::vector<std::vector<TableId>> followers;
  /// Per leader: leaders whose ranks it must avoid, ascending. Mutual.
  std::vector<std::vector<TableId>> apart;

  bool leads(TableId table) const { return leader[table.index()] == table; }
  /// Whether no table asks anything of another.
  bool none() const;
};

/// Gathers `together` and `apart` of all tables; the first is transitive, the second mutual. Throws
/// Contradiction: a name that no table has, a table that names itself, tables that must be both.
Companions find_companions(const Workload& workload);

/// Throws Contradiction if tables that must be apart have too few ranks between them (Hall's
/// theorem, over groups of tables that must all be apart from each other). `ranks`: per table,
/// those it may use, ascending; `needed`: how many of them it takes at least.
void check_apart(const Workload& workload, const Companions& companions,
                 const std::vector<std::vector<RankId>>& ranks,
                 const std::vector<std::int64_t>& needed);

}  // namespace shardwright
