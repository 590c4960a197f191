#include "runtime/device/embedding_traffic.hpp"

#include <span>
#include <vector>

namespace shardwright {
namespace {

struct BlockCounts {
  std::int64_t ids = 0;
  std::int64_t bags = 0;
  std::int64_t unique_rows = 0;
};

BlockCounts count(const OwnedBlock& block, const InputExchange& input) {
  BlockCounts counts;
  std::vector<bool> seen(static_cast<std::size_t>(block.rows()));
  for (const InputSource& source : input.sources()) {
    for (std::size_t k = 0; k < block.num_features; ++k) {
      const BagsView& bags = source.features[block.first_feature + k];
      counts.ids += std::ssize(bags.ids);
      counts.bags += std::ssize(bags.lengths);
      for (const std::int64_t id : bags.ids) {
        auto row = seen[static_cast<std::size_t>(id)];
        counts.unique_rows += row ? 0 : 1;
        row = true;
      }
    }
  }
  return counts;
}

constexpr std::int64_t kIdBytes = 8;
constexpr std::int64_t kFloat = 4;

}  // namespace

EmbeddingTraffic embedding_traffic(const ExchangeLayout& layout, const Workload& workload,
                                   const OptimizerSettings& settings, RankId self,
                                   const InputExchange& input) {
  const OwnerLayout& owner = layout.owners[self.index()];
  EmbeddingTraffic traffic;
  for (const OwnedBlock& block : owner.blocks) {
    const BlockCounts counts = count(block, input);
    const OptimizerKind optimizer = workload.table(block.table).optimizer;
    traffic.ids += counts.ids;
    traffic.unique_rows += counts.unique_rows;
    for (const OwnedPiece& piece :
         std::span(owner.pieces).subspan(block.first_piece, block.num_pieces)) {
      const std::int64_t columns = owner.shards[piece.shard].columns();
      const std::int64_t state = state_width(optimizer, settings, columns);
      traffic.lookup_bytes += kIdBytes * counts.ids + kFloat * columns * (counts.ids + counts.bags);
      traffic.update_bytes += kIdBytes * counts.ids + kFloat * columns * counts.bags +
                              2 * kFloat * (columns + state) * counts.unique_rows;
    }
  }
  return traffic;
}

}  // namespace shardwright
