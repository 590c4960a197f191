#include "planner/search/local/price_alone.hpp"

#include <vector>

namespace shardwright {

double price_alone(const SearchSpace& space, const Piece& piece) {
  const RankId rank = space.rules(piece.table).ranks.front();
  const RankPricer& pricer = space.pricer();
  const auto own = space.state(piece, pricer.kind(rank));
  std::vector<std::int64_t> busy(own.size());
  for (std::size_t k = 0; k < own.size(); ++k) busy[k] = own[k] > 0 ? 1 : 0;
  return pricer.price(rank, {own, own, own, busy, busy, busy}).total_ms();
}

double mean_price_alone(const SearchSpace& space) {
  double sum = 0;
  for (std::size_t i = 0; i < space.num_tables(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    if (space.leads(table) && space.may_keep_rows(table)) {
      sum += price_alone(space, {table, space.dim(table)});
    }
  }
  return sum / static_cast<double>(space.num_ranks());
}

}  // namespace shardwright
