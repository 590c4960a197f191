#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace shardwright {

/// An index that cannot be mistaken for another kind of index. Counts from 0.
template <class Tag>
class Id {
 public:
  explicit constexpr Id(std::int64_t value) : value_(value) {}
  /// The id of element `index` of a vector.
  static constexpr Id of(std::size_t index) { return Id(static_cast<std::int64_t>(index)); }
  constexpr std::int64_t value() const { return value_; }
  /// The same number, for indexing a vector; the id must not be negative.
  constexpr std::size_t index() const { return static_cast<std::size_t>(value_); }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::int64_t value_;
};

using TableId = Id<struct TableTag>;  ///< position in Workload::tables
using RankId = Id<struct RankTag>;    ///< MPI rank; position in Topology::ranks

}  // namespace shardwright
