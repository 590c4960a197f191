#include "runtime/exchange/pooled_exchange.hpp"

#include "runtime/exchange/column_runs.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

/// The rows of an owner's matrix that belong to one source.
template <class T>
std::span<T> rows_of(const InputSource& source, std::int64_t row_width, std::span<T> matrix) {
  return matrix.subspan(
      static_cast<std::size_t>(source.row_begin * row_width),
      static_cast<std::size_t>((source.row_end() - source.row_begin) * row_width));
}

/// Copies each row's runs from an owner's block to the pooled rows; zeros where partial sums are to
/// be added.
void unpack(const OwnerLayout& owner, std::span<const float> block, std::int64_t pooled_columns,
            std::span<float> pooled) {
  for_each_run(RowsOf<const float>{block, owner.columns}, RowsOf<float>{pooled, pooled_columns},
               owner.runs, [](const float* from, float* to, const ColumnRun& run) {
                 if (run.is_part) {
                   std::fill_n(to + run.pooled_column, run.width, 0.0F);
                 } else {
                   std::copy_n(from + run.owner_column, run.width, to + run.pooled_column);
                 }
               });
}

/// Adds the partial sums of all owners' blocks.
void add_parts(const ExchangeLayout& layout, std::span<const std::span<const float>> blocks,
               std::span<float> pooled) {
  if (layout.partial_runs.empty()) return;
  std::size_t sample = 0;
  for (float* to = pooled.data(); to != pooled.data() + pooled.size();
       to += layout.pooled_columns, ++sample) {
    for (const auto& [owner, run] : layout.partial_runs) {
      const auto stride = static_cast<std::size_t>(layout.owners[owner].columns);
      const float* from = blocks[owner].data() + sample * stride + run.owner_column;
      add_values(from, to + run.pooled_column, run.width);
    }
  }
}

/// The reverse of unpack().
void pack(const OwnerLayout& owner, std::span<const float> pooled, std::int64_t pooled_columns,
          std::span<float> block) {
  for_each_run(RowsOf<float>{block, owner.columns}, RowsOf<const float>{pooled, pooled_columns},
               owner.runs, [](float* to, const float* from, const ColumnRun& run) {
                 std::copy_n(from + run.pooled_column, run.width, to + run.owner_column);
               });
}

}  // namespace

std::size_t PooledExchange::rounds(std::size_t ranks) const {
  return one_by_one_ && ranks > 1 ? ranks - 1 : 1;
}

std::vector<std::size_t> PooledExchange::receivers(std::size_t self, std::size_t ranks,
                                                   std::size_t round) const {
  std::vector<std::size_t> peers;
  const std::size_t first = one_by_one_ ? round + 1 : 1;
  const std::size_t end = one_by_one_ ? std::min(round + 2, ranks) : ranks;
  for (std::size_t step = first; step < end; ++step) peers.push_back((self + step) % ranks);
  return peers;
}

/// Those that this rank is a receiver of.
std::vector<std::size_t> PooledExchange::senders(std::size_t round) const {
  const std::size_t ranks = blocks_.of_rank.size();
  std::vector<std::size_t> peers = receivers(self_, ranks, round);
  for (std::size_t& peer : peers) peer = (2 * self_ + ranks - peer) % ranks;
  return peers;
}

std::size_t PooledExchange::pooled_size(const OwnerLayout& owner,
                                        std::span<const InputSource> sources) const {
  return static_cast<std::size_t>(sources[self_].samples * owner.columns);
}

void PooledExchange::unpack_from(const ExchangeLayout& layout, std::size_t peer,
                                 std::span<const InputSource> sources, std::span<const float> block,
                                 const OutputValues& values) const {
  const OwnerLayout& owner = layout.owners[peer];
  const std::size_t of_samples = pooled_size(owner, sources);
  unpack(owner, block.first(of_samples), layout.pooled_columns, values.pooled);
  vectors_.unpack(owner, block.subspan(of_samples), values.vectors);
}

/// The reverse.
void PooledExchange::pack_for(const ExchangeLayout& layout, std::size_t peer,
                              std::span<const InputSource> sources,
                              const OutputGradients& gradients, std::span<float> block) const {
  const OwnerLayout& owner = layout.owners[peer];
  const std::size_t of_samples = pooled_size(owner, sources);
  pack(owner, gradients.pooled, layout.pooled_columns, block.first(of_samples));
  vectors_.pack(owner, gradients.vectors, block.subspan(of_samples));
}

void PooledExchange::exchange_in_place(std::vector<bool> beside, const SharedFloats& matrix) {
  beside_.emplace(std::move(beside), matrix);
}

void PooledExchange::make_room(Communicator& comm, const ExchangeLayout& layout,
                               std::span<const InputSource> sources) {
  self_ = comm.rank().index();
  sizes_.clear();
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    const OwnerLayout& owner = layout.owners[r];
    sizes_.push_back(r == self_ ? 0 : pooled_size(owner, sources) + vectors_.size_from(owner));
  }
  find_blocks();
  wires_.resize(rounds(sources.size()));
}

void PooledExchange::find_blocks() {
  std::vector<std::size_t> sent = sizes_;
  for (std::size_t r = 0; r < sent.size(); ++r) {
    if (in_place(r)) sent[r] = 0;
  }
  blocks_.make_room(sent);
  for (std::size_t r = 0; r < sent.size(); ++r) {
    if (in_place(r)) blocks_.of_rank[r] = beside_->opened(r, sizes_[r]);
  }
}

/// In place of a block that is not empty.
std::span<const float> PooledExchange::notice(Communicator& comm, std::size_t peer,
                                              std::size_t block_size, std::size_t begin) {
  const std::span<const float> sent = beside_->notice(peer, begin);
  comm.count_beside(static_cast<std::int64_t>(block_size * sizeof(float)) -
                    static_cast<std::int64_t>(sent.size_bytes()));
  return sent;
}

void PooledExchange::start_pooled(Communicator& comm, const ExchangeLayout& layout,
                                  std::span<const InputSource> sources, std::span<float> owned,
                                  std::size_t round) {
  if (round == 0) make_room(comm, layout, sources);
  std::vector<std::span<const float>> send(sources.size());
  std::vector<std::span<float>> receive(sources.size());
  for (const std::size_t peer : receivers(self_, sources.size(), round)) {
    const std::span rows = rows_of(sources[peer], layout.owners[self_].row_width, owned);
    const auto begin = static_cast<std::size_t>(rows.data() - owned.data());
    send[peer] = stays(peer, rows.size()) ? notice(comm, peer, rows.size(), begin) : rows;
  }
  for (const std::size_t peer : senders(round)) {
    receive[peer] = stays(peer, sizes_[peer]) ? beside_->room(peer) : blocks_.of_rank[peer];
  }
  wires_[round].start(comm, formats_.pooled, send, receive);
}

void PooledExchange::finish_round(const ExchangeLayout& layout, std::size_t round,
                                  std::span<const InputSource> sources,
                                  const OutputValues& values) {
  wires_[round].finish();
  for (const std::size_t peer : senders(round)) {
    if (stays(peer, sizes_[peer])) blocks_.of_rank[peer] = beside_->open(peer, sizes_[peer]);
    unpack_from(layout, peer, sources, blocks_.of_rank[peer], values);
  }
}

void PooledExchange::finish_pooled(const ExchangeLayout& layout,
                                   std::span<const InputSource> sources, std::span<float> owned,
                                   const OutputValues& values) {
  const std::span<float> own = rows_of(sources[self_], layout.owners[self_].row_width, owned);
  round_to_format(formats_.pooled, own);
  unpack_from(layout, self_, sources, own, values);
  for (std::size_t round = 0; round < wires_.size(); ++round) {
    finish_round(layout, round, sources, values);
  }
  std::vector<std::span<const float>> blocks(blocks_.of_rank.begin(), blocks_.of_rank.end());
  blocks[self_] = own;
  add_parts(layout, blocks, values.pooled);
}

/// What to send to the owner: the block, or that it is written.
std::span<const float> PooledExchange::written_for(Communicator& comm, const ExchangeLayout& layout,
                                                   std::size_t peer,
                                                   std::span<const InputSource> sources,
                                                   const OutputGradients& gradients) {
  const std::span<float> block = blocks_.of_rank[peer];
  // Without room only if values, which tell of it, were left out of the step.
  if (block.size() == sizes_[peer]) pack_for(layout, peer, sources, gradients, block);
  return stays(peer, sizes_[peer]) ? notice(comm, peer, sizes_[peer], 0) : block;
}

void PooledExchange::start_gradients(Communicator& comm, const ExchangeLayout& layout,
                                     std::span<const InputSource> sources,
                                     const OutputGradients& gradients, std::span<float> owned,
                                     std::size_t round) {
  if (round == 0) make_room(comm, layout, sources);
  std::vector<std::span<const float>> send(sources.size());
  std::vector<std::span<float>> receive(sources.size());
  for (const std::size_t peer : receivers(self_, sources.size(), round)) {
    send[peer] = written_for(comm, layout, peer, sources, gradients);
  }
  for (const std::size_t peer : senders(round)) {
    const std::span rows = rows_of(sources[peer], layout.owners[self_].row_width, owned);
    receive[peer] = stays(peer, rows.size()) ? beside_->room(peer) : rows;
  }
  wires_[round].start(comm, formats_.gradients, send, receive);
}

void PooledExchange::finish_gradients(const ExchangeLayout& layout,
                                      std::span<const InputSource> sources,
                                      const OutputGradients& gradients, std::span<float> owned) {
  const std::span<float> own = rows_of(sources[self_], layout.owners[self_].row_width, owned);
  pack_for(layout, self_, sources, gradients, own);
  round_to_format(formats_.gradients, own);
  for (WireExchange& wire : wires_) wire.finish();
  if (beside_) BlocksBeside::see_written();
}

void PooledExchange::advance() {
  for (WireExchange& wire : wires_) {
    if (!wire.advance()) return;  // which has moved on all that is under way
  }
}

}  // namespace shardwright
