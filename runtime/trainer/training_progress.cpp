#include "runtime/trainer/training_progress.hpp"

#include <array>
#include <cstddef>

namespace shardwright {
namespace {

using nlohmann::json;

template <std::size_t N>
void read(const JsonView& view, std::array<double, N>& values) {
  const std::vector<JsonView> elements = view.elements();
  if (elements.size() != N) view.fail(std::to_string(N) + " numbers");
  for (std::size_t i = 0; i < N; ++i) values[i] = elements[i].number();
}

template <std::size_t N>
void read(const JsonView& view, std::array<std::int64_t, N>& values) {
  const std::vector<JsonView> elements = view.elements();
  if (elements.size() != N) view.fail(std::to_string(N) + " whole numbers");
  for (std::size_t i = 0; i < N; ++i) values[i] = elements[i].integer();
}

json measured_to_json(const TrainSummary& summary) {
  const StepStatistics& sums = summary.sums;
  return {{"steps", summary.measured_steps},
          {"loss_sum", sums.loss_sum},
          {"seconds", sums.seconds},
          {"mean_ms", sums.mean_ms},
          {"max_ms", sums.max_ms},
          {"max_bytes", sums.max_bytes},
          {"bytes_of_ranks", sums.bytes_of_ranks}};
}

void read_measured(const JsonView& view, TrainSummary& summary) {
  StepStatistics& sums = summary.sums;
  summary.measured_steps = view.at("steps").integer(0);
  sums.loss_sum = view.at("loss_sum").number();
  sums.seconds = view.at("seconds").number();
  read(view.at("mean_ms"), sums.mean_ms);
  read(view.at("max_ms"), sums.max_ms);
  read(view.at("max_bytes"), sums.max_bytes);
  sums.bytes_of_ranks.clear();
  for (const JsonView& rank : view.at("bytes_of_ranks").elements()) {
    read(rank, sums.bytes_of_ranks.emplace_back());
  }
}

}  // namespace

json progress_to_json(const TrainSummary& summary, std::int64_t metrics_bytes) {
  json progress = {{"step", summary.steps},
                   {"samples", summary.samples},
                   {"seconds", summary.seconds},
                   {"metrics_bytes", metrics_bytes},
                   {"measured", measured_to_json(summary)}};
  progress["last_loss"] = summary.last_loss ? json(*summary.last_loss) : json(nullptr);
  return progress;
}

std::int64_t restore_progress(const JsonView& progress, bool same_plan, TrainSummary& summary) {
  summary.steps = progress.at("step").integer(0);
  summary.samples = progress.at("samples").integer(0);
  summary.seconds = progress.at("seconds").number(0.0);
  if (const auto loss = progress.find("last_loss")) summary.last_loss = loss->number();
  if (same_plan) read_measured(progress.at("measured"), summary);
  return progress.at("metrics_bytes").integer(0);
}

}  // namespace shardwright
