#include "costmodel/json/json_view.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // The work is the product of the lengths, and nobody mistypes a name of so many letters.
  constexpr std::size_t kLongest = 200;
  std::string best;
  if (word.size() > kLongest) return best;
  // A third of the letters may be wrong, but always one and never all.
  std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > allowed || distance >= word.size()) continue;
    if (!best.empty() && distance == allowed) continue;
    best = candidate;
    allowed = distance;
  }
  return best;
}

}  // namespace shardwright
