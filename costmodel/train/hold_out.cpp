#include "costmodel/train/hold_out.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/names.hpp"
#include "costmodel/train/neuroshard_comm.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace shardwright {
namespace {

constexpr std::size_t kSizeTurns = 4;
constexpr double kSmallBytes = 8192;
constexpr double kLargeBytes = 64.0 * 1024 * 1024;

constexpr Names<HoldOut, 3> kHoldOuts = {{
    {HoldOut::sizes, "sizes"},
    {HoldOut::hardware, "hardware"},
    {HoldOut::ranks, "ranks"},
}};

constexpr Names<CommArchitecture, 2> kArchitectures = {{
    {CommArchitecture::curves, "curves"},
    {CommArchitecture::neuroshard, "neuroshard"},
}};

using Rows = std::vector<CommTiming>;

void predict(const CommModel& model, const std::string& turn, const Rows& aside,
             std::vector<HeldOutRow>& result) {
  for (const CommTiming& row : aside) {
    result.push_back({turn, row, predict_us(model, row.setting, row.call, row.probe)});
  }
}

void predict_by_nets(const Rows& rest, const FitOptions& options, const std::string& turn,
                     const Rows& aside, std::vector<HeldOutRow>& result) {
  const std::vector<double> us =
      neuroshard_comm_us(rest, aside, {options.seed, options.most_iterations});
  for (std::size_t i = 0; i < aside.size(); ++i) result.push_back({turn, aside[i], us[i]});
}

// Rows for which `kept_aside` holds, and the others.
template <class Predicate>
std::pair<Rows, Rows> part(std::span<const CommTiming> rows, const Predicate& kept_aside) {
  std::pair<Rows, Rows> parts;
  for (const CommTiming& row : rows) (kept_aside(row) ? parts.first : parts.second).push_back(row);
  return parts;
}

FitOptions without_validation(FitOptions options) {
  options.validation_share = 0;
  options.base = nullptr;
  return options;
}

void hold_out_sizes(std::span<const CommTiming> rows, CommArchitecture architecture,
                    const FitOptions& options,
                    const std::function<void(const std::string&)>& progress,
                    std::vector<HeldOutRow>& result) {
  std::set<double> sizes;
  for (const CommTiming& row : rows) sizes.insert(mean_bytes(row.call));
  if (sizes.size() < 2 * kSizeTurns) {
    throw InputError(fmt::format("The timings have {} message sizes; keeping sizes aside needs {}.",
                                 sizes.size(), 2 * kSizeTurns));
  }
  for (std::size_t turn = 0; turn < kSizeTurns; ++turn) {
    std::set<double> aside_sizes;
    std::size_t i = 0;
    for (const double size : sizes) {
      if (i++ % kSizeTurns == turn) aside_sizes.insert(size);
    }
    const std::string name = fmt::format("sizes {} of {}", turn + 1, kSizeTurns);
    progress(name);
    const auto [aside, rest] = part(
        rows, [&](const CommTiming& row) { return aside_sizes.contains(mean_bytes(row.call)); });
    if (architecture == CommArchitecture::neuroshard) {
      predict_by_nets(rest, options, name, aside, result);
    } else {
      predict(fit_comm_model(rest, options), name, aside, result);
    }
  }
}

void hold_out_hardware(std::span<const CommTiming> rows, const FitOptions& options,
                       const std::function<void(const std::string&)>& progress,
                       std::vector<HeldOutRow>& result) {
  std::set<std::string> kinds;
  for (const CommTiming& row : rows) kinds.insert(row.setting.hardware);
  if (kinds.size() < 2) {
    throw InputError("The timings are of one kind of hardware; keeping one aside needs two.");
  }
  for (const std::string& kind : kinds) {
    progress(kind);
    const auto [own, others] =
        part(rows, [&](const CommTiming& row) { return row.setting.hardware == kind; });
    const CommModel base = fit_comm_model(others, options);
    const Rows adapting = choose_own_rows(own);
    FitOptions adapt = options;
    adapt.base = &base;
    const auto aside = part(own, [&](const CommTiming& row) {
                         return std::find(adapting.begin(), adapting.end(), row) == adapting.end();
                       }).first;
    predict(fit_comm_model(adapting, adapt), kind, aside, result);
  }
}

void hold_out_ranks(std::span<const CommTiming> rows, const FitOptions& options,
                    const std::function<void(const std::string&)>& progress,
                    std::vector<HeldOutRow>& result) {
  std::int64_t most = 0;
  for (const CommTiming& row : rows) most = std::max(most, row.call.ranks);
  const auto [aside, rest] =
      part(rows, [&](const CommTiming& row) { return row.call.ranks == most; });
  if (rest.empty()) {
    throw InputError("The timings are of one number of ranks; keeping one aside needs two.");
  }
  const std::string name = fmt::format("{} ranks", most);
  progress(name);
  predict(fit_comm_model(rest, options), name, aside, result);
}

std::string main_library(std::span<const CommTiming> rows) {
  std::map<std::string, std::size_t> counts;
  for (const CommTiming& row : rows) ++counts[row.setting.library];
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// The row of `operation` nearest to what is wanted.
const CommTiming* nearest_row(std::span<const CommTiming> rows, CollectiveKind operation,
                              const std::string& library, std::int64_t ranks, double bytes) {
  const auto distance = [&](const CommTiming& row) {
    return std::abs(std::log2(static_cast<double>(row.call.ranks) / static_cast<double>(ranks))) +
           std::abs(std::log2(row.call.bytes / bytes)) + (row.call.element_bytes == 1 ? 0.5 : 0) +
           0.1 * static_cast<double>(row.repeat - 1);
  };
  const CommTiming* best = nullptr;
  for (const CommTiming& row : rows) {
    if (row.call.operation != operation || row.setting.library != library) continue;
    if (best == nullptr || distance(row) < distance(*best)) best = &row;
  }
  return best;
}

}  // namespace

HoldOut parse_hold_out(std::string_view name) {
  return value_of<UsageError>(name, kHoldOuts, "way to keep timings aside");
}

CommArchitecture parse_comm_architecture(std::string_view name) {
  return value_of<UsageError>(name, kArchitectures, "architecture of a communication model");
}

std::vector<CommTiming> choose_own_rows(std::span<const CommTiming> rows) {
  const std::string library = main_library(rows);
  std::vector<std::int64_t> ranks;
  std::set<CollectiveKind> operations;
  for (const CommTiming& row : rows) {
    ranks.push_back(row.call.ranks);
    operations.insert(row.call.operation);
  }
  const auto middle = ranks.begin() + static_cast<std::ptrdiff_t>(ranks.size() / 2);
  std::nth_element(ranks.begin(), middle, ranks.end());
  Rows chosen;
  for (const CollectiveKind operation : operations) {
    for (const double bytes : {kSmallBytes, kLargeBytes}) {
      const CommTiming* row = nearest_row(rows, operation, library, *middle, bytes);
      if (row != nullptr) chosen.push_back(*row);
    }
  }
  return chosen;
}

std::vector<HeldOutRow> hold_out(std::span<const CommTiming> rows, HoldOut what,
                                 CommArchitecture architecture, const FitOptions& given,
                                 const std::function<void(const std::string&)>& progress) {
  if (architecture == CommArchitecture::neuroshard && what != HoldOut::sizes) {
    throw UsageError(
        "NeuroShard's nets are one for each machine and number of ranks: of other ranks or "
        "hardware "
        "they know nothing. Compare them by --hold-out sizes.");
  }
  const FitOptions options = without_validation(given);
  std::vector<HeldOutRow> result;
  switch (what) {
    case HoldOut::sizes:
      hold_out_sizes(rows, architecture, options, progress, result);
      break;
    case HoldOut::hardware:
      hold_out_hardware(rows, options, progress, result);
      break;
    case HoldOut::ranks:
      hold_out_ranks(rows, options, progress, result);
      break;
  }
  return result;
}

}  // namespace shardwright
