#pragma once

#include "costmodel/node_relays.hpp"
#include "runtime/comm/communicator.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

namespace shardwright {

/// Passes all on to another communicator, and counts what leaves the rank's node.
class LinkCounter final : public Communicator {
 public:
  /// Borrows the communicator. `nodes`: of all its ranks.
  LinkCounter(Communicator& comm, NodeRelays nodes) : comm_(comm), nodes_(std::move(nodes)) {}

  RankId rank() const override { return comm_.rank(); }
  std::int64_t size() const override { return comm_.size(); }
  void barrier() override { comm_.barrier(); }
  [[noreturn]] void abort(int exit_code) override {
    comm_.abort(exit_code);
    std::_Exit(exit_code);  // the compiler does not know that the call above never returns
  }

  std::int64_t bytes_between_nodes() const { return bytes_; }

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override {
    count(send);
    comm_.all_to_all(send, receive);
  }
  std::unique_ptr<Exchange> do_start(std::span<const SendBlock> send,
                                     std::span<const ReceiveBlock> receive) override {
    count(send);
    return comm_.start_all_to_all(send, receive);
  }
  void count(std::span<const SendBlock> send) {
    for (std::size_t peer = 0; peer < send.size(); ++peer) {
      if (nodes_.node(RankId::of(peer)) == nodes_.node(rank())) continue;
      bytes_ += static_cast<std::int64_t>(send[peer].size());
    }
  }

  Communicator& comm_;
  NodeRelays nodes_;
  std::int64_t bytes_ = 0;
};

}  // namespace shardwright
