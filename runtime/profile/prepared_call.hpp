#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/reduce_scatter.hpp"
#include "runtime/profile/cache_sweep.hpp"
#include "runtime/profile/comm_calls.hpp"
#include "runtime/profile/in_place_work.hpp"
#include "runtime/profile/local_work.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// A collective, local work or an exchange in place, with its buffers, to be called again and
/// again. Borrows the communicator.
class PreparedCall {
 public:
  /// All ranks together; blocks.
  PreparedCall(Communicator& comm, const ProfiledCall& call, std::uint64_t seed);
  /// As the call's, but where it is of whole samples.
  std::int64_t bytes() const { return bytes_; }
  /// Before each run, outside of what is timed: local work finds caches without its data, an
  /// exchange in place with the values of this rank's matrix alone. All ranks together; blocks.
  void get_ready();
  /// All ranks together. Blocks.
  void run();

 private:
  void prepare_of_samples();
  void prepare_blocks(const std::vector<std::vector<std::int64_t>>& blocks, bool same_to_all);

  Communicator& comm_;
  CollectiveKind operation_;
  std::int64_t bytes_;
  std::vector<std::byte> sent_;
  std::vector<std::byte> received_;
  std::vector<Communicator::SendBlock> send_;
  std::vector<Communicator::ReceiveBlock> receive_;
  std::vector<float> values_;  // of sums
  OrderedReduceScatter<float> reduce_scatter_;
  OrderedAllReduce<float> all_reduce_;
  std::optional<LocalWork> local_;
  std::optional<InPlaceWork> in_place_;
  std::optional<CacheSweep> sweep_;  // with either
};

}  // namespace shardwright
