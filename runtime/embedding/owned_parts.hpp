#pragma once

#include "costmodel/ids.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// What an owner puts out of the blocks that are summed in nodes, [samples of all ranks][columns]:
/// first the partial sums, later their gradients. Samples whose sums go through one rank of the
/// owner's node (NodeRelays) stand together, so that they are sent and received in place. Empty
/// where no block is summed in nodes. Keeps its buffer from batch to batch.
class OwnedParts {
 public:
  /// Borrows the layout.
  OwnedParts(const ExchangeLayout& layout, RankId self);

  /// Makes room for a batch of these sources, one per rank.
  void start(std::span<const InputSource> sources);
  /// The same, with their rows here; in rank order. Valid until the next start(), as long as the
  /// ids are.
  std::span<const InputSource> sources() const { return sources_; }
  std::int64_t columns() const { return columns_; }
  std::span<float> values() { return values_; }
  /// Of the samples that go through a rank: source after source, in rank order. None for ranks of
  /// other nodes.
  std::span<float> of_relay(RankId relay);

 private:
  struct RowRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  const NodeRelays& relays_;
  std::int64_t columns_;
  std::span<const RankId> members_;  ///< of its node
  std::vector<InputSource> sources_;
  std::vector<RowRange> rows_;  ///< per rank: of the samples that go through it
  LineVector<float> values_;
};

}  // namespace shardwright
