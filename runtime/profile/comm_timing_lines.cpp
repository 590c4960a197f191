#include "runtime/profile/comm_timing_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shardwright {
namespace {

// To a nanosecond: what clocks tell.
double microseconds(double ms) { return std::round(1e6 * ms) / 1e3; }

struct LineOfRank {
  std::string rank;  // empty: of all
  const RankCallTiming* timing = nullptr;
};

std::string line_of(const CommProfileRun& run, const ProfiledCall& call, CommTiming row,
                    const LineOfRank& line, const MedianTime& time, std::int64_t passes) {
  row.time_us = microseconds(time.ms);
  return fmt::format("{},{},{:.0f},{:.0f},{},{},{},{:.4f},{},{}\n", comm_timing_cells(row),
                     line.rank, line.timing->send_bytes, line.timing->receive_bytes,
                     run.ranks_per_node, run.seed, call.index, time.ci, passes, time.outliers);
}

double mean_sent(const CollectiveTiming& timing) {
  double sum = 0;
  for (const RankCallTiming& rank : timing.ranks) sum += rank.send_bytes;
  return sum / static_cast<double>(timing.ranks.size());
}

}  // namespace

std::string comm_timing_lines(const CommProfileRun& run, const ProfiledCall& call,
                              const CollectiveTiming& timing) {
  CommTiming row;
  row.setting = run.setting;
  row.repeat = run.repeat;
  row.probe = timing.probe;
  row.call.operation = call.operation;
  row.call.ranks = run.ranks;
  row.call.nodes = run.nodes;
  if (call.imbalance == Imbalance::none && !call.delayed) {
    row.call.bytes = timing.ranks.front().send_bytes;
    return line_of(run, call, row, {"", timing.ranks.data()}, timing.time, timing.passes);
  }
  std::string lines;
  for (std::size_t i = 0; i < timing.ranks.size(); ++i) {
    const RankCallTiming& rank = timing.ranks[i];
    row.call.bytes = std::max(rank.send_bytes, rank.receive_bytes);
    row.call.mean_bytes = call.imbalance == Imbalance::none ? 0 : mean_sent(timing);
    row.call.wait_us = call.delayed ? microseconds(rank.wait_ms) : 0;
    lines += line_of(run, call, row, {fmt::format("{}", i), &rank}, rank.time, timing.passes);
  }
  return lines;
}

}  // namespace shardwright
