#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/reduce_scatter.hpp"
#include "runtime/profile/comm_calls.hpp"

#include <cstddef>
#include <vector>

namespace shardwright {

/// A collective with its buffers, to be called again and again. Borrows the communicator.
class PreparedCall {
 public:
  PreparedCall(Communicator& comm, const ProfiledCall& call, std::uint64_t seed);
  /// All ranks together. Blocks.
  void run();

 private:
  void prepare_blocks(const std::vector<std::vector<std::int64_t>>& blocks, bool same_to_all);

  Communicator& comm_;
  CollectiveKind operation_;
  std::vector<std::byte> sent_;
  std::vector<std::byte> received_;
  std::vector<Communicator::SendBlock> send_;
  std::vector<Communicator::ReceiveBlock> receive_;
  std::vector<float> values_;  // of sums
  OrderedReduceScatter<float> reduce_scatter_;
  OrderedAllReduce<float> all_reduce_;
};

}  // namespace shardwright
