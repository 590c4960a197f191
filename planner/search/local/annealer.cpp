#include "planner/search/local/annealer.hpp"

#include "planner/search/local/moves.hpp"
#include "planner/search/local/spread.hpp"

#include <cmath>

namespace shardwright {
namespace {

// How much a well-spread remainder counts beside the objective itself.
constexpr double kBalanceWeight = 0.3;
// Improvements below this share are rounding.
constexpr double kNotable = 1e-12;
// A change of so many ranks counts as one more step.
constexpr std::size_t kTouchedByOne = 8;

}  // namespace

Annealer::Annealer(const SearchSpace& space, std::vector<Piece> start, std::uint64_t seed,
                   std::uint64_t stream, std::vector<std::int32_t> widest)
    : layout_(space), random_(seed, stream) {
  restart(std::move(start));
  widest_ = std::move(widest);
}

void Annealer::restart(std::vector<Piece> pieces) {
  layout_.assign(pieces);
  if (!widest_.empty() && !holds_widths(layout_.space(), pieces, widest_)) widest_.clear();
  best_ = std::move(pieces);
  best_cost_ = layout_.cost();
}

double Annealer::energy() const { return layout_.cost() + kBalanceWeight * layout_.balance(); }

void Annealer::remember() {
  if (layout_.cost() >= best_cost_ * (1 - kNotable)) return;
  layout_.settle();
  if (layout_.cost() >= best_cost_ * (1 - kNotable)) return;
  best_cost_ = layout_.cost();
  best_ = layout_.pieces();
}

bool Annealer::draw() {
  if (!draw_change(layout_, random_, change_)) return false;
  return widest_.empty() || holds_widths(layout_.space(), change_.added, widest_);
}

void Annealer::run(std::int64_t steps, double temperature, const std::atomic<bool>& stop) {
  constexpr std::int64_t kBetweenLooks = 1024;
  const double scale = temperature * best_cost_;
  double now = energy();
  std::int64_t look = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    if (step >= look) {
      look = step + kBetweenLooks;
      if (stop.load(std::memory_order_relaxed)) return;
      layout_.settle();
      now = energy();
    }
    if (!draw() || !layout_.apply(change_)) continue;
    step += static_cast<std::int64_t>(layout_.num_touched() / kTouchedByOne);
    const double next = energy();
    if (next > now && random_.uniform() >= std::exp((now - next) / scale)) {
      layout_.undo();
      continue;
    }
    layout_.keep();
    remember();
    now = energy();
  }
}

}  // namespace shardwright
