#include "runtime/embedding/one_id_bags.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace shardwright {
namespace {

/// Lengths of bags, which all parts share.
constexpr auto kOnes = [] {
  std::array<std::int32_t, 4096> ones{};
  ones.fill(1);
  return ones;
}();

}  // namespace

std::vector<BagsPart> one_id_bags(const BagsView& bags, std::size_t ids) {
  const std::size_t most = std::min(ids, kOnes.size());
  std::vector<BagsPart> parts;
  for (std::size_t begin = 0; begin < bags.ids.size(); begin += most) {
    const std::size_t size = std::min(most, bags.ids.size() - begin);
    const std::span weights =
        bags.weights.empty() ? bags.weights : bags.weights.subspan(begin, size);
    parts.push_back(
        {{std::span(kOnes).first(size), bags.ids.subspan(begin, size), weights}, begin});
  }
  return parts;
}

}  // namespace shardwright
