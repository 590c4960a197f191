#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/idle_pauses.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace shardwright {

/// One all_to_all over MPI_COMM_WORLD: a message for each block that is not empty, those over a
/// limit cut into several. May be used again once it is done, and keeps its memory.
class MpiExchange final : public Communicator::Exchange {
 public:
  /// Borrows `comm`, whose rank and size are MPI's, for its clock and how it waits. Where ranks
  /// share cores, wait() sleeps between looks at what has arrived (IdlePauses).
  MpiExchange(const Communicator& comm, std::int64_t message_limit, bool ranks_share_cores);

  void start(std::span<const Communicator::SendBlock> send,
             std::span<const Communicator::ReceiveBlock> receive);
  bool advance() override;
  void wait() override;

 private:
  /// One piece of a block on its way to or from `peer`.
  struct Piece {
    int peer = 0;
    int bytes = 0;
  };

  void start_receive(Communicator::ReceiveBlock block, int peer);
  void start_send(Communicator::SendBlock block, int peer);
  int piece_bytes(std::size_t left) const;
  std::size_t settle_some();
  void settle(std::size_t request, const MPI_Status& status, bool has_error) const;
  static void check_length(const Piece& expected, const MPI_Status& status);
  void require_patience(double waited_s) const;
  void pause(IdlePauses& pauses) const;
  std::set<int> missing_ranks() const;

  const Communicator& comm_;
  std::int64_t message_limit_;
  bool ranks_share_cores_;
  std::vector<MPI_Request> requests_;  ///< receives first, then sends
  std::vector<MPI_Status> statuses_;   ///< of those that completed, as are the indices
  std::vector<int> indices_;
  std::vector<Piece> pieces_;  ///< one per request
  std::size_t num_receives_ = 0;
  std::size_t left_ = 0;  ///< of the requests
};

}  // namespace shardwright
