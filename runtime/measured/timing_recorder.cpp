#include "runtime/measured/timing_recorder.hpp"

#include "runtime/profile/median.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kWindow = 20;
constexpr std::int64_t kLeastWindow = 5;

std::map<std::string, std::string> metadata(const std::string& command) {
  return {{"command", command},
          {"date", fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)))},
          {"operator", "steps of training jobs, one thread a rank"},
          {"clock", "wall"}};
}

/// Forty bits of the plan's id, as many as the schema's numbers may have: names its table sets.
std::uint64_t seed_of(const std::string& plan_id) {
  constexpr std::size_t kDigits = 10;
  return std::stoull(plan_id.substr(0, kDigits), nullptr, 16);
}

}  // namespace

TimingRecorder::TimingRecorder(const std::string& file, Job job)
    : job_(std::move(job)),
      file_(file, [this] { return metadata(job_.command); }),
      seed_(seed_of(job_.plan_id)),
      ranks_(static_cast<std::size_t>(job_.plan.topology.size())) {
  repeat_ = file_.next_repeat(seed_, job_.plan.workload.batch_size);
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    std::string why;
    ranks_[r].tables = rank_tables(job_.plan, RankId::of(r), why);
    if (!ranks_[r].tables) note_left_out(r, why);
  }
}

void TimingRecorder::note_left_out(std::size_t rank, const std::string& why) {
  notes_.push_back(fmt::format("Timings of rank {} are not recorded: {}.", rank, why));
}

void TimingRecorder::add(std::span<const StepReport> ranks) {
  if (++steps_ <= kWarmUp || steps_ > kMostSteps) return;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    ranks_[r].lookup_ms.push_back(ms_of(ranks[r].phase_ms, StepPhase::lookup));
    ranks_[r].update_ms.push_back(ms_of(ranks[r].phase_ms, StepPhase::update));
    ranks_[r].probes.push_back(ranks[r].probe);
  }
  if (++window_ == kWindow) write_window();
}

void TimingRecorder::finish() {
  if (window_ >= kLeastWindow) write_window();
}

void TimingRecorder::write_window() {
  std::string lines;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    if (ranks_[r].tables) lines += compute_timing_line(timing_of(r));
    ranks_[r].lookup_ms.clear();
    ranks_[r].update_ms.clear();
    ranks_[r].probes.clear();
  }
  window_ = 0;
  ++repeat_;
  if (!lines.empty()) file_.append(lines);
}

ComputeTiming TimingRecorder::timing_of(std::size_t rank) const {
  const RankTables& tables = *ranks_[rank].tables;
  const MedianTime lookup = median_of(ranks_[rank].lookup_ms);
  const MedianTime update = median_of(ranks_[rank].update_ms);
  return {.hardware = job_.hardware,
          .seed = seed_,
          .set = static_cast<std::int64_t>(rank),
          .variant = job_.plan.workload.batch_size,
          .repeat = repeat_,
          .batch_size = job_.plan.workload.batch_size,
          .optimizer = tables.optimizer,
          .busy_ranks = job_.busy_ranks[rank],
          .dtype = tables.dtype,
          .tables = tables.tables,
          .forward_ms = lookup.ms,
          .backward_ms = update.ms,
          .forward_ci = lookup.ci,
          .backward_ci = update.ci,
          .passes = window_,
          .outliers = static_cast<std::int64_t>(lookup.outliers + update.outliers),
          .probe = median_probe(ranks_[rank].probes)};
}

}  // namespace shardwright
