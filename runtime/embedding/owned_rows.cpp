#include "runtime/embedding/owned_rows.hpp"

#include "runtime/embedding/huge_pages.hpp"

#include <algorithm>

namespace shardwright {
namespace {

std::span<const std::int64_t> ids_of(const InputSource& source, const OwnedBlock& block) {
  return source.features[block.first_feature].ids;
}

}  // namespace

OwnedRows::OwnedRows(const OwnerLayout& self) : self_(self), blocks_(self.blocks.size()) {}

void OwnedRows::start(std::span<const InputSource> sources) {
  std::size_t most_ids = ones_.size();
  for (const OwnedBlock& owned : self_.blocks) {
    if (!owned.sends_rows) continue;
    for (const InputSource& source : sources) {
      most_ids = std::max(most_ids, ids_of(source, owned).size());
    }
  }
  ones_.resize(most_ids, 1);
  std::size_t size = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!self_.blocks[b].sends_rows) continue;
    blocks_[b].sources.clear();
    blocks_[b].begin = size;
    blocks_[b].size = 0;
    for (const InputSource& source : sources) add_source(source, self_.blocks[b], blocks_[b]);
    size += blocks_[b].size;
  }
  resize_in_huge_pages(values_, size);
}

void OwnedRows::add_source(const InputSource& source, const OwnedBlock& owned, Block& block) {
  const std::span<const std::int64_t> ids = ids_of(source, owned);
  const std::int64_t first =
      block.sources.empty() ? 0 : block.sources.back().row_begin + block.sources.back().samples;
  const BagsView each{std::span(ones_).first(ids.size()), ids, {}};
  block.sources.push_back({.row_begin = first, .samples = std::ssize(ids), .features = {each}});
  block.size += ids.size() * static_cast<std::size_t>(owned.row_columns);
}

std::span<float> OwnedRows::values(std::size_t block) {
  return std::span(values_).subspan(blocks_[block].begin, blocks_[block].size);
}

std::span<float> OwnedRows::values(std::size_t block, std::size_t source) {
  const InputSource& rows = blocks_[block].sources[source];
  const std::int64_t columns = self_.blocks[block].row_columns;
  return values(block).subspan(static_cast<std::size_t>(rows.row_begin * columns),
                               static_cast<std::size_t>(rows.samples * columns));
}

}  // namespace shardwright
