#include "runtime/embedding/owned_parts.hpp"

#include "runtime/embedding/huge_pages.hpp"

namespace shardwright {

OwnedParts::OwnedParts(const ExchangeLayout& layout, RankId self)
    : relays_(layout.relays), columns_(layout.owners[self.index()].part_columns) {
  if (columns_ == 0) return;
  members_ = relays_.members(relays_.node(self));
  rows_.resize(layout.owners.size());
}

void OwnedParts::start(std::span<const InputSource> sources) {
  if (columns_ == 0) return;
  sources_.assign(sources.begin(), sources.end());
  std::int64_t next_row = 0;
  for (const RankId relay : members_) {
    rows_[relay.index()].begin = next_row;
    for (const RankId rank : relays_.served(relay)) {
      InputSource& source = sources_[rank.index()];
      source.row_begin = next_row;
      source.rows_per_sample = 1;
      source.vector_rows = 0;
      next_row += source.samples;
    }
    rows_[relay.index()].end = next_row;
  }
  resize_in_huge_pages(values_, static_cast<std::size_t>(next_row * columns_));
}

std::span<float> OwnedParts::of_relay(RankId relay) {
  if (columns_ == 0) return {};
  const auto [begin, end] = rows_[relay.index()];
  return std::span(values_).subspan(static_cast<std::size_t>(begin * columns_),
                                    static_cast<std::size_t>((end - begin) * columns_));
}

}  // namespace shardwright
