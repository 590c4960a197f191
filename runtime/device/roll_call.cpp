#include "runtime/device/roll_call.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace shardwright {
namespace {

std::vector<std::int64_t> gather(Communicator& comm, std::int64_t mine) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(comm.size()));
  const std::vector<Communicator::SendBlock> send(all.size(), std::as_bytes(std::span(&mine, 1)));
  std::vector<Communicator::ReceiveBlock> receive;
  receive.reserve(all.size());
  for (std::int64_t& value : all) receive.push_back(std::as_writable_bytes(std::span(&value, 1)));
  comm.all_to_all(send, receive);
  return all;
}

}  // namespace

std::string call_roll(Communicator& comm, std::int64_t operations) {
  constexpr double kSecondsToAnswer = 3;
  comm.set_wait_limit_s(kSecondsToAnswer);
  std::vector<std::int64_t> begun;
  try {
    begun = gather(comm, operations);
  } catch (const Error& error) {  // it names those that did not answer
    return error.what();
  }
  std::vector<std::size_t> behind;
  for (std::size_t r = 0; r < begun.size(); ++r) {
    if (begun[r] < *std::max_element(begun.begin(), begun.end())) behind.push_back(r);
  }
  if (behind.empty()) {
    return "All ranks have arrived, so the link between their GPUs does not carry it: see "
           "NCCL_DEBUG=INFO.";
  }
  return fmt::format("Rank {} did not arrive there.", fmt::join(behind, ", "));
}

}  // namespace shardwright
