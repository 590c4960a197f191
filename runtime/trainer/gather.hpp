#pragma once

#include "runtime/comm/communicator.hpp"

#include <type_traits>
#include <vector>

namespace shardwright {

/// Every rank's `mine`, in rank order, on every rank; one message to each other rank. Blocks.
template <class Value>
std::vector<Value> gather(Communicator& comm, const Value& mine) {
  static_assert(std::is_trivially_copyable_v<Value>);
  std::vector<Value> all(static_cast<std::size_t>(comm.size()));
  const auto bytes = std::as_bytes(std::span(&mine, 1));
  const std::vector<Communicator::SendBlock> send(all.size(), bytes);
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(all.size());
  for (Value& value : all) receive.push_back(std::as_writable_bytes(std::span(&value, 1)));
  comm.all_to_all(send, receive);
  return all;
}

}  // namespace shardwright
