#pragma once

#include "runtime/comm/communicator.hpp"

#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// The sums of this rank's slice of all ranks' values, added in rank order: what
/// ordered_all_reduce() begins with. Slices are as equal as can be. Keeps its buffers.
/// T is float or double.
template <class T>
class OrderedReduceScatter {
 public:
  /// Sends every rank its slice; `values` must stay as they are until finish().
  void start(Communicator& comm, std::span<const T> values);
  /// Waits for the others' values of this rank's slice. The sums are valid until the next start().
  std::span<const T> finish();
  /// Moves on what travels, if anything does; does not block.
  void advance() {
    if (exchange_) exchange_->advance();
  }

 private:
  std::vector<T> gathered_;  ///< every rank's values of this rank's slice, one after the other
  std::vector<T> sums_;
  std::unique_ptr<Communicator::Exchange> exchange_;
};

/// ordered_all_reduce(), also in three parts, between which a rank may compute. The ranks call each
/// in the same order among all that they do together. T is float or double. Keeps its buffers.
template <class T>
class OrderedAllReduce {
 public:
  /// ordered_all_reduce(). Blocks.
  void run(Communicator& comm, std::span<T> values);

  /// Sends every rank its slice; `values` must stay as they are until finish() replaces them.
  void start(Communicator& comm, std::span<T> values);
  /// Waits for the others' parts of this rank's slice, and sends all their sums.
  void send_sums(Communicator& comm);
  /// Waits for the others' sums, if they travel.
  void finish();
  /// Moves on what travels between the parts, if anything does; does not block.
  void advance() {
    slice_.advance();
    if (exchange_) exchange_->advance();
  }

 private:
  std::span<T> values_;
  OrderedReduceScatter<T> slice_;
  std::unique_ptr<Communicator::Exchange> exchange_;
};

extern template class OrderedReduceScatter<float>;
extern template class OrderedReduceScatter<double>;
extern template class OrderedAllReduce<float>;
extern template class OrderedAllReduce<double>;

}  // namespace shardwright
