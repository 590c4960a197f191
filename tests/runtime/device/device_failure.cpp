// Fails on rank 1, on GPUs, in the way its argument says, while the other ranks wait; ctest checks
// the exit code of mpirun, what it prints, and that the job ends.
#include "costmodel/errors.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/device_communicator.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/device/rank_gpu.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

using namespace shardwright;

namespace {

void exchange(DeviceCommunicator& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  constexpr std::size_t kBytes = 1 << 16;
  DeviceArray<std::byte> sent(comm.stream(), "the test's values");
  DeviceArray<std::byte> received(comm.stream(), "the test's values");
  sent.resize(kBytes);
  received.resize(ranks * kBytes);
  const std::vector<Communicator::SendBlock> send(ranks, std::span(sent.data(), kBytes));
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < ranks; ++r) {
    receive.emplace_back(received.data() + r * kBytes, kBytes);
  }
  comm.all_to_all("test", send, receive);
  comm.wait();
}

void fail(Communicator& host, const std::string& how) {
  take_gpu(host, /*allow_shared=*/how != "share");
  const OwnedStream stream;
  DeviceCommunicator comm(host, stream.get(), /*shared_gpu=*/true);
  comm.set_step(12);
  exchange(comm);
  host.barrier();
  host.set_wait_limit_s(2);
  if (host.rank() == RankId{1}) std::raise(how == "kill" ? SIGKILL : SIGSTOP);
  exchange(comm);
}

}  // namespace

int main(int argc, char** argv) {
  const MpiEnvironment mpi;
  const auto host = make_mpi_communicator();
  if (report_cuda().devices == 0) {
    std::puts("skipped: no CUDA device");
    return 0;
  }
  try {
    fail(*host, argc > 1 ? argv[1] : "");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    host->abort(static_cast<int>(error.code()));
  }
  return 0;
}
