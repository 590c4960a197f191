#pragma once

#include "costmodel/errors.hpp"
#include "runtime/comm/communicator.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Every rank's text, in rank order, on every rank. Blocks.
std::vector<std::string> all_gather(Communicator& comm, const std::string& mine);

/// values[i] becomes the sum of all ranks' values[i], added in rank order, so that the result has
/// the same bits on every rank and from run to run. Each rank sums one slice (all-to-all), then
/// slices are exchanged: 2·(W−1)/W · 4·n bytes sent per rank. Goes in pieces of 2^20 values, so
/// that it takes little memory. Blocks.
void ordered_all_reduce(Communicator& comm, std::span<float> values);
void ordered_all_reduce(Communicator& comm, std::span<double> values);

/// A failure that all ranks know of: each throws it with the same text; rank 0 alone should print
/// it.
class CollectiveError : public Error {
 public:
  using Error::Error;
};

/// Runs `work` on every rank, then lets the ranks agree: if it threw on any of them, all throw
/// CollectiveError with the first failing rank's message ("3 of 4 ranks failed; first rank 1 on
/// host: …"; that message alone if it is the same on every rank) and exit code. `work` must not
/// communicate. Blocks.
void run_together(Communicator& comm, const std::function<void()>& work);

}  // namespace shardwright
