#include "costmodel/timings/error_slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace shardwright {
namespace {

constexpr double kMegabyte = 1024 * 1024;

using Indices = std::vector<std::size_t>;

std::optional<double> repeat_scatter(std::span<const CommTiming> rows, const Indices& indices) {
  using Call = std::tuple<CommSetting, CollectiveKind, std::int64_t, std::int64_t, double,
                          std::int64_t, double, double>;
  std::map<Call, std::vector<double>> repeats;
  for (const std::size_t i : indices) {
    const CollectiveCall& call = rows[i].call;
    repeats[{rows[i].setting, call.operation, call.ranks, call.nodes, call.bytes,
             call.element_bytes, evenness(call), call.wait_us}]
        .push_back(std::log(rows[i].time_us));
  }
  double sum = 0;
  double count = 0;
  for (const auto& [call, logs] : repeats) {
    if (logs.size() < 2) continue;
    const auto size = static_cast<double>(logs.size());
    const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / size;
    for (const double log : logs) sum += std::abs(log - mean);
    count += size;
  }
  if (count == 0) return {};
  return std::expm1(sum / count);
}

bool switches_protocol(double bytes) { return bytes >= 4 * kMegabyte && bytes <= 16 * kMegabyte; }

// Numbers in names stand in order: "  2", " 16".
std::string decade_name(double bytes) {
  const double decade = std::floor(std::log10(bytes));
  return fmt::format("10^{:02.0f} to 10^{:02.0f} bytes", decade, decade + 1);
}

bool is_unequal(const CommTiming& row) { return row.call.mean_bytes > 0 || row.call.wait_us > 0; }

bool is_of_several_nodes(const CommTiming& row) { return row.call.nodes > 1; }

std::string likeness_name(const CollectiveCall& call) {
  return fmt::format("{}, {}", call.mean_bytes > 0 ? "uneven" : "even",
                     call.wait_us > 0 ? "waiting" : "last or together");
}

// Collects slices in a fixed order: kinds as first named, names sorted.
class Slices {
 public:
  Slices(std::span<const CommTiming> rows, std::span<const double> predicted)
      : rows_(rows), predicted_(predicted) {}

  template <class NameOf>
  void add(const std::string& by, const NameOf& name_of) {
    std::map<decltype(name_of(rows_[0])), Indices> parts;
    for (std::size_t i = 0; i < rows_.size(); ++i) parts[name_of(rows_[i])].push_back(i);
    for (const auto& [name, indices] : parts) add_slice(by, fmt::format("{}", name), indices);
  }

  template <class Predicate>
  void add_if(const std::string& by, const std::string& name, const Predicate& belongs) {
    Indices indices;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (belongs(rows_[i].call.bytes)) indices.push_back(i);
    }
    if (!indices.empty()) add_slice(by, name, indices);
  }

  std::vector<ErrorSlice> result;

 private:
  void add_slice(const std::string& by, const std::string& name, const Indices& indices) {
    std::vector<double> predicted;
    std::vector<double> measured;
    for (const std::size_t i : indices) {
      predicted.push_back(predicted_[i]);
      measured.push_back(rows_[i].time_us);
    }
    result.push_back(
        {by, name, summarize_errors(predicted, measured), repeat_scatter(rows_, indices)});
  }

  std::span<const CommTiming> rows_;
  std::span<const double> predicted_;
};

}  // namespace

std::vector<ErrorSlice> slice_errors(std::span<const CommTiming> rows,
                                     std::span<const double> predicted_us) {
  Slices slices(rows, predicted_us);
  slices.add_if("all", "all rows", [](double) { return true; });
  slices.add_if("size", "below 1 MB", [](double bytes) { return bytes < kMegabyte; });
  slices.add_if("size", "1 MB up, without 4 to 16 MB",
                [](double bytes) { return bytes >= kMegabyte && !switches_protocol(bytes); });
  slices.add_if("size", "4 to 16 MB", switches_protocol);
  slices.add("decade", [](const CommTiming& row) { return decade_name(row.call.bytes); });
  slices.add("ranks", [](const CommTiming& row) { return row.call.ranks; });
  if (std::any_of(rows.begin(), rows.end(), is_of_several_nodes)) {
    slices.add("nodes", [](const CommTiming& row) { return row.call.nodes; });
  }
  slices.add("operation", [](const CommTiming& row) { return to_string(row.call.operation); });
  slices.add("hardware", [](const CommTiming& row) { return fabric_of(row.setting); });
  slices.add("library", [](const CommTiming& row) { return row.setting.library; });
  if (std::any_of(rows.begin(), rows.end(), is_unequal)) {
    slices.add("ranks are", [](const CommTiming& row) { return likeness_name(row.call); });
  }
  return std::move(slices.result);
}

}  // namespace shardwright
