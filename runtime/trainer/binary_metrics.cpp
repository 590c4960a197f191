#include "runtime/trainer/binary_metrics.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace shardwright {
namespace {

using Samples = std::vector<ScoredSample>;

constexpr std::size_t kCandidates = 64;  // per rank; more even ranges with more

bool lower_probability(const ScoredSample& a, const ScoredSample& b) {
  return a.probability < b.probability;
}

/// What one rank knows of its own samples.
struct LocalSums {
  std::int64_t samples = 0;
  std::int64_t not_finite = 0;
  double log_loss = 0;
  std::size_t num_candidates = 0;
  std::array<float, kCandidates> candidates{};  ///< evenly spaced in the sorted samples
};

double log_loss_of(const ScoredSample& sample) {
  constexpr double kLeast = 1e-7;
  const double p = std::clamp(static_cast<double>(sample.probability), kLeast, 1.0 - kLeast);
  return sample.positive() ? -std::log(p) : -std::log1p(-p);
}

LocalSums local_sums(std::span<const ScoredSample> samples) {
  LocalSums sums;
  sums.samples = std::ssize(samples);
  for (const ScoredSample& sample : samples) {
    sums.not_finite += std::isfinite(sample.probability) ? 0 : 1;
    sums.log_loss += log_loss_of(sample);
  }
  return sums;
}

void choose_candidates(const Samples& sorted, LocalSums& sums) {
  sums.num_candidates = std::min(kCandidates, sorted.size());
  for (std::size_t i = 0; i < sums.num_candidates; ++i) {
    sums.candidates[i] = sorted[i * sorted.size() / sums.num_candidates].probability;
  }
}

/// num_ranks − 1 values; range r holds the scores in [splitters[r − 1], splitters[r]).
std::vector<float> splitters(const std::vector<LocalSums>& ranks) {
  std::vector<float> all;
  for (const LocalSums& rank : ranks) {
    const float* candidates = rank.candidates.data();
    all.insert(all.end(), candidates, candidates + rank.num_candidates);
  }
  std::sort(all.begin(), all.end());
  std::vector<float> result(ranks.size() - 1);
  for (std::size_t r = 0; r < result.size() && !all.empty(); ++r) {
    result[r] = all[(r + 1) * all.size() / ranks.size()];
  }
  return result;
}

/// Sends each sample to the rank of its range and returns what arrives.
Samples exchange_ranges(Communicator& comm, const Samples& sorted,
                        const std::vector<float>& limits) {
  const auto num_ranks = static_cast<std::size_t>(comm.size());
  std::vector<std::int64_t> send_counts(num_ranks);
  std::vector<std::int64_t> receive_counts(num_ranks);
  std::vector<Communicator::SendBlock> send;
  std::vector<Communicator::SendBlock> count_blocks;
  std::vector<Communicator::ReceiveBlock> receive_count_blocks;
  auto begin = sorted.begin();
  for (std::size_t r = 0; r < num_ranks; ++r) {
    const auto end =
        r + 1 == num_ranks
            ? sorted.end()
            : std::lower_bound(begin, sorted.end(), ScoredSample{limits[r], 0}, lower_probability);
    send.push_back(std::as_bytes(std::span(begin, end)));
    send_counts[r] = end - begin;
    count_blocks.push_back(std::as_bytes(std::span(&send_counts[r], 1)));
    receive_count_blocks.push_back(std::as_writable_bytes(std::span(&receive_counts[r], 1)));
    begin = end;
  }
  comm.all_to_all(count_blocks, receive_count_blocks);
  std::int64_t total = 0;
  for (const std::int64_t count : receive_counts) total += count;
  Samples arrived(static_cast<std::size_t>(total));
  std::vector<Communicator::ReceiveBlock> receive;
  auto position = arrived.begin();
  for (const std::int64_t count : receive_counts) {
    receive.push_back(std::as_writable_bytes(std::span(position, position + count)));
    position += count;
  }
  comm.all_to_all(send, receive);
  return arrived;
}

/// Pairs inside one range, counted double so that a tie is a whole number.
struct RangeCounts {
  std::uint64_t positives = 0;
  std::uint64_t negatives = 0;
  std::uint64_t doubled_pairs = 0;  ///< 2 per rightly ordered pair, 1 per tie
};

RangeCounts count_pairs(Samples samples) {
  std::sort(samples.begin(), samples.end(), lower_probability);
  RangeCounts counts;
  for (auto begin = samples.cbegin(); begin != samples.cend();) {
    const auto end = std::upper_bound(begin, samples.cend(), *begin, lower_probability);
    const auto positives = static_cast<std::uint64_t>(
        std::count_if(begin, end, [](const ScoredSample& s) { return s.positive(); }));
    const std::uint64_t negatives = static_cast<std::uint64_t>(end - begin) - positives;
    counts.doubled_pairs += positives * (2 * counts.negatives + negatives);
    counts.positives += positives;
    counts.negatives += negatives;
    begin = end;
  }
  return counts;
}

std::optional<double> auc_of(const RangeCounts& total) {
  if (total.positives == 0 || total.negatives == 0) return std::nullopt;
  return static_cast<double>(total.doubled_pairs) /
         (2.0 * static_cast<double>(total.positives) * static_cast<double>(total.negatives));
}

/// Ranges follow each other in rank order: a positive also beats the negatives of lower ranges.
RangeCounts combine(const std::vector<RangeCounts>& ranges) {
  RangeCounts total;
  for (const RangeCounts& range : ranges) {
    total.doubled_pairs += range.doubled_pairs + 2 * range.positives * total.negatives;
    total.positives += range.positives;
    total.negatives += range.negatives;
  }
  return total;
}

BinaryMetrics sum_up(const std::vector<LocalSums>& ranks) {
  BinaryMetrics metrics;
  std::int64_t not_finite = 0;
  double log_loss = 0;
  for (const LocalSums& rank : ranks) {
    metrics.samples += rank.samples;
    not_finite += rank.not_finite;
    log_loss += rank.log_loss;
  }
  if (not_finite > 0) {
    throw CollectiveError(
        ExitCode::check_failed,
        fmt::format("The model's probability is not a number for {} of {} samples: the "
                    "training has diverged. Lower the learning rate or warm up longer.",
                    not_finite, metrics.samples));
  }
  // 2 · positives · negatives must fit 64 bits.
  constexpr std::int64_t kMostSamples = std::int64_t{1} << 32;
  if (metrics.samples > kMostSamples) {
    throw CollectiveError(ExitCode::bad_input,
                          fmt::format("The exact AUC takes at most {} samples, the data has {}.",
                                      kMostSamples, metrics.samples));
  }
  if (metrics.samples > 0) metrics.log_loss = log_loss / static_cast<double>(metrics.samples);
  return metrics;
}

}  // namespace

BinaryMetrics binary_metrics(Communicator& comm, std::span<const ScoredSample> mine) {
  LocalSums sums = local_sums(mine);
  Samples sorted;
  if (sums.not_finite == 0) {
    sorted.assign(mine.begin(), mine.end());
    std::sort(sorted.begin(), sorted.end(), lower_probability);
    choose_candidates(sorted, sums);
  }
  const std::vector<LocalSums> ranks = gather(comm, sums);
  BinaryMetrics metrics = sum_up(ranks);
  const RangeCounts range = count_pairs(exchange_ranges(comm, sorted, splitters(ranks)));
  const RangeCounts total = combine(gather(comm, range));
  metrics.positives = static_cast<std::int64_t>(total.positives);
  metrics.auc = auc_of(total);
  return metrics;
}

}  // namespace shardwright
