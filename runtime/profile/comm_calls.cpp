#include "runtime/profile/comm_calls.hpp"

#include "runtime/data/splitmix.hpp"
#include "runtime/profile/cache_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <span>

namespace shardwright {
namespace {

constexpr std::int64_t kLeastBytes = 512;
constexpr std::int64_t kMostBytes = std::int64_t{512} << 20;
constexpr std::int64_t kLeastOfSamples = 4096;
constexpr std::int64_t kMostOfSamples = std::int64_t{64} << 20;

SplitMix64 random_of(const ProfiledCall& call, std::uint64_t seed) {
  return SplitMix64(SplitMix64::mix(seed) + static_cast<std::uint64_t>(call.index));
}

// Box and Muller's transform of two uniform numbers.
double normal(SplitMix64& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

// Each rank's part of what all have.
std::vector<double> shares_of(const ProfiledCall& call, std::int64_t ranks, std::uint64_t seed) {
  SplitMix64 random = random_of(call, seed);
  std::vector<double> shares(static_cast<std::size_t>(ranks), 1);
  if (call.imbalance != Imbalance::none) {
    for (double& share : shares) share = std::exp(normal(random));
  }
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

class CallList {
 public:
  void add(CollectiveKind operation, std::int64_t bytes, Imbalance imbalance, bool delayed) {
    calls.push_back(
        {static_cast<std::int64_t>(calls.size()), operation, bytes, imbalance, delayed});
  }
  void add_all(std::int64_t bytes, bool delayed) {
    for (const CollectiveKind kind : {CollectiveKind::all_to_all, CollectiveKind::all_gather,
                                      CollectiveKind::reduce_scatter, CollectiveKind::all_reduce}) {
      add(kind, bytes, Imbalance::none, delayed);
    }
  }
  /// From 4 KiB to 64 MiB.
  void add_of_samples(std::span<const CollectiveKind> kinds) {
    for (std::int64_t bytes = kLeastOfSamples; bytes <= kMostOfSamples; bytes *= 4) {
      for (const CollectiveKind kind : kinds) add(kind, bytes, Imbalance::none, false);
    }
  }
  std::vector<ProfiledCall> calls;
};

}  // namespace

std::vector<ProfiledCall> comm_profile_calls() {
  CallList list;
  for (std::int64_t bytes = kLeastBytes; bytes <= kMostBytes; bytes *= 2) {
    list.add_all(bytes, false);
    list.add(CollectiveKind::all_to_all, bytes, Imbalance::senders, false);
    list.add(CollectiveKind::all_to_all, bytes, Imbalance::receivers, false);
    list.add_all(bytes, true);
    list.add(CollectiveKind::all_to_all, bytes, Imbalance::senders, true);
  }
  // Behind the others, whose numbers stand in files.
  list.add_of_samples(kLocalWork);
  list.add_of_samples(kInPlace);
  return list.calls;
}

std::vector<std::vector<std::int64_t>> blocks_of(const ProfiledCall& call, std::int64_t ranks,
                                                 std::uint64_t seed) {
  const std::vector<double> shares = shares_of(call, ranks, seed);
  const std::size_t count = shares.size();
  std::vector<std::vector<std::int64_t>> blocks(count, std::vector<std::int64_t>(count));
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const double share = shares[call.imbalance == Imbalance::receivers ? to : from];
      blocks[from][to] =
          std::max<std::int64_t>(1, std::llround(share * static_cast<double>(call.bytes)));
    }
  }
  return blocks;
}

std::vector<double> delays_of(const ProfiledCall& call, std::int64_t ranks, std::uint64_t seed) {
  constexpr std::uint64_t kApart = 0x64656c6179;  // from the numbers that make the shares
  SplitMix64 random = random_of(call, seed + kApart);
  std::vector<double> delays(static_cast<std::size_t>(ranks));
  if (call.delayed) {
    for (double& delay : delays) delay = random.uniform();
  }
  return delays;
}

std::int64_t memory_of(const ProfiledCall& call, std::int64_t ranks, std::uint64_t seed) {
  // Ids, their parts or messages, and room for these to grow; fewer of values.
  constexpr std::int64_t kCopies = 4;
  if (is_of_samples(call.operation)) return kCopies * call.bytes + std::int64_t{CacheSweep::kBytes};
  const std::vector<double> shares = shares_of(call, ranks, seed);
  const double busiest = *std::max_element(shares.begin(), shares.end());
  const auto even = static_cast<double>(call.bytes);
  // Values, what is gathered of them, and their sums; a busy rank has more than its share.
  return std::llround(2 * even + even * std::max(1.0, busiest * static_cast<double>(ranks)));
}

}  // namespace shardwright
