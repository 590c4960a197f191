#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// The sums of this rank's slice of all ranks' values, added in rank order: what
/// ordered_all_reduce() begins with. Slices are as equal as can be. Blocks.
std::vector<float> ordered_reduce_scatter(Communicator& comm, std::span<const float> values);

/// ordered_all_reduce() in three parts, between which a rank may compute. The ranks call each in
/// the same order among all that they do together. T is float or double. Keeps its buffers.
template <class T>
class OrderedAllReduce {
 public:
  /// Sends every rank its slice; `values` must stay as they are until finish() replaces them.
  void start(Communicator& comm, std::span<T> values);
  /// Waits for the others' parts of this rank's slice, and sends all their sums.
  void send_sums(Communicator& comm);
  /// Waits for the others' sums.
  void finish();

 private:
  std::span<T> values_;
  std::vector<T> gathered_;  ///< every rank's values of this rank's slice, one after the other
  std::vector<T> sums_;      ///< of this rank's slice
  std::unique_ptr<Communicator::Exchange> exchange_;
};

extern template class OrderedAllReduce<float>;
extern template class OrderedAllReduce<double>;

}  // namespace shardwright
