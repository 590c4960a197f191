#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/device/device_memory.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace shardwright {

/// Exchanges blocks of GPU memory between the ranks of a job, over NCCL; with one rank by copies
/// alone. It is made over the job's communicator, whose ranks and wait limit it has. An operation
/// that waits longer than the limit for other ranks, or that NCCL gives up, ends with an Error of
/// ExitCode::timeout that names the operation, the step, and the ranks that did not arrive; NCCL's
/// work is aborted then, and the communicator is good for nothing more. Borrows `host`.
class DeviceCommunicator {
 public:
  using SendBlock = Communicator::SendBlock;        ///< in device memory
  using ReceiveBlock = Communicator::ReceiveBlock;  ///< in device memory

  /// All ranks together, each with a GPU of its own as the current one, unless `shared_gpu`: then
  /// NCCL is told that each rank is a host. Blocks.
  DeviceCommunicator(Communicator& host, DeviceStream stream, bool shared_gpu);
  ~DeviceCommunicator();

  RankId rank() const;
  std::int64_t size() const;
  Communicator& host() const;
  DeviceStream stream() const;

  /// The step that messages name from now on.
  void set_step(std::int64_t step);

  /// Communicator::all_to_all() in the order of the stream: returns before it is done, though it
  /// may wait for the other ranks to begin. `operation` names it in messages.
  void all_to_all(const char* operation, std::span<const SendBlock> send,
                  std::span<const ReceiveBlock> receive);

  /// Waits for all work of the stream. Throws EnvironmentError if any of it failed.
  void wait();

  const Traffic& traffic() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
