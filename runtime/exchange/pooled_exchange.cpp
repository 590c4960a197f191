#include "runtime/exchange/pooled_exchange.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// The rows of an owner's matrix that belong to one source's samples.
template <class T>
std::span<T> rows_of(const InputSource& source, std::int64_t columns, std::span<T> matrix) {
  return matrix.subspan(static_cast<std::size_t>(source.row_begin * columns),
                        static_cast<std::size_t>(source.samples * columns));
}

/// Copies each row's runs from an owner's block to the pooled rows; zeros where partial sums are to
/// be added.
void unpack(const OwnerLayout& owner, std::span<const float> block, std::int64_t pooled_columns,
            std::span<float> pooled) {
  const float* from = block.data();
  float* to = pooled.data();
  for (const float* end = from + block.size(); from != end; from += owner.columns) {
    for (const ColumnRun& run : owner.runs) {
      if (run.is_part) {
        std::fill_n(to + run.pooled_column, run.width, 0.0F);
      } else {
        std::copy_n(from + run.owner_column, run.width, to + run.pooled_column);
      }
    }
    to += pooled_columns;
  }
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
      for (std::int64_t c = 0; c < run.width; ++c) to[run.pooled_column + c] += from[c];
    }
  }
}

/// The reverse of unpack().
void pack(const OwnerLayout& owner, std::span<const float> pooled, std::int64_t pooled_columns,
          std::span<float> block) {
  const float* from = pooled.data();
  float* to = block.data();
  for (const float* end = to + block.size(); to != end; to += owner.columns) {
    for (const ColumnRun& run : owner.runs) {
      std::copy_n(from + run.pooled_column, run.width, to + run.owner_column);
    }
    from += pooled_columns;
  }
}

}  // namespace

void PooledExchange::bring_pooled(Communicator& comm, const ExchangeLayout& layout,
                                  std::span<const InputSource> sources, std::span<float> owned,
                                  std::span<float> pooled) {
  const std::size_t self = comm.rank().index();
  const std::int64_t columns = layout.owners[self].columns;
  const auto from_owners =
      owners_blocks(layout, self, static_cast<std::size_t>(sources[self].samples));
  round_to_format(formats_.pooled, rows_of(sources[self], columns, owned));
  std::vector<std::span<const float>> send;
  for (const InputSource& source : sources) send.emplace_back(rows_of(source, columns, owned));
  send[self] = {};  // read where it lies
  wire_.all_to_all(comm, formats_.pooled, send, from_owners);
  std::vector<std::span<const float>> blocks(from_owners.begin(), from_owners.end());
  blocks[self] = rows_of(sources[self], columns, owned);
  for (std::size_t r = 0; r < blocks.size(); ++r) {
    unpack(layout.owners[r], blocks[r], layout.pooled_columns, pooled);
  }
  add_parts(layout, blocks, pooled);
}

void PooledExchange::bring_gradients(Communicator& comm, const ExchangeLayout& layout,
                                     std::span<const InputSource> sources,
                                     std::span<const float> gradients, std::span<float> owned) {
  const std::size_t self = comm.rank().index();
  const std::int64_t columns = layout.owners[self].columns;
  const auto to_owners =
      owners_blocks(layout, self, static_cast<std::size_t>(sources[self].samples));
  std::vector<std::span<float>> receive;
  for (std::size_t r = 0; r < sources.size(); ++r) {
    const std::span<float> own_rows = rows_of(sources[r], columns, owned);
    pack(layout.owners[r], gradients, layout.pooled_columns, r == self ? own_rows : to_owners[r]);
    receive.push_back(own_rows);
  }
  round_to_format(formats_.gradients, receive[self]);
  receive[self] = {};  // packed where it is read
  const std::vector<std::span<const float>> send(to_owners.begin(), to_owners.end());
  wire_.all_to_all(comm, formats_.gradients, send, receive);
}

std::vector<std::span<float>> PooledExchange::owners_blocks(const ExchangeLayout& layout,
                                                            std::size_t self, std::size_t samples) {
  std::vector<std::size_t> sizes;
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    sizes.push_back(r == self ? 0 : samples * static_cast<std::size_t>(layout.owners[r].columns));
  }
  std::size_t total = 0;
  for (const std::size_t size : sizes) total += size;
  buffer_.resize(total);
  std::vector<std::span<float>> result;
  for (std::size_t begin = 0; const std::size_t size : sizes) {
    result.push_back(std::span(buffer_).subspan(begin, size));
    begin += size;
  }
  return result;
}

}  // namespace shardwright
