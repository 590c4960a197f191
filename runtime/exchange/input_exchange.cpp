#include "runtime/exchange/input_exchange.hpp"

#include "runtime/exchange/vector_rows.hpp"

#include <fmt/format.h>

#include <cstring>
#include <numeric>
#include <stdexcept>

namespace shardwright {
namespace {

/// Cuts a buffer into blocks of the given sizes, each starting at a multiple of eight bytes, as ids
/// need.
std::vector<std::span<std::byte>> cut(std::vector<std::byte>& buffer,
                                      const std::vector<std::size_t>& sizes) {
  const auto padded = [](std::size_t size) { return (size + 7) / 8 * 8; };
  std::size_t total = 0;
  for (const std::size_t size : sizes) total += padded(size);
  buffer.resize(total);
  std::vector<std::span<std::byte>> blocks;
  for (std::size_t begin = 0; const std::size_t size : sizes) {
    blocks.push_back(std::span(buffer).subspan(begin, size));
    begin += padded(size);
  }
  return blocks;
}

/// Copies `values` to the front of `free`, which then begins behind them.
template <class T>
void put(std::span<std::byte>& free, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  if (!bytes.empty()) std::memcpy(free.data(), bytes.data(), bytes.size());
  free = free.subspan(bytes.size());
}

/// The first `count` values of `block`, which then begins behind them.
template <class T>
std::span<const T> take(std::span<const std::byte>& block, std::int64_t count) {
  const auto values = static_cast<std::size_t>(count);
  if (values > block.size() / sizeof(T)) {
    throw std::logic_error("An input message holds less than its counts and lengths promise.");
  }
  const std::span result(reinterpret_cast<const T*>(block.data()), values);
  block = block.subspan(values * sizeof(T));
  return result;
}

}  // namespace

void InputExchange::run(Communicator& comm, const ExchangeLayout& layout, const Batch& batch) {
  start(comm, layout, batch);
  send(comm, layout);
  finish(layout);
}

void InputExchange::start(Communicator& comm, const ExchangeLayout& layout, const Batch& batch) {
  self_ = comm.rank().index();
  bytes_sent_ = 0;
  parts_.split(layout, batch);
  unique_ids_.find(layout, batch);
  count_and_pack(layout, batch);
  start_counts(comm);
}

void InputExchange::send(Communicator& comm, const ExchangeLayout& layout) {
  exchange_->wait();
  place_samples();
  start_messages(comm, layout);
}

void InputExchange::finish(const ExchangeLayout& layout) {
  exchange_->wait();
  exchange_.reset();
  view_messages(layout, layout.owners[self_]);
  place_vectors(layout.owners[self_], sources_);
}

void InputExchange::advance() {
  if (exchange_) exchange_->advance();
}

/// What an owner is sent of one feature.
const Bags& InputExchange::bags(const ExchangeLayout& layout, const Batch& batch,
                                const OwnedFeature& sent) const {
  if (!sent.is_unique) return parts_.bags(batch, sent);
  return unique_ids_.of(layout.features[sent.feature].table).parts[sent.part.value()];
}

InputExchange::Counts InputExchange::count(const ExchangeLayout& layout, const OwnerLayout& owner,
                                           const Batch& batch) const {
  Counts counts{.first_sample = batch.first_sample, .samples = batch.size};
  for (const OwnedFeature& sent : owner.features) {
    const Bags& of_feature = bags(layout, batch, sent);
    counts.ids += std::ssize(of_feature.ids);
    if (layout.features[sent.feature].weighted) counts.weights += std::ssize(of_feature.weights);
  }
  return counts;
}

std::size_t InputExchange::message_bytes(const Counts& counts, const OwnerLayout& receiver) {
  const std::int64_t by_sample = std::ssize(receiver.features) - receiver.unique_features;
  const std::int64_t lengths = counts.samples * by_sample + receiver.unique_features;
  return static_cast<std::size_t>(8 * counts.ids + 4 * counts.weights + 4 * lengths);
}

void InputExchange::count_and_pack(const ExchangeLayout& layout, const Batch& batch) {
  send_counts_.clear();
  std::vector<std::size_t> sizes;
  for (const OwnerLayout& owner : layout.owners) {
    send_counts_.push_back(count(layout, owner, batch));
    sizes.push_back(message_bytes(send_counts_.back(), owner));
  }
  sent_ = cut(send_buffer_, sizes);
  for (std::size_t r = 0; r < sent_.size(); ++r) pack(layout, layout.owners[r], batch, sent_[r]);
}

void InputExchange::start_counts(Communicator& comm) {
  receive_counts_.resize(send_counts_.size());
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < send_counts_.size(); ++r) {
    send.push_back(std::as_bytes(std::span(&send_counts_[r], 1)));
    receive.push_back(std::as_writable_bytes(std::span(&receive_counts_[r], 1)));
  }
  start_exchange(comm, send, receive);
}

void InputExchange::start_exchange(Communicator& comm,
                                   std::span<const Communicator::SendBlock> send,
                                   std::span<const Communicator::ReceiveBlock> receive) {
  const std::int64_t before = comm.traffic().bytes_sent;
  exchange_ = comm.start_all_to_all(send, receive);
  bytes_sent_ += comm.traffic().bytes_sent - before;
}

void InputExchange::place_samples() {
  sources_.resize(receive_counts_.size());
  samples_ = 0;
  std::int64_t next_sample = 0;
  for (std::size_t r = 0; r < sources_.size(); ++r) {
    const Counts& counts = receive_counts_[r];
    if (counts.samples > 0 && counts.first_sample < next_sample) {
      throw std::logic_error(
          fmt::format("Rank {} has sample {}, which should be on a rank before "
                      "it: the ranks' samples must be in rank order.",
                      r, counts.first_sample));
    }
    if (counts.samples > 0) next_sample = counts.first_sample + counts.samples;
    sources_[r].row_begin = samples_;
    sources_[r].samples = counts.samples;
    samples_ += counts.samples;
  }
}

void InputExchange::start_messages(Communicator& comm, const ExchangeLayout& layout) {
  std::vector<std::size_t> sizes;
  for (std::size_t r = 0; r < receive_counts_.size(); ++r) {
    sizes.push_back(r == self_ ? 0 : message_bytes(receive_counts_[r], layout.owners[self_]));
  }
  received_ = cut(receive_buffer_, sizes);
  std::vector<Communicator::SendBlock> send(sent_.begin(), sent_.end());
  const std::vector<Communicator::ReceiveBlock> receive(received_.begin(), received_.end());
  send[self_] = {};  // the own part is read where it was packed
  received_[self_] = sent_[self_];
  start_exchange(comm, send, receive);
}

void InputExchange::pack(const ExchangeLayout& layout, const OwnerLayout& receiver,
                         const Batch& batch, std::span<std::byte> message) const {
  for (const OwnedFeature& sent : receiver.features) put(message, bags(layout, batch, sent).ids);
  for (const OwnedFeature& sent : receiver.features) {
    if (!layout.features[sent.feature].weighted) continue;
    put(message, bags(layout, batch, sent).weights);
  }
  for (const OwnedFeature& sent : receiver.features) {
    put(message, bags(layout, batch, sent).lengths);
  }
}

void InputExchange::view_messages(const ExchangeLayout& layout, const OwnerLayout& self) {
  for (std::size_t r = 0; r < sources_.size(); ++r) {
    std::span<const std::byte> message = received_[r];
    const auto ids = take<std::int64_t>(message, receive_counts_[r].ids);
    const auto weights = take<float>(message, receive_counts_[r].weights);
    std::size_t first_id = 0;
    std::size_t first_weight = 0;
    sources_[r].features.clear();
    for (const OwnedFeature& sent : self.features) {
      const auto lengths = take<std::int32_t>(message, sent.is_unique ? 1 : sources_[r].samples);
      const auto count = static_cast<std::size_t>(
          std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}));
      const bool is_weighted = layout.features[sent.feature].weighted && !sent.is_unique;
      const std::size_t weighted = is_weighted ? count : 0;
      sources_[r].features.push_back(
          {lengths, ids.subspan(first_id, count), weights.subspan(first_weight, weighted)});
      first_id += count;
      first_weight += weighted;
    }
  }
}

}  // namespace shardwright
