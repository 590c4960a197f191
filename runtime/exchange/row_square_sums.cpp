#include "runtime/exchange/row_square_sums.hpp"

#include "runtime/embedding/optimizer.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace shardwright {
namespace {

bool contains(const std::vector<std::size_t>& values, std::size_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// The rank of each piece of every block of rows, from left to right: [(table, first row)].
using PieceOwners = std::map<std::pair<TableId, std::int64_t>, std::vector<std::size_t>>;

PieceOwners owners_in_column_order(const ExchangeLayout& layout, const Workload& workload) {
  std::map<std::pair<TableId, std::int64_t>, std::vector<std::pair<std::int64_t, std::size_t>>>
      found;
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    const OwnerLayout& owner = layout.owners[r];
    for (const OwnedBlock& block : owner.blocks) {
      if (!has_row_statistic(workload.table(block.table).optimizer)) continue;
      for (std::size_t p = block.first_piece; p < block.first_piece + block.num_pieces; ++p) {
        const Shard& shard = owner.shards[owner.pieces[p].shard];
        found[{block.table, block.row_begin}].emplace_back(shard.col_begin, r);
      }
    }
  }
  PieceOwners owners;
  for (auto& [block, pieces] : found) {
    std::sort(pieces.begin(), pieces.end());
    if (pieces.size() < 2) continue;  // it has whole rows
    for (const auto& [column, rank] : pieces) owners[block].push_back(rank);
  }
  return owners;
}

/// totals[r] = parts[0][r] + parts[1][r] + …, added from the left.
void add_in_column_order(std::span<const double> parts, std::span<double> totals) {
  std::fill(totals.begin(), totals.end(), 0.0);
  for (std::size_t begin = 0; begin < parts.size(); begin += totals.size()) {
    for (std::size_t r = 0; r < totals.size(); ++r) totals[r] += parts[begin + r];
  }
}

}  // namespace

RowSquareSums::RowSquareSums(const ExchangeLayout& layout, const Workload& workload, RankId self)
    : self_(self.index()), sent_(layout.owners.size()), received_(layout.owners.size()) {
  const PieceOwners owners = owners_in_column_order(layout, workload);
  needed_ = !owners.empty();
  for (const OwnedBlock& owned : layout.owners[self_].blocks) {
    Block& block = blocks_.emplace_back();
    const auto found = owners.find({owned.table, owned.row_begin});
    if (found == owners.end()) continue;
    block.parts = found->second;
    for (std::size_t p = 0; p < block.parts.size(); ++p) {
      if (block.parts[p] == self_) block.own_parts.push_back(p);
    }
  }
}

void RowSquareSums::start(std::size_t block, std::size_t rows) {
  blocks_[block].rows = rows;
  blocks_[block].values.resize(blocks_[block].parts.size() * rows);
  blocks_[block].totals.resize(rows);
}

std::span<double> RowSquareSums::own_part(std::size_t block, std::size_t piece) {
  return blocks_[block].part(blocks_[block].own_parts[piece]);
}

void RowSquareSums::pack_for(std::size_t peer) {
  sent_[peer].clear();
  std::size_t expected = 0;
  for (Block& block : blocks_) {
    if (peer == self_ || !contains(block.parts, peer)) continue;
    for (const std::size_t p : block.own_parts) {
      const std::span<double> part = block.part(p);
      sent_[peer].insert(sent_[peer].end(), part.begin(), part.end());
    }
    const auto peers_parts = std::count(block.parts.begin(), block.parts.end(), peer);
    expected += static_cast<std::size_t>(peers_parts) * block.rows;
  }
  received_[peer].resize(expected);
}

void RowSquareSums::exchange(Communicator& comm) {
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t peer = 0; peer < sent_.size(); ++peer) {
    pack_for(peer);
    send.push_back(std::as_bytes(std::span(sent_[peer])));
    receive.push_back(std::as_writable_bytes(std::span(received_[peer])));
  }
  comm.all_to_all(send, receive);
  unpack_parts();
  for (Block& block : blocks_) add_in_column_order(block.values, block.totals);
}

void RowSquareSums::unpack_parts() {
  std::vector<std::size_t> read(received_.size());  // doubles of each peer's message
  for (Block& block : blocks_) {
    for (std::size_t p = 0; p < block.parts.size(); ++p) {
      const std::size_t peer = block.parts[p];
      if (peer == self_) continue;
      std::copy_n(received_[peer].data() + read[peer], block.rows, block.part(p).data());
      read[peer] += block.rows;
    }
  }
}

}  // namespace shardwright
