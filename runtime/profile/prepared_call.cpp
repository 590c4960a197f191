#include "runtime/profile/prepared_call.hpp"

#include <numeric>
#include <span>

namespace shardwright {

PreparedCall::PreparedCall(Communicator& comm, const ProfiledCall& call, std::uint64_t seed)
    : comm_(comm), operation_(call.operation), bytes_(call.bytes) {
  if (is_of_samples(operation_)) prepare_of_samples();
  switch (operation_) {
    case CollectiveKind::all_to_all:
    case CollectiveKind::all_gather:
      prepare_blocks(blocks_of(call, comm.size(), seed), operation_ == CollectiveKind::all_gather);
      break;
    case CollectiveKind::reduce_scatter:
    case CollectiveKind::all_reduce:
      values_.resize(static_cast<std::size_t>(call.bytes) / sizeof(float));
      break;
    default:
      break;
  }
}

void PreparedCall::prepare_of_samples() {
  if (is_in_place(operation_)) {
    bytes_ = in_place_.emplace(comm_, operation_, bytes_).bytes();
  } else {
    bytes_ = local_.emplace(make_local_work(operation_, bytes_, comm_.size())).bytes;
  }
  sweep_.emplace();
}

void PreparedCall::prepare_blocks(const std::vector<std::vector<std::int64_t>>& blocks,
                                  bool same_to_all) {
  const std::size_t self = comm_.rank().index();
  const auto bytes = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  std::size_t to_send = 0;
  std::size_t to_receive = 0;
  for (std::size_t peer = 0; peer < blocks.size(); ++peer) {
    to_send += same_to_all && peer > 0 ? 0 : bytes(blocks[self][peer]);
    to_receive += bytes(blocks[peer][self]);
  }
  sent_.resize(to_send);
  received_.resize(to_receive);
  std::size_t sent = 0;
  std::size_t received = 0;
  for (std::size_t peer = 0; peer < blocks.size(); ++peer) {
    send_.emplace_back(std::span(sent_).subspan(sent, bytes(blocks[self][peer])));
    receive_.push_back(std::span(received_).subspan(received, bytes(blocks[peer][self])));
    sent += same_to_all ? 0 : send_.back().size();
    received += receive_.back().size();
  }
}

void PreparedCall::get_ready() {
  if (sweep_) sweep_->run();
  if (in_place_) in_place_->look_up();
}

void PreparedCall::run() {
  if (local_) return local_->run();
  if (in_place_) return in_place_->run();
  switch (operation_) {
    case CollectiveKind::all_to_all:
    case CollectiveKind::all_gather:
      comm_.all_to_all(send_, receive_);
      break;
    case CollectiveKind::reduce_scatter:
      reduce_scatter_.start(comm_, values_);
      reduce_scatter_.finish();
      break;
    case CollectiveKind::all_reduce:
      all_reduce_.run(comm_, values_);
      break;
    default:
      break;
  }
}

}  // namespace shardwright
