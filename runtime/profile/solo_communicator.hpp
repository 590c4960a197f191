#pragma once

#include "runtime/comm/communicator.hpp"

namespace shardwright {

enum class ProfileClock {
  wall,
  cpu,  ///< of the calling thread: what others take of a shared core does not count
};

/// A job of one rank, whatever job the process itself belongs to: the rank under measurement. The
/// others, if it is to believe that there are `ranks`, have no samples and send nothing: it
/// receives what the memory holds.
class SoloCommunicator final : public Communicator {
 public:
  explicit SoloCommunicator(ProfileClock clock, std::int64_t ranks = 1)
      : clock_(clock), ranks_(ranks) {}
  RankId rank() const override { return RankId{0}; }
  std::int64_t size() const override { return ranks_; }
  void barrier() override {}
  double clock_ms() const override;
  [[noreturn]] void abort(int exit_code) override;

 private:
  void do_all_to_all(std::span<const SendBlock> send,
                     std::span<const ReceiveBlock> receive) override;
  ProfileClock clock_;
  std::int64_t ranks_;
};

}  // namespace shardwright
