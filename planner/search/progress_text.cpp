#include "planner/search/progress_text.hpp"

#include <fmt/format.h>

namespace shardwright {

std::string progress_text(const SearchProgress& progress, Objective objective) {
  const char* unit = objective == Objective::memory ? "GiB" : "ms";
  std::string text = fmt::format("best {:.4g} {}", progress.best_cost, unit);
  if (progress.lower_bound && *progress.lower_bound > 0) {
    text += fmt::format(", bound {:.4g} {}, gap {:.2f} %", *progress.lower_bound, unit,
                        100 * (progress.best_cost / *progress.lower_bound - 1));
  }
  return text + fmt::format(", {:.0f} % of its limit", 100 * progress.share_done);
}

}  // namespace shardwright
