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

/// Brings every rank's values of this rank's slice, one rank after the other.
template <class T>
std::unique_ptr<Communicator::Exchange> start_gathering(Communicator& comm,
                                                        std::span<const T> values,
                                                        std::vector<T>& gathered) {
  const std::vector<Slice> parts = slices(values.size(), comm);
  const std::size_t own = parts[comm.rank().index()].size;
  gathered.resize(own * parts.size());
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    send.push_back(std::as_bytes(values.subspan(parts[r].begin, parts[r].size)));
    receive.push_back(std::as_writable_bytes(std::span(gathered).subspan(r * own, own)));
  }
  return comm.start_all_to_all(send, receive);
}

/// sums[i] = gathered[0][i] + gathered[1][i] + …, added from the left.
template <class T>
void add_in_rank_order(std::span<const T> gathered, std::span<T> sums) {
  std::copy_n(gathered.begin(), sums.size(), sums.begin());
  for (std::size_t begin = sums.size(); begin < gathered.size(); begin += sums.size()) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += gathered[begin + i];
  }
}

template <class T>
void reduce(Communicator& comm, std::span<T> values) {
  OrderedAllReduce<T> all_reduce;
  all_reduce.start(comm, values);
  all_reduce.send_sums(comm);
  all_reduce.finish();
}

}  // namespace

template <class T>
void OrderedAllReduce<T>::start(Communicator& comm, std::span<T> values) {
  values_ = values;
  exchange_ = start_gathering<T>(comm, values, gathered_);
}

template <class T>
void OrderedAllReduce<T>::send_sums(Communicator& comm) {
  exchange_->wait();
  const std::vector<Slice> parts = slices(values_.size(), comm);
  sums_.resize(parts[comm.rank().index()].size);
  add_in_rank_order<T>(gathered_, sums_);
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(parts.size());
  for (const Slice& part : parts) {
    receive.push_back(std::as_writable_bytes(values_.subspan(part.begin, part.size)));
  }
  const auto sums = std::as_bytes(std::span(sums_));
  exchange_ =
      comm.start_all_to_all(std::vector<Communicator::SendBlock>(parts.size(), sums), receive);
}

template <class T>
void OrderedAllReduce<T>::finish() {
  exchange_->wait();
  exchange_.reset();
}

template class OrderedAllReduce<float>;
template class OrderedAllReduce<double>;

void ordered_all_reduce(Communicator& comm, std::span<float> values) { reduce(comm, values); }
void ordered_all_reduce(Communicator& comm, std::span<double> values) { reduce(comm, values); }

std::vector<float> ordered_reduce_scatter(Communicator& comm, std::span<const float> values) {
  std::vector<float> gathered;
  start_gathering(comm, values, gathered)->wait();
  std::vector<float> sums(slices(values.size(), comm)[comm.rank().index()].size);
  add_in_rank_order<float>(gathered, sums);
  return sums;
}

}  // namespace shardwright
