#pragma once

#include "runtime/comm/shared_floats.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// The owners' matrices of one host, each in memory that the other ranks of the host map: a rank
/// reads the values of its samples where their owner has computed them, and writes their gradients
/// there. In place of a block, a message says where it begins, or that it is written.
///
/// No more is needed for a matrix to be written anew: before its owner looks up the next batch it
/// has the gradients of this one from every rank, which has then read its values, or, if there was
/// no backward pass, the next batch's ids, which are then sent after that. It must not end before
/// the others have opened it: between the last values and its end ranks do something together.
/// Where steps leave out an exchange (leave_out()), values may be torn; nothing outside a matrix is
/// written.
class BlocksBeside {
 public:
  /// What travels, as floats for a wire of floats.
  using Notice = std::array<float, 10>;

  /// `beside`: one entry per rank. Borrows the own `matrix`.
  BlocksBeside(std::vector<bool> beside, const SharedFloats& matrix);

  bool has(std::size_t rank) const { return beside_[rank]; }
  /// What to send to a rank whose block begins at this float of the own matrix. Valid until the
  /// next of the same rank.
  std::span<const float> notice(std::size_t rank, std::size_t begin = 0);
  /// Where to receive a rank's notice.
  std::span<float> room(std::size_t rank) { return received_[rank]; }
  /// The block, of so many floats, that the notice in room() tells of. Throws EnvironmentError.
  std::span<float> open(std::size_t rank, std::size_t size);
  /// The same of the last open(); empty if there are not as many floats, or was none.
  std::span<float> opened(std::size_t rank, std::size_t size) const;
  /// After the notice came that the own matrix has been written.
  static void see_written();

 private:
  std::vector<bool> beside_;
  const SharedFloats& matrix_;
  std::vector<Notice> sent_;
  std::vector<Notice> received_;
  std::vector<PeerFloats> matrices_;  ///< of the others
  std::vector<std::size_t> begins_;   ///< in them
};

}  // namespace shardwright
