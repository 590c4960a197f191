#include "runtime/comm/reduce_scatter.hpp"

#include "runtime/comm/collectives.hpp"

#include <algorithm>

namespace shardwright {
namespace {

/// Which part of an array of `count` values a rank adds up.
struct Slice {
  std::size_t begin = 0;
  std::size_t size = 0;
};

std::vector<Slice> slices(std::size_t count, const Communicator& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::vector<Slice> result;
  for (std::size_t r = 0, begin = 0; r < ranks; ++r) {
    const std::size_t size = count / ranks + (r < count % ranks ? 1 : 0);
    result.push_back({begin, size});
    begin += size;
  }
  return result;
}

/// sums[i] = gathered[0][i] + gathered[1][i] + …, added from the left.
template <class T>
void add_in_rank_order(std::span<const T> gathered, std::span<T> sums) {
  std::copy_n(gathered.begin(), sums.size(), sums.begin());
  for (std::size_t begin = sums.size(); begin < gathered.size(); begin += sums.size()) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += gathered[begin + i];
  }
}

}  // namespace

template <class T>
void OrderedReduceScatter<T>::start(Communicator& comm, std::span<const T> values) {
  const std::vector<Slice> parts = slices(values.size(), comm);
  const std::size_t own = parts[comm.rank().index()].size;
  sums_.resize(own);
  gathered_.resize(own * parts.size());
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    send.push_back(std::as_bytes(values.subspan(parts[r].begin, parts[r].size)));
    receive.push_back(std::as_writable_bytes(std::span(gathered_).subspan(r * own, own)));
  }
  exchange_ = comm.start_all_to_all(send, receive);
}

template <class T>
std::span<const T> OrderedReduceScatter<T>::finish() {
  exchange_->wait();
  exchange_.reset();
  add_in_rank_order<T>(gathered_, sums_);
  return sums_;
}

template <class T>
void OrderedAllReduce<T>::run(Communicator& comm, std::span<T> values) {
  // In pieces that stay in a processor's cache: a sum needs as much memory again.
  constexpr std::size_t kMostValues = std::size_t{1} << 20;
  for (std::size_t begin = 0; begin < values.size(); begin += kMostValues) {
    start(comm, values.subspan(begin, std::min(kMostValues, values.size() - begin)));
    send_sums(comm);
    finish();
  }
}

template <class T>
void OrderedAllReduce<T>::start(Communicator& comm, std::span<T> values) {
  values_ = values;
  slice_.start(comm, values);
}

template <class T>
void OrderedAllReduce<T>::send_sums(Communicator& comm) {
  const auto sums = std::as_bytes(slice_.finish());
  const std::vector<Slice> parts = slices(values_.size(), comm);
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(parts.size());
  for (const Slice& part : parts) {
    receive.push_back(std::as_writable_bytes(values_.subspan(part.begin, part.size)));
  }
  exchange_ =
      comm.start_all_to_all(std::vector<Communicator::SendBlock>(parts.size(), sums), receive);
}

template <class T>
void OrderedAllReduce<T>::finish() {
  if (!exchange_) return;
  exchange_->wait();
  exchange_.reset();
}

template class OrderedReduceScatter<float>;
template class OrderedReduceScatter<double>;
template class OrderedAllReduce<float>;
template class OrderedAllReduce<double>;

void ordered_all_reduce(Communicator& comm, std::span<float> values) {
  OrderedAllReduce<float>().run(comm, values);
}

void ordered_all_reduce(Communicator& comm, std::span<double> values) {
  OrderedAllReduce<double>().run(comm, values);
}

}  // namespace shardwright
