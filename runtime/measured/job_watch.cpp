#include "runtime/measured/job_watch.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

constexpr double kMilliseconds = 1e3;          // in a second
constexpr std::size_t kRowsWhileTraining = 5;  // of a comparison

PhaseTrace::Job trace_of(const JobWatch::Job& job) {
  return {job.options.trace_steps, job.plan.predicted, job.hosts, job.plan_id};
}

std::vector<PhaseMs> means_of(const PhaseReport& report) {
  std::vector<PhaseMs> means = report.ms_of_ranks;
  for (PhaseMs& rank : means) {
    for (double& ms : rank) ms /= static_cast<double>(report.steps);
  }
  return means;
}

TimingRecorder::Job timings_of(const JobWatch::Job& job) {
  return {job.plan, job.plan_id, job.hardware, ranks_on_host(job.hosts), job.command};
}

}  // namespace

std::vector<std::int64_t> ranks_on_host(const std::vector<std::string>& hosts) {
  std::vector<std::int64_t> counts;
  counts.reserve(hosts.size());
  for (const std::string& host : hosts) {
    counts.push_back(std::count(hosts.begin(), hosts.end(), host));
  }
  return counts;
}

JobWatch::JobWatch(Job job) : job_(std::move(job)), checker_(job_.plan, job_.hosts) {
  if (!job_.options.trace.empty()) trace_.emplace(trace_of(job_));
  if (job_.options.record_timings.empty()) return;
  timings_.emplace(job_.options.record_timings, timings_of(job_));
  for (const std::string& note : timings_->notes()) job_.say(note);
}

JobWatch::~JobWatch() { write_trace(); }

/// A training is worth more than what is told of it.
template <class Work>
void JobWatch::try_to(Work work) {
  try {
    work();
  } catch (const Error& error) {  // a full disk, a cost model that does not fit any more
    job_.say(fmt::format("Training goes on without it: {}", error.what()));
  }
}

void JobWatch::write_trace() {
  if (!trace_) return;
  try_to([&] { write_file(job_.options.trace, trace_->json(), Lasting::no); });
  trace_.reset();
}

void JobWatch::add(std::int64_t step, std::span<const StepReport> ranks,
                   const PhaseReport& phases) {
  since_comparison_ += phases;
  if (trace_) trace_->add(step, ranks, kMilliseconds * axis_.seconds());
  if (trace_ && trace_->full()) write_trace();
  record(ranks);
  compare(step + 1);
}

void JobWatch::record(std::span<const StepReport> ranks) {
  if (!timings_) return;
  bool written = false;
  try_to([&] {
    timings_->add(ranks);
    written = true;
  });
  if (!written) timings_.reset();
}

void JobWatch::compare(std::int64_t steps_done) {
  const std::int64_t every = job_.options.compare_every;
  if (every == 0 || steps_done % every != 0) return;
  const PhaseReport report = std::exchange(since_comparison_, {});
  try_to([&] { tell(checker_.check(means_of(report), report.steps), steps_done); });
}

void JobWatch::tell(const PlanCheck& check, std::int64_t steps_done) {
  const std::string text = plan_check_to_text(check, kRowsWhileTraining);
  if (!text.empty()) job_.say(text.substr(0, text.size() - 1));  // ends in a newline
  nlohmann::json event = plan_check_to_json(check);
  event["event"] = "plan_check";
  event["after_steps"] = steps_done;
  job_.add_event(event);
}

std::optional<PlanCheck> JobWatch::finish(const PhaseReport& all) {
  write_trace();
  try_to([&] {
    if (timings_) timings_->finish();
  });
  timings_.reset();
  std::optional<PlanCheck> check;
  if (all.steps == 0) return check;
  try_to([&] { check = checker_.check_with_changes(means_of(all), all.steps); });
  return check;
}

}  // namespace shardwright
