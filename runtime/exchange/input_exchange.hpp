#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/exchange/input_source.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/row_parts.hpp"
#include "runtime/exchange/unique_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// Brings the ids to the ranks that own the tables. Two messages per pair of ranks: counts (32
/// bytes), then ids, weights and lengths of the features that the receiver needs (8 bytes per id, 4
/// per weight, 4 per sample and feature), once for each owner of the table however many column
/// shards it has. Of a table whose rows are cut, an owner is sent the ids of its own rows alone; of
/// one that sends rows each id once, without weights and with one length of 4 bytes for the batch.
/// Keeps its buffers from batch to batch.
class InputExchange {
 public:
  /// Sent to every other rank in every step, before the ids.
  static constexpr std::int64_t kCountBytes = 32;

  /// Takes this rank's `batch`; the ranks' samples must follow one another in rank order
  /// (std::logic_error otherwise). `batch` may change afterwards. Blocks.
  void run(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);

  /// run() in three parts, between which a rank may do something else: start() packs the batch,
  /// which may change then, and sends the counts; send() waits for the others' counts and sends the
  /// ids; finish() waits for the others' ids. The ranks call each in the same order among all that
  /// they do together.
  void start(Communicator& comm, const ExchangeLayout& layout, const Batch& batch);
  void send(Communicator& comm, const ExchangeLayout& layout);
  void finish(const ExchangeLayout& layout);
  /// Moves on what is under way; does not block.
  void advance();
  /// Between start() and finish().
  bool is_under_way() const { return exchange_ != nullptr; }

  /// What the last batch has sent to other ranks so far.
  std::int64_t bytes_sent() const { return bytes_sent_; }
  /// Of the last batch that was finished, one per rank, in rank order; views end with the next
  /// start.
  const std::vector<InputSource>& sources() const { return sources_; }
  /// Of the last batch that was started: those of the tables that send rows.
  const UniqueIds& unique_ids() const { return unique_ids_; }
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

  const Bags& bags(const ExchangeLayout& layout, const Batch& batch,
                   const OwnedFeature& sent) const;
  Counts count(const ExchangeLayout& layout, const OwnerLayout& owner, const Batch& batch) const;
  static std::size_t message_bytes(const Counts& counts, const OwnerLayout& receiver);
  void count_and_pack(const ExchangeLayout& layout, const Batch& batch);
  void start_counts(Communicator& comm);
  void place_samples();
  void start_messages(Communicator& comm, const ExchangeLayout& layout);
  void start_exchange(Communicator& comm, std::span<const Communicator::SendBlock> send,
                      std::span<const Communicator::ReceiveBlock> receive);
  void pack(const ExchangeLayout& layout, const OwnerLayout& receiver, const Batch& batch,
            std::span<std::byte> message) const;
  void view_messages(const ExchangeLayout& layout, const OwnerLayout& self);

  RowParts parts_;
  UniqueIds unique_ids_;
  std::vector<Counts> send_counts_;     ///< per receiver
  std::vector<Counts> receive_counts_;  ///< per sender
  std::vector<std::byte> send_buffer_;
  std::vector<std::byte> receive_buffer_;
  std::vector<std::span<std::byte>> sent_;      ///< per receiver, in send_buffer_
  std::vector<std::span<std::byte>> received_;  ///< per sender, in receive_buffer_; own: as sent
  std::vector<InputSource> sources_;
  std::int64_t samples_ = 0;
  std::int64_t bytes_sent_ = 0;
  std::size_t self_ = 0;
  std::unique_ptr<Communicator::Exchange> exchange_;  ///< of counts, then of messages
};

}  // namespace shardwright
