#include "costmodel/compute/compute_slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace shardwright {
namespace {

using Part = double (*)(const ComputeTimes&);

ComputeTimes measured(const ComputeTiming& timing) {
  return {timing.forward_ms, timing.backward_ms};
}
double total(const ComputeTimes& times) { return times.total_ms(); }
double forward(const ComputeTimes& times) { return times.forward_ms; }
double backward(const ComputeTimes& times) { return times.backward_ms; }

std::string size_of(std::size_t tables) {
  if (tables == 1) return "1";
  if (tables <= 5) return "2 to 5";
  if (tables <= 15) return "6 to 15";
  return tables <= 30 ? "16 to 30" : "31 and more";
}

// Of the tables' mean width.
std::string width_of(const ComputeTiming& timing) {
  double sum = 0;
  for (const MeasuredTable& table : timing.tables) sum += static_cast<double>(table.dim);
  const double mean = sum / static_cast<double>(timing.tables.size());
  if (mean < 32) return "mean below 32";
  if (mean < 128) return "mean 32 to 128";
  return mean < 512 ? "mean 128 to 512" : "mean 512 up";
}

std::string size_of_weights(const ComputeExample& example) {
  double bytes = 0;
  for (const Table& table : example.workload.tables) {
    bytes += static_cast<double>(weight_bytes(table, table.rows, table.dim).value());
  }
  constexpr double kCache = 32e6;
  return bytes < kCache       ? "weights below 32 MB"
         : bytes < 4 * kCache ? "weights 32 to 128 MB"
                              : "weights 128 MB up";
}

std::string decade_of(std::int64_t batch) {
  const auto low =
      static_cast<std::int64_t>(std::pow(10, std::floor(std::log10(static_cast<double>(batch)))));
  return fmt::format("{} to {}", low, 10 * low);
}

struct Pairs {
  std::vector<double> predicted;
  std::vector<double> measured;
};

// Of measurements that were repeated, around the geometric mean of their repeats.
std::optional<double> repeat_scatter(const ComputeExamples& examples) {
  std::map<std::tuple<std::string, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>,
           std::vector<double>>
      repeats;
  for (const auto& example : examples) {
    const ComputeTiming& timing = example->timing;
    repeats[{timing.hardware, timing.seed, timing.set, timing.variant, timing.busy_ranks}]
        .push_back(std::log(timing.forward_ms + timing.backward_ms));
  }
  double sum = 0;
  double count = 0;
  for (const auto& [key, logs] : repeats) {
    if (logs.size() < 2) continue;
    double mean = 0;
    for (const double log : logs) mean += log / static_cast<double>(logs.size());
    for (const double log : logs) sum += std::abs(log - mean);
    count += static_cast<double>(logs.size());
  }
  if (count == 0) return {};
  return std::expm1(sum / count);
}

}  // namespace

std::vector<ErrorSlice> slice_compute_errors(const ComputeExamples& examples,
                                             std::span<const ComputeTimes> predicted) {
  std::map<std::pair<std::string, std::string>, Pairs> slices;
  const auto add = [&](const std::string& by, const std::string& name, std::size_t i, Part part) {
    Pairs& pairs = slices[{by, name}];
    pairs.predicted.push_back(std::max(part(predicted[i]), 1e-9));
    pairs.measured.push_back(part(measured(examples[i]->timing)));
  };
  const bool separate =
      std::any_of(predicted.begin(), predicted.end(),
                  [](const ComputeTimes& times) { return times.backward_ms > 0; });
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ComputeTiming& timing = examples[i]->timing;
    add("all", "", i, total);
    add("tables", size_of(timing.tables.size()), i, total);
    add("dim", width_of(timing), i, total);
    add("batch", decade_of(timing.batch_size), i, total);
    add("busy", fmt::format("{} busy ranks", timing.busy_ranks), i, total);
    add("optimizer", std::string(to_string(timing.optimizer)), i, total);
    add("memory", size_of_weights(*examples[i]), i, total);
    if (!separate) continue;
    add("phase", "forward", i, forward);
    add("phase", "backward", i, backward);
  }
  std::vector<ErrorSlice> result;
  for (const auto& [key, pairs] : slices) {
    const ErrorSlice slice{
        key.first, key.second, summarize_errors(pairs.predicted, pairs.measured), {}};
    result.push_back(slice);
  }
  result.front().repeat_scatter = repeat_scatter(examples);  // "all" sorts first
  return result;
}

ErrorSlice rival_slice(const std::string& name, const ComputeExamples& examples,
                       std::span<const ComputeTimes> predicted) {
  ErrorSlice slice = slice_compute_errors(examples, predicted).front();
  slice.by = "beside";
  slice.name = name;
  slice.repeat_scatter.reset();
  return slice;
}

}  // namespace shardwright
