#include "runtime/exchange/row_square_sums.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

bool contains(const std::vector<std::size_t>& values, std::size_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// The rank of each column shard of a table, from left to right.
std::vector<std::size_t> owners_in_column_order(const ExchangeLayout& layout, TableId table) {
  std::vector<std::pair<std::int64_t, std::size_t>> found;
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    for (const OwnedShard& owned : layout.owners[r].shards) {
      if (owned.shard.table == table) found.emplace_back(owned.shard.col_begin, r);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::size_t> owners;
  owners.reserve(found.size());
  for (const auto& [column, rank] : found) owners.push_back(rank);
  return owners;
}

bool is_shared(const ExchangeLayout& layout, const Workload& workload, TableId table) {
  return workload.table(table).optimizer == OptimizerKind::rowwise_adagrad &&
         owners_in_column_order(layout, table).size() > 1;
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
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    needed_ = needed_ || is_shared(layout, workload, TableId::of(t));
  }
  for (const OwnedTable& owned : layout.owners[self_].tables) {
    Table& table = tables_.emplace_back();
    if (!is_shared(layout, workload, owned.table)) continue;
    table.parts = owners_in_column_order(layout, owned.table);
    for (std::size_t p = 0; p < table.parts.size(); ++p) {
      if (table.parts[p] == self_) table.own_parts.push_back(p);
    }
  }
}

void RowSquareSums::start(std::size_t owned_table, std::size_t rows) {
  Table& table = tables_[owned_table];
  table.rows = rows;
  table.values.resize(table.parts.size() * rows);
  table.totals.resize(rows);
}

std::span<double> RowSquareSums::own_part(std::size_t owned_table, std::size_t shard) {
  Table& table = tables_[owned_table];
  return table.part(table.own_parts[shard]);
}

void RowSquareSums::pack_for(std::size_t peer) {
  sent_[peer].clear();
  std::size_t expected = 0;
  for (Table& table : tables_) {
    if (peer == self_ || !contains(table.parts, peer)) continue;
    for (const std::size_t p : table.own_parts) {
      const std::span<double> part = table.part(p);
      sent_[peer].insert(sent_[peer].end(), part.begin(), part.end());
    }
    const auto peers_parts = std::count(table.parts.begin(), table.parts.end(), peer);
    expected += static_cast<std::size_t>(peers_parts) * table.rows;
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
  for (Table& table : tables_) add_in_column_order(table.values, table.totals);
}

void RowSquareSums::unpack_parts() {
  std::vector<std::size_t> read(received_.size());  // doubles of each peer's message
  for (Table& table : tables_) {
    for (std::size_t p = 0; p < table.parts.size(); ++p) {
      const std::size_t peer = table.parts[p];
      if (peer == self_) continue;
      std::copy_n(received_[peer].data() + read[peer], table.rows, table.part(p).data());
      read[peer] += table.rows;
    }
  }
}

}  // namespace shardwright
