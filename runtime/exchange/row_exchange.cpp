#include "runtime/exchange/row_exchange.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// Columns of some rows, in someone else's memory: row n begins at first + n · stride.
struct Columns {
  float* first = nullptr;
  std::int64_t stride = 0;
};

void copy_rows(const Columns& from, const Columns& to, std::size_t rows, std::int64_t width) {
  const float* source = from.first;
  float* target = to.first;
  for (std::size_t n = 0; n < rows; ++n, source += from.stride, target += to.stride) {
    std::copy_n(source, width, target);
  }
}

/// Which of a batch's different ids an owner's block was asked for.
struct Asked {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t rows() const { return end - begin; }
};

Asked asked_of(const OwnerLayout& owner, const OwnedBlock& block, const UniqueIds& ids) {
  const std::size_t part = owner.features[block.first_feature].part.value();
  const std::vector<std::size_t>& begins = ids.of(block.table).begins;
  return {begins[part], begins[part + 1]};
}

std::size_t floats_asked(const OwnerLayout& owner, const UniqueIds& ids) {
  std::size_t floats = 0;
  for (const OwnedBlock& block : owner.blocks) {
    if (!block.sends_rows) continue;
    floats += asked_of(owner, block, ids).rows() * static_cast<std::size_t>(block.row_columns);
  }
  return floats;
}

std::size_t floats_given(const OwnerLayout& self, OwnedRows& owned, std::size_t rank) {
  std::size_t floats = 0;
  for (std::size_t b = 0; b < self.blocks.size(); ++b) {
    if (self.blocks[b].sends_rows) floats += owned.values(b, rank).size();
  }
  return floats;
}

}  // namespace

RowExchange::RowExchange(const ExchangeLayout& layout, RankId self, WireFormats formats)
    : layout_(layout),
      self_(self.index()),
      formats_(formats),
      needed_(std::count(layout.unique_rows.begin(), layout.unique_rows.end(), true) > 0) {}

/// What a rank asks itself for is there but once.
void RowExchange::make_room(OwnedRows& owned, const UniqueIds& ids) {
  std::vector<std::size_t> given;
  std::vector<std::size_t> asked;
  for (std::size_t r = 0; r < layout_.owners.size(); ++r) {
    given.push_back(floats_given(self(), owned, r));
    asked.push_back(r == self_ ? 0 : floats_asked(layout_.owners[r], ids));
  }
  given_.make_room(given);
  asked_.make_room(asked);
  asked_.of_rank[self_] = given_.of_rank[self_];
}

void RowExchange::start(Communicator& comm, DataType format, const RankBlocks& sent,
                        const RankBlocks& received) {
  std::vector<std::span<float>> send = sent.of_rank;
  std::vector<std::span<float>> receive = received.of_rank;
  round_to_format(format, given_.of_rank[self_]);
  send[self_] = {};
  receive[self_] = {};
  wire_.start(comm, format, send, receive);
}

/// visit(the owner's values, where they are in the message of the rank that asked for them).
template <class Visit>
void RowExchange::for_each_given(OwnedRows& owned, Visit visit) {
  for (std::size_t r = 0; r < given_.of_rank.size(); ++r) {
    float* message = given_.of_rank[r].data();
    for (std::size_t b = 0; b < self().blocks.size(); ++b) {
      if (!self().blocks[b].sends_rows) continue;
      const std::span<float> values = owned.values(b, r);
      visit(values, message);
      message += values.size();
    }
  }
}

/// visit(columns of `pooled`'s rows, where they are in the owner's message, rows, width).
template <class Visit>
void RowExchange::for_each_asked(const UniqueIds& ids, PooledRows& pooled, Visit visit) {
  for (std::size_t r = 0; r < asked_.of_rank.size(); ++r) {
    const OwnerLayout& owner = layout_.owners[r];
    float* message = asked_.of_rank[r].data();
    for (const OwnedBlock& block : owner.blocks) {
      if (!block.sends_rows) continue;
      const Asked asked = asked_of(owner, block, ids);
      if (asked.rows() == 0) continue;
      const PooledRows::Matrix rows = pooled.rows(block.table);
      float* const first =
          rows.values.data() + static_cast<std::int64_t>(asked.begin) * rows.columns;
      for (std::size_t p = block.first_piece; p < block.first_piece + block.num_pieces; ++p) {
        const OwnedPiece& piece = owner.pieces[p];
        const Shard& shard = owner.shards[piece.shard];
        visit(Columns{first + shard.col_begin, rows.columns},
              Columns{message + piece.column, block.row_columns}, asked.rows(), shard.columns());
      }
      message += static_cast<std::int64_t>(asked.rows()) * block.row_columns;
    }
  }
}

void RowExchange::start_rows(Communicator& comm, OwnedRows& owned, const UniqueIds& ids) {
  if (!needed_) return;
  make_room(owned, ids);
  for_each_given(owned, [](std::span<const float> values, float* message) {
    std::copy(values.begin(), values.end(), message);
  });
  start(comm, formats_.pooled, given_, asked_);
}

void RowExchange::finish_rows(const UniqueIds& ids, PooledRows& pooled) {
  if (!needed_) return;
  wire_.finish();
  for_each_asked(ids, pooled,
                 [](const Columns& rows, const Columns& message, std::size_t count,
                    std::int64_t width) { copy_rows(message, rows, count, width); });
}

void RowExchange::start_gradients(Communicator& comm, OwnedRows& owned, const UniqueIds& ids,
                                  PooledRows& pooled) {
  if (!needed_) return;
  make_room(owned, ids);
  for_each_asked(ids, pooled,
                 [](const Columns& rows, const Columns& message, std::size_t count,
                    std::int64_t width) { copy_rows(rows, message, count, width); });
  start(comm, formats_.gradients, asked_, given_);
}

void RowExchange::finish_gradients(OwnedRows& owned) {
  if (!needed_) return;
  wire_.finish();
  for_each_given(owned, [](std::span<float> values, const float* message) {
    std::copy_n(message, values.size(), values.begin());
  });
}

}  // namespace shardwright
