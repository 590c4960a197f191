#pragma once

#include "planner/search/local/layout.hpp"
#include "planner/search/local/random_stream.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace shardwright {

/// One line of search: simulated annealing over draw_change(), with its own random stream. What it
/// does depends on nothing but its start, its stream and the temperatures it is given.
class Annealer {
 public:
  /// `start` must fit. Changes that bring a wider column part than `widest` says, per table, are
  /// left out, until restart() brings one itself; empty: none is.
  Annealer(const SearchSpace& space, std::vector<Piece> start, std::uint64_t seed,
           std::uint64_t stream, std::vector<std::int32_t> widest = {});

  /// Tries `steps` changes at a temperature that is relative to the best cost; stops early, between
  /// two of them, when `stop` says so.
  void run(std::int64_t steps, double temperature, const std::atomic<bool>& stop);

  /// Goes on from these pieces.
  void restart(std::vector<Piece> pieces);

  double best_cost() const { return best_cost_; }
  const std::vector<Piece>& best() const { return best_; }
  std::int64_t evaluations() const { return layout_.evaluations(); }

 private:
  double energy() const;
  void remember();
  bool draw();

  Layout layout_;
  RandomStream random_;
  Change change_;
  std::vector<std::int32_t> widest_;
  std::vector<Piece> best_;
  double best_cost_ = 0;
};

}  // namespace shardwright
