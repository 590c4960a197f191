#include "runtime/comm/communicator.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

namespace shardwright {

void Communicator::all_to_all(std::span<const SendBlock> send,
                              std::span<const ReceiveBlock> receive) {
  const auto ranks = static_cast<std::size_t>(size());
  const std::size_t self = rank().index();
  if (send.size() != ranks || receive.size() != ranks ||
      send[self].size() != receive[self].size()) {
    throw std::logic_error(
        fmt::format("all_to_all on rank {} of {}: {} send blocks, {} receive blocks, or the blocks "
                    "to itself differ in size.",
                    self, ranks, send.size(), receive.size()));
  }
  do_all_to_all(send, receive);
  for (std::size_t peer = 0; peer < ranks; ++peer) {
    if (peer == self || send[peer].empty()) continue;
    traffic_.bytes_sent += static_cast<std::int64_t>(send[peer].size());
    ++traffic_.messages_sent;
  }
}

double Communicator::clock_ms() const {
  const std::chrono::duration<double, std::milli> now =
      std::chrono::steady_clock::now().time_since_epoch();
  return now.count();
}

}  // namespace shardwright
