#include "runtime/exchange/wire_exchange.hpp"

#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

std::uint16_t narrow(DataType format, float value) {
  return format == DataType::bf16 ? nearest_bf16(value).bits : nearest_fp16(value).bits;
}

float widen(DataType format, std::uint16_t bits) {
  return format == DataType::bf16 ? to_float(Bf16{bits}) : to_float(Fp16{bits});
}

/// A buffer of the size of all blocks together, cut as they are.
template <class T>
std::vector<std::span<std::uint16_t>> cut(std::vector<std::uint16_t>& buffer,
                                          std::span<const std::span<T>> blocks) {
  std::size_t size = 0;
  for (const std::span<T> block : blocks) size += block.size();
  buffer.resize(size);
  std::vector<std::span<std::uint16_t>> parts;
  for (std::size_t begin = 0; const std::span<T> block : blocks) {
    parts.push_back(std::span(buffer).subspan(begin, block.size()));
    begin += block.size();
  }
  return parts;
}

}  // namespace

void WireExchange::start(Communicator& comm, DataType format,
                         std::span<const std::span<const float>> send,
                         std::span<const std::span<float>> receive) {
  format_ = format;
  if (format != DataType::fp32) return start_narrow(comm, send, receive);
  std::vector<Communicator::SendBlock> sent;
  std::vector<Communicator::ReceiveBlock> received;
  for (const std::span<const float> block : send) sent.push_back(std::as_bytes(block));
  for (const std::span<float> block : receive) received.push_back(std::as_writable_bytes(block));
  exchange_ = comm.start_all_to_all(sent, received);
}

void WireExchange::start(Communicator& comm, DataType format,
                         const std::vector<std::span<float>>& send,
                         const std::vector<std::span<float>>& receive) {
  const std::vector<std::span<const float>> sent(send.begin(), send.end());
  start(comm, format, std::span(sent), std::span(receive));
}

void WireExchange::start_narrow(Communicator& comm, std::span<const std::span<const float>> send,
                                std::span<const std::span<float>> receive) {
  receive_.assign(receive.begin(), receive.end());
  const auto narrowed = cut(sent_, send);
  std::vector<Communicator::SendBlock> sent;
  std::vector<Communicator::ReceiveBlock> received;
  for (std::size_t r = 0; r < send.size(); ++r) {
    std::transform(send[r].begin(), send[r].end(), narrowed[r].begin(),
                   [&](float value) { return narrow(format_, value); });
    sent.push_back(std::as_bytes(narrowed[r]));
  }
  for (const auto part : cut(received_, receive)) received.push_back(std::as_writable_bytes(part));
  exchange_ = comm.start_all_to_all(sent, received);
}

void WireExchange::finish() {
  exchange_->wait();
  exchange_.reset();
  if (format_ == DataType::fp32) return;
  for (std::size_t begin = 0; const std::span<float> block : receive_) {
    const std::span narrowed = std::span(received_).subspan(begin, block.size());
    std::transform(narrowed.begin(), narrowed.end(), block.begin(),
                   [&](std::uint16_t bits) { return widen(format_, bits); });
    begin += block.size();
  }
}

void round_to_format(DataType format, std::span<float> values) {
  if (format == DataType::fp32) return;
  for (float& value : values) value = widen(format, narrow(format, value));
}

}  // namespace shardwright
