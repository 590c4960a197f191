#include "runtime/exchange/own_vectors.hpp"

#include "runtime/exchange/row_parts.hpp"

#include <algorithm>
#include <stdexcept>

namespace shardwright {
namespace {

/// visit(block, feature) for those whose ids' vectors an owner sends, in the order in which it
/// does.
template <class Visit>
void for_each_feature(const OwnerLayout& owner, Visit visit) {
  for (const OwnedBlock& block : owner.blocks) {
    if (block.vector_width == 0) continue;
    for (std::size_t k = 0; k < block.num_features; ++k) {
      visit(block, owner.features[block.first_feature + k]);
    }
  }
}

}  // namespace

OwnVectors::OwnVectors(const ExchangeLayout& layout, const Workload& workload) {
  for (std::size_t f = 0; f < layout.features.size(); ++f) {
    const PooledFeature& feature = layout.features[f];
    if (!feature.unpooled) continue;
    Feature& added = features_.emplace_back();
    added.feature = f;
    added.dim = static_cast<std::size_t>(workload.table(feature.table).dim);
    if (!layout.splits_rows(feature.table)) continue;
    added.row_cuts = layout.row_cuts[feature.table.index()];
    added.parts.resize(added.row_cuts.size() - 1);
  }
}

void OwnVectors::remember(const Batch& batch) {
  size_ = 0;
  for (Feature& feature : features_) {
    const Bags& bags = batch.features[feature.feature];
    feature.ids = bags.ids.size();
    feature.begin = size_;
    size_ += feature.ids * feature.dim;
    sort_into_parts(bags, feature);
  }
}

void OwnVectors::sort_into_parts(const Bags& bags, Feature& feature) {
  if (feature.row_cuts.empty()) return;
  for (std::vector<std::uint32_t>& part : feature.parts) part.clear();
  for (std::size_t i = 0; i < bags.ids.size(); ++i) {
    feature.parts[part_of(bags.ids[i], feature.row_cuts)].push_back(static_cast<std::uint32_t>(i));
  }
}

const OwnVectors::Feature& OwnVectors::of(std::size_t feature) const {
  const auto found = std::find_if(features_.begin(), features_.end(),
                                  [&](const Feature& f) { return f.feature == feature; });
  if (found == features_.end()) throw std::logic_error("A pooled feature has no vectors.");
  return *found;
}

std::size_t OwnVectors::ids_of(const OwnedFeature& sent) const {
  const Feature& feature = of(sent.feature);
  return sent.part ? feature.parts[*sent.part].size() : feature.ids;
}

std::size_t OwnVectors::size_from(const OwnerLayout& owner) const {
  std::size_t size = 0;
  for_each_feature(owner, [&](const OwnedBlock& block, const OwnedFeature& owned) {
    size += ids_of(owned) * static_cast<std::size_t>(block.vector_width);
  });
  return size;
}

/// visit(position among what the owner sends, position among all vectors, width) for the columns of
/// each piece of each vector.
template <class Visit>
void OwnVectors::for_each_run(const OwnerLayout& owner, Visit visit) const {
  std::size_t sent = 0;
  for_each_feature(owner, [&](const OwnedBlock& block, const OwnedFeature& owned) {
    const std::span pieces = std::span(owner.pieces).subspan(block.first_piece, block.num_pieces);
    const Feature& feature = of(owned.feature);
    const std::size_t ids = ids_of(owned);
    for (std::size_t i = 0; i < ids; ++i, sent += static_cast<std::size_t>(block.vector_width)) {
      const std::size_t id = owned.part ? feature.parts[*owned.part][i] : i;
      const std::size_t first = feature.begin + id * feature.dim;
      for (const OwnedPiece& piece : pieces) {
        const Shard& shard = owner.shards[piece.shard];
        visit(sent + static_cast<std::size_t>(piece.column),
              first + static_cast<std::size_t>(shard.col_begin),
              static_cast<std::size_t>(shard.columns()));
      }
    }
  });
}

void OwnVectors::unpack(const OwnerLayout& owner, std::span<const float> sent,
                        std::span<float> vectors) const {
  for_each_run(owner, [&](std::size_t from, std::size_t to, std::size_t width) {
    std::copy_n(sent.data() + from, width, vectors.data() + to);
  });
}

void OwnVectors::pack(const OwnerLayout& owner, std::span<const float> vectors,
                      std::span<float> sent) const {
  for_each_run(owner, [&](std::size_t to, std::size_t from, std::size_t width) {
    std::copy_n(vectors.data() + from, width, sent.data() + to);
  });
}

}  // namespace shardwright
