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

/// Gives a buffer the size of all blocks together.
template <class T>
void make_room(std::span<const std::span<T>> blocks, std::vector<std::uint16_t>& buffer) {
  std::size_t size = 0;
  for (const std::span<T> block : blocks) size += block.size();
  buffer.resize(size);
}

}  // namespace

void WireExchange::all_to_all(Communicator& comm, DataType format,
                              std::span<const std::span<const float>> send,
                              std::span<const std::span<float>> receive) {
  std::vector<Communicator::SendBlock> sent;
  std::vector<Communicator::ReceiveBlock> received;
  if (format == DataType::fp32) {
    for (const std::span<const float> block : send) sent.push_back(std::as_bytes(block));
    for (const std::span<float> block : receive) received.push_back(std::as_writable_bytes(block));
    return comm.all_to_all(sent, received);
  }
  make_room(send, sent_);
  make_room(receive, received_);
  for (std::size_t begin = 0; const std::span<const float> block : send) {
    const std::span narrowed = std::span(sent_).subspan(begin, block.size());
    std::transform(block.begin(), block.end(), narrowed.begin(),
                   [&](float value) { return narrow(format, value); });
    sent.push_back(std::as_bytes(narrowed));
    begin += block.size();
  }
  for (std::size_t begin = 0; const std::span<float> block : receive) {
    received.push_back(std::as_writable_bytes(std::span(received_).subspan(begin, block.size())));
    begin += block.size();
  }
  comm.all_to_all(sent, received);
  for (std::size_t begin = 0; const std::span<float> block : receive) {
    const std::span narrowed = std::span(received_).subspan(begin, block.size());
    std::transform(narrowed.begin(), narrowed.end(), block.begin(),
                   [&](std::uint16_t bits) { return widen(format, bits); });
    begin += block.size();
  }
}

void round_to_format(DataType format, std::span<float> values) {
  if (format == DataType::fp32) return;
  for (float& value : values) value = widen(format, narrow(format, value));
}

}  // namespace shardwright
