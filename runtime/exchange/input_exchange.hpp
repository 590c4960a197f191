#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/row_parts.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// One feature's bags of one rank's samples, as Bags, in someone else's memory.
struct BagsView {
  std::span<const std::int32_t> lengths;
  std::span<const std::int64_t> ids;
  std::span<const float> weights;
};

/// What one rank sent: its samples are rows [row_begin, row_begin + samples) of the matrix.
struct InputSource {
  std::int64_t row_begin = 0;
  std::int64_t samples = 0;
  std::vector<BagsView> features;  ///< in the order of OwnerLayout::features
};

/// Brings the ids to the ranks that own the tables. Two messages per pair of ranks: counts (32
/// bytes), then ids, weights and lengths of the features that the receiver needs (8 bytes per id, 4
/// per weight, 4 per sample and feature), once for each owner of the table however many column
/// shards it has. Of a table whose rows are cut, an owner is sent the ids of its own rows alone.
/// Keeps its buffers from batch to batch.
class InputExchange {
 public:
  /// Sent to every other rank in every step, before the ids.
  static constexpr std::int64_t kCountBytes = 32;

  /// Takes this rank's `batch`; the ranks' samples must follow one another in rank order
  /// (std::logic_error otherwise). `batch` may change afterwards. Blocks.
  void run(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);

  /// Of the last run, one per rank, in rank order; views end with the next run.
  const std::vector<InputSource>& sources() const { return sources_; }
  /// Samples of all ranks.
  std::int64_t samples() const { return samples_; }

 private:
  /// Announces a message. Sent as it stands.
  struct Counts {
    std::int64_t first_sample = 0;
    std::int64_t samples = 0;
    std::int64_t ids = 0;
    std::int64_t weights = 0;
  };
  static_assert(sizeof(Counts) == kCountBytes);

  Counts count(const ExchangeLayout& layout, const OwnerLayout& owner, const Batch& batch) const;
  static std::size_t message_bytes(const Counts& counts, const OwnerLayout& receiver);
  void exchange_counts(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);
  void place_samples();
  void exchange_messages(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);
  void pack(const ExchangeLayout& layout, const OwnerLayout& receiver, const Batch& batch,
            std::span<std::byte> message) const;
  void view_messages(const ExchangeLayout& layout, const OwnerLayout& self);

  RowParts parts_;
  std::vector<Counts> send_counts_;     ///< per receiver
  std::vector<Counts> receive_counts_;  ///< per sender
  std::vector<std::byte> send_buffer_;
  std::vector<std::byte> receive_buffer_;
  std::vector<std::span<std::byte>> sent_;      ///< per receiver, in send_buffer_
  std::vector<std::span<std::byte>> received_;  ///< per sender, in receive_buffer_
  std::vector<InputSource> sources_;
  std::int64_t samples_ = 0;
};

}  // namespace shardwright
