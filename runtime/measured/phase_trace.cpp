#include "runtime/measured/phase_trace.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace shardwright {
namespace {

constexpr double kMicroseconds = 1e3;  // in a millisecond

// Rows of a rank.
constexpr int kMeasured = 0;
constexpr int kPredicted = 1;

// A metadata event: what a rank's rows are called.
std::string name_event(std::string_view kind, std::size_t rank, int row, const std::string& name) {
  return nlohmann::json(
             {{"name", kind}, {"ph", "M"}, {"pid", rank}, {"tid", row}, {"args", {{"name", name}}}})
      .dump();
}

}  // namespace

PhaseTrace::PhaseTrace(Job job)
    : job_(std::move(job)),
      predicted_(predicted_timeline(job_.predicted)),
      measured_(std::ssize(job_.hosts)) {
  for (std::size_t rank = 0; rank < job_.hosts.size(); ++rank) add_rank(rank);
}

void PhaseTrace::add_rank(std::size_t rank) {
  if (!events_.empty()) events_ += ",\n";
  const std::string process = fmt::format("rank {} on {}", rank, job_.hosts[rank]);
  events_ += name_event("process_name", rank, kMeasured, process);
  events_ += ",\n" + name_event("thread_name", rank, kMeasured, "measured");
  if (predicted_.empty()) return;
  events_ += ",\n" + name_event("thread_name", rank, kPredicted, "predicted");
}

void PhaseTrace::add_span(const PhaseSpan& span, bool predicted, double from_ms,
                          std::int64_t step) {
  events_ += fmt::format(
      ",\n{{\"name\":\"{}\",\"cat\":\"{}\",\"ph\":\"X\",\"ts\":{:.3f},\"dur\":{:.3f},\"pid\":{},"
      "\"tid\":{},\"args\":{{\"step\":{}}}}}",
      name_of(span.phase), predicted ? "predicted" : "measured",
      kMicroseconds * (from_ms + span.begin_ms), kMicroseconds * span.duration_ms,
      span.rank.value(), predicted ? kPredicted : kMeasured, step);
}

void PhaseTrace::add(std::int64_t step, std::span<const StepReport> ranks, double end_ms) {
  if (full()) return;
  ++kept_;
  const MeasuredTimeline::Step measured = measured_.add(ranks, end_ms);
  for (const PhaseSpan& span : measured.spans) add_span(span, false, 0, step);
  for (const PhaseSpan& span : predicted_) add_span(span, true, measured.after_read_ms, step);
}

std::string PhaseTrace::json() const {
  const nlohmann::json other = {{"schema", "shardwright.trace/1"}, {"plan_id", job_.plan_id}};
  return fmt::format("{{\"displayTimeUnit\":\"ms\",\"otherData\":{},\"traceEvents\":[\n{}\n]}}\n",
                     other.dump(), events_);
}

}  // namespace shardwright
