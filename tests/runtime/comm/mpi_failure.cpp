// Fails on rank 1 in the way its argument says, while the other ranks wait; ctest checks the exit
// code of mpirun and that the job ends.
#include "runtime/comm/collectives.hpp"
#include "runtime/comm/mpi_communicator.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

using namespace shardwright;

namespace {

// Rank 1 sends rank 0 more than that expects.
void send_too_much(Communicator& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  const std::vector<std::byte> sent(8);
  std::vector<std::byte> received(4);
  std::vector<Communicator::SendBlock> send(ranks);
  std::vector<Communicator::ReceiveBlock> receive(ranks);
  if (comm.rank().value() == 1) send[0] = sent;
  if (comm.rank().value() == 0) receive[1] = received;
  comm.all_to_all(send, receive);
}

// Rank 1 stops while the others wait for it, for a second at most.
void hang(Communicator& comm) {
  comm.barrier();
  comm.set_wait_limit_s(1);
  if (comm.rank().value() == 1) std::raise(SIGSTOP);
}

// Rank 1 stops, or dies, while the others have begun an exchange with it and then wait for its end.
void leave(Communicator& comm, int signal) {
  comm.barrier();
  if (signal == SIGSTOP) comm.set_wait_limit_s(1);  // of a death mpirun knows
  const auto ranks = static_cast<std::size_t>(comm.size());
  const std::vector<std::byte> sent(1 << 20);  // more than MPI takes from a rank at once
  std::vector<std::byte> received(ranks << 20);
  std::vector<Communicator::ReceiveBlock> receive;
  for (std::size_t r = 0; r < ranks; ++r) {
    receive.push_back(std::span(received).subspan(r << 20, sent.size()));
  }
  const auto exchange =
      comm.start_all_to_all(std::vector<Communicator::SendBlock>(ranks, sent), receive);
  if (comm.rank().value() == 1) std::raise(signal);
  exchange->wait();
}

void fail(Communicator& comm, const std::string& how) {
  const bool failing = comm.rank().value() == 1;
  if (how == "abort" && failing) comm.abort(static_cast<int>(ExitCode::timeout));
  if (how == "throw" && failing) throw EnvironmentError("rank 1 has no memory left");
  if (how == "truncate") send_too_much(comm);
  if (how == "hang") hang(comm);
  if (how == "hang_begun") leave(comm, SIGSTOP);
  if (how == "hang_beside") {
    hang(comm);
    comm.ranks_beside();
  }
  if (how == "die_begun") leave(comm, SIGKILL);
  if (how == "together") {
    run_together(comm, [&] {
      if (failing) throw InputError("rank 1 cannot read its part");
    });
  }
  comm.barrier();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const MpiEnvironment mpi;
    fail(*make_mpi_communicator(), argc > 1 ? argv[1] : "");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
