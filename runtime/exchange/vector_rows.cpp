#include "runtime/exchange/vector_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shardwright {
namespace {

bool has_vectors(const OwnerLayout& owner) {
  return std::any_of(owner.blocks.begin(), owner.blocks.end(),
                     [](const OwnedBlock& block) { return block.vector_width > 0; });
}

/// From its row_begin on.
void place_source(const OwnerLayout& owner, InputSource& source) {
  source.rows_per_sample = owner.columns / owner.row_width;
  source.vector_rows = 0;
  source.first_vectors.resize(source.features.size());
  for (const OwnedBlock& block : owner.blocks) {
    if (block.vector_width == 0) continue;
    for (std::size_t k = block.first_feature; k < block.first_feature + block.num_features; ++k) {
      source.first_vectors[k] = source.row_end();
      source.vector_rows +=
          std::ssize(source.features[k].ids) * (block.vector_width / owner.row_width);
    }
  }
}

}  // namespace

void place_vectors(const OwnerLayout& owner, std::span<InputSource> sources) {
  if (!has_vectors(owner)) return;
  std::int64_t next_row = 0;
  for (InputSource& source : sources) {
    source.row_begin = next_row;
    place_source(owner, source);
    next_row = source.row_end();
  }
}

}  // namespace shardwright
