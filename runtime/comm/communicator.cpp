#include "runtime/comm/communicator.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

namespace shardwright {

namespace {

/// Of what was done when it was begun.
class DoneExchange final : public Communicator::Exchange {
 public:
  bool advance() override { return true; }
  void wait() override {}
};

}  // namespace

void Communicator::all_to_all(std::span<const SendBlock> send,
                              std::span<const ReceiveBlock> receive) {
  require_blocks(send, receive);
  do_all_to_all(send, receive);
  count(send);
}

std::unique_ptr<Communicator::Exchange> Communicator::start_all_to_all(
    std::span<const SendBlock> send, std::span<const ReceiveBlock> receive) {
  require_blocks(send, receive);
  std::unique_ptr<Exchange> exchange = do_start(send, receive);
  count(send);
  return exchange;
}

std::unique_ptr<Communicator::Exchange> Communicator::do_start(
    std::span<const SendBlock> send, std::span<const ReceiveBlock> receive) {
  do_all_to_all(send, receive);
  return std::make_unique<DoneExchange>();
}

void Communicator::require_blocks(std::span<const SendBlock> send,
                                  std::span<const ReceiveBlock> receive) const {
  const auto ranks = static_cast<std::size_t>(size());
  const std::size_t self = rank().index();
  if (send.size() == ranks && receive.size() == ranks &&
      send[self].size() == receive[self].size()) {
    return;
  }
  throw std::logic_error(
      fmt::format("all_to_all on rank {} of {}: {} send blocks, {} receive blocks, or the blocks "
                  "to itself differ in size.",
                  self, ranks, send.size(), receive.size()));
}

void Communicator::count(std::span<const SendBlock> send) {
  for (std::size_t peer = 0; peer < send.size(); ++peer) {
    if (peer == rank().index() || send[peer].empty()) continue;
    traffic_.bytes_sent += static_cast<std::int64_t>(send[peer].size());
    ++traffic_.messages_sent;
  }
}

std::vector<bool> Communicator::ranks_beside() {
  return std::vector<bool>(static_cast<std::size_t>(size()));
}

double Communicator::clock_ms() const {
  const std::chrono::duration<double, std::milli> now =
      std::chrono::steady_clock::now().time_since_epoch();
  return now.count();
}

}  // namespace shardwright
