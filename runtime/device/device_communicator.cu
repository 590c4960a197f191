#include "runtime/comm/collectives.hpp"
#include "runtime/device/cuda_check.cuh"
#include "runtime/device/device_communicator.hpp"
#include "runtime/device/nccl_check.cuh"
#include "runtime/device/roll_call.hpp"

#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr double kSecondsToEnd = 10;  ///< that the ranks give each other to end their communicator

/// NCCL refuses two ranks of one host on one GPU, but not of two hosts.
void pretend_to_be_a_host(RankId rank) {
  const std::string name =
      "shardwright-rank-" + std::to_string(rank.value()) + "-" + std::to_string(getpid());
  if (setenv("NCCL_HOSTID", name.c_str(), 0) != 0) {
    throw EnvironmentError("NCCL_HOSTID cannot be set: the environment is full.");
  }
}

/// Rank 0's, on every rank. Blocks.
ncclUniqueId common_id(Communicator& host) {
  ncclUniqueId id = {};
  run_together(host, [&] {
    if (host.rank() == RankId{0}) check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
  });
  std::string bytes;
  if (host.rank() == RankId{0}) bytes.assign(id.internal, sizeof id.internal);
  bytes = all_gather(host, bytes).front();
  std::memcpy(id.internal, bytes.data(), sizeof id.internal);
  return id;
}

}  // namespace

struct DeviceCommunicator::State {
  State(Communicator& communicator, DeviceStream work, bool shared_gpu);
  ~State();

  void start();
  void end();
  ncclResult_t background_state();
  /// Polls until `done()`, an error or the wait limit.
  template <class Done>
  void wait_until(Done done);
  [[noreturn]] void give_up(ExitCode code, const std::string& what);
  void abort();
  void copy_own(SendBlock from, ReceiveBlock to);
  void start_messages(std::span<const SendBlock> send, std::span<const ReceiveBlock> receive);

  Communicator& host;
  DeviceStream stream;
  cudaEvent_t event = nullptr;
  ncclComm_t comm = nullptr;
  int exceptions_at_start = std::uncaught_exceptions();
  Traffic traffic;
  const char* operation = "start of NCCL";
  std::int64_t num_operations = 0;
  std::int64_t step = 0;
};

DeviceCommunicator::State::State(Communicator& communicator, DeviceStream work, bool shared_gpu)
    : host(communicator), stream(work) {
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "create an event");
  if (host.size() == 1) return;
  if (shared_gpu) pretend_to_be_a_host(host.rank());
  start();
}

void DeviceCommunicator::State::start() {
  const ncclUniqueId id = common_id(host);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  check_nccl(ncclCommInitRankConfig(&comm, static_cast<int>(host.size()), id,
                                    static_cast<int>(host.rank().value()), &config),
             "ncclCommInitRankConfig");
  wait_until([&] { return background_state() != ncclInProgress; });
}

DeviceCommunicator::State::~State() {
  const bool unwinding = std::uncaught_exceptions() > exceptions_at_start;
  if (comm != nullptr && unwinding) abort();
  if (comm != nullptr) end();
  static_cast<void>(cudaEventDestroy(event));
}

/// Nothing can be thrown any more, and nothing hangs on it: what does not end in time is aborted.
void DeviceCommunicator::State::end() {
  const double began_ms = host.clock_ms();
  ncclResult_t state = ncclCommFinalize(comm);
  while (state == ncclInProgress && host.clock_ms() - began_ms < kSecondsToEnd * 1000) {
    ::sched_yield();
    if (ncclCommGetAsyncError(comm, &state) != ncclSuccess) break;
  }
  if (state != ncclSuccess) return abort();
  static_cast<void>(ncclCommDestroy(comm));
  comm = nullptr;
}

/// In a thread of its own: a job that must end does not hang on a link that does not let go.
void DeviceCommunicator::State::abort() {
  if (comm == nullptr) return;
  const ncclComm_t aborted = std::exchange(comm, nullptr);
  std::packaged_task<void()> task([aborted] { static_cast<void>(ncclCommAbort(aborted)); });
  const std::future<void> done = task.get_future();
  std::thread(std::move(task)).detach();
  done.wait_for(std::chrono::duration<double>(kSecondsToEnd));
}

ncclResult_t DeviceCommunicator::State::background_state() {
  ncclResult_t state = ncclSuccess;
  if (comm == nullptr) return state;
  check_nccl(ncclCommGetAsyncError(comm, &state), "ncclCommGetAsyncError", comm);
  if (state != ncclSuccess && state != ncclInProgress) {
    give_up(ExitCode::environment, std::string("NCCL says ") + ncclGetErrorString(state) + " (" +
                                       ncclGetLastError(comm) + ")");
  }
  return state;
}

template <class Done>
void DeviceCommunicator::State::wait_until(Done done) {
  const double began_ms = host.clock_ms();
  while (!done()) {
    background_state();
    const double waited_s = (host.clock_ms() - began_ms) / 1000;
    if (host.wait_limit_s() > 0 && waited_s > host.wait_limit_s()) {
      give_up(ExitCode::timeout, "waited " + std::to_string(std::lround(waited_s)) + " s");
    }
    ::sched_yield();
  }
}

void DeviceCommunicator::State::give_up(ExitCode code, const std::string& what) {
  const std::string ranks = host.size() > 1 ? call_roll(host, num_operations) : std::string();
  abort();
  throw Error(code, std::string("GPU exchange '") + operation + "' of step " +
                        std::to_string(step) + ": " + what + ". " + ranks);
}

void DeviceCommunicator::State::copy_own(SendBlock from, ReceiveBlock to) {
  if (from.empty() || from.data() == to.data()) return;
  check_cuda(cudaMemcpyAsync(to.data(), from.data(), from.size(), cudaMemcpyDeviceToDevice, stream),
             "copy on the device");
}

void DeviceCommunicator::State::start_messages(std::span<const SendBlock> send,
                                               std::span<const ReceiveBlock> receive) {
  check_nccl(ncclGroupStart(), "ncclGroupStart", comm);
  for (std::size_t r = 0; r < send.size(); ++r) {
    if (r == host.rank().index()) continue;
    const int peer = static_cast<int>(r);
    if (!send[r].empty()) {
      check_nccl(ncclSend(send[r].data(), send[r].size(), ncclUint8, peer, comm, stream),
                 "ncclSend", comm);
      traffic.bytes_sent += static_cast<std::int64_t>(send[r].size());
      ++traffic.messages_sent;
    }
    if (!receive[r].empty()) {
      check_nccl(ncclRecv(receive[r].data(), receive[r].size(), ncclUint8, peer, comm, stream),
                 "ncclRecv", comm);
    }
  }
  check_nccl(ncclGroupEnd(), "ncclGroupEnd", comm);
  wait_until([&] { return background_state() != ncclInProgress; });  // until it is in the stream
}

DeviceCommunicator::DeviceCommunicator(Communicator& host, DeviceStream stream, bool shared_gpu)
    : state_(std::make_unique<State>(host, stream, shared_gpu)) {}

DeviceCommunicator::~DeviceCommunicator() = default;

RankId DeviceCommunicator::rank() const { return state_->host.rank(); }
std::int64_t DeviceCommunicator::size() const { return state_->host.size(); }
Communicator& DeviceCommunicator::host() const { return state_->host; }
DeviceStream DeviceCommunicator::stream() const { return state_->stream; }
const Traffic& DeviceCommunicator::traffic() const { return state_->traffic; }
void DeviceCommunicator::set_step(std::int64_t step) { state_->step = step; }

void DeviceCommunicator::all_to_all(const char* operation, std::span<const SendBlock> send,
                                    std::span<const ReceiveBlock> receive) {
  State& s = *state_;
  const auto ranks = static_cast<std::size_t>(size());
  const std::size_t self = rank().index();
  if (send.size() != ranks || receive.size() != ranks ||
      send[self].size() != receive[self].size()) {
    throw std::logic_error("A GPU exchange with a wrong number of blocks, or of two sizes.");
  }
  s.operation = operation;
  ++s.num_operations;
  s.copy_own(send[self], receive[self]);
  if (ranks > 1) s.start_messages(send, receive);
}

void DeviceCommunicator::wait() {
  State& s = *state_;
  check_cuda(cudaEventRecord(s.event, s.stream), "record an event");
  s.wait_until([&] {
    const cudaError_t status = cudaEventQuery(s.event);
    if (status != cudaErrorNotReady) check_cuda(status, "finish the work of a stream");
    return status == cudaSuccess;
  });
}

}  // namespace shardwright
