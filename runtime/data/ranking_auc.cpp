#include "runtime/data/ranking_auc.hpp"

#include <algorithm>

namespace shardwright {

std::optional<double> ranking_auc(std::vector<RankedSample> samples) {
  std::sort(samples.begin(), samples.end(),
            [](const RankedSample& a, const RankedSample& b) { return a.score < b.score; });
  double positives = 0;
  double negatives = 0;
  double ordered = 0;  // pairs; exact below 2^53
  for (auto run = samples.begin(); run != samples.end();) {
    const auto end = std::find_if(run, samples.end(), [run](const RankedSample& sample) {
      return sample.score != run->score;
    });
    const auto up = static_cast<double>(
        std::count_if(run, end, [](const RankedSample& sample) { return sample.positive; }));
    const double down = static_cast<double>(end - run) - up;
    ordered += up * (negatives + down / 2);
    positives += up;
    negatives += down;
    run = end;
  }
  if (positives == 0 || negatives == 0) return {};
  return ordered / (positives * negatives);
}

}  // namespace shardwright
