#include "runtime/checkpoint/row_pieces.hpp"

#include <algorithm>
#include <vector>

namespace shardwright {

void copy_in_pieces(ShardLoader& loader, WantedShard wanted, SavedTensor tensor,
                    SafetensorsWriter& writer) {
  const std::int64_t columns = wanted.col_end - wanted.col_begin;
  const std::int64_t width = tensor == SavedTensor::weights
                                 ? columns
                                 : state_width(loader.table(wanted.table).state, columns);
  constexpr auto kValues = kPieceBytes / static_cast<std::int64_t>(sizeof(float));
  const std::int64_t at_once =
      std::max<std::int64_t>(1, kValues / std::max<std::int64_t>(1, width));
  const std::int64_t end = wanted.row_end;
  std::vector<float> piece;
  for (; wanted.row_begin < end; wanted.row_begin = wanted.row_end) {
    wanted.row_end = std::min(end, wanted.row_begin + at_once);
    piece.resize(static_cast<std::size_t>(wanted.rows() * width));
    (tensor == SavedTensor::weights ? wanted.weights : wanted.state) = piece;
    loader.load(wanted);
    writer.write(piece);
  }
}

}  // namespace shardwright
