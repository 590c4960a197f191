#include "costmodel/timings/row_reader.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace shardwright {
namespace {

// std::from_chars knows "nan" and "inf", as measured files spell them.
std::optional<double> whole_number_text(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

template <class Value, std::size_t N>
std::optional<Value> find_name(const std::array<std::pair<std::string_view, Value>, N>& names,
                               std::string_view name) {
  for (const auto& [candidate, value] : names) {
    if (candidate == name) return value;
  }
  return {};
}

}  // namespace

std::string_view RowReader::text(std::string_view column) const {
  const auto found = columns_->find(std::string(column));
  if (found == columns_->end() || found->second >= line_->cells.size()) return {};
  return line_->cells[found->second];
}

std::optional<double> RowReader::number(std::string_view column) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return {};
  const auto value = whole_number_text(cell);
  if (!value) fail(column, "a number");
  return value;
}

std::optional<std::int64_t> RowReader::integer(std::string_view column, std::int64_t least,
                                               std::int64_t most) const {
  const auto value = number(column);
  if (!value) return {};
  const bool in_range = *value >= static_cast<double>(least) && *value <= static_cast<double>(most);
  if (!in_range || *value != std::floor(*value)) {
    fail(column, fmt::format("a whole number from {} to {}", least, most));
  }
  return static_cast<std::int64_t>(*value);
}

void RowReader::fail(std::string_view column, std::string_view expected) const {
  throw InputError(fmt::format("{}: line {}: {} is '{}', expected {}.", file_, line_->number,
                               column, text(column), expected));
}

void drop(CommTimings& timings, std::string_view reason, std::size_t line) {
  const auto same = [&](const DroppedRows& rows) { return rows.reason == reason; };
  const auto found = std::find_if(timings.dropped.begin(), timings.dropped.end(), same);
  if (found == timings.dropped.end()) {
    timings.dropped.push_back({std::string(reason), 1, line});
  } else {
    ++found->count;
  }
}

void keep_or_drop(CommTimings& timings, CommTiming row, std::size_t line) {
  constexpr double kLongest = 1e12;  // eleven days
  if (row.time_us > 0 && row.time_us <= kLongest) {
    timings.rows.push_back(std::move(row));
  } else {
    drop(timings, "a time that is zero, negative, over 10^12 us or not a number", line);
  }
}

std::optional<std::int64_t> bytes_of_type(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 13> kBytes = {{
      {"int8", 1},
      {"uint8", 1},
      {"fp8_e4m3", 1},
      {"fp8_e5m2", 1},
      {"f8e4m3", 1},
      {"f8e5m2", 1},
      {"half", 2},
      {"bfloat16", 2},
      {"float", 4},
      {"int32", 4},
      {"uint32", 4},
      {"double", 8},
      {"int64", 8},
  }};
  return find_name(kBytes, name);
}

std::optional<CollectiveKind> nccl_tests_operation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, CollectiveKind>, 5> kOperations = {{
      {"alltoall", CollectiveKind::all_to_all},
      {"all_to_all", CollectiveKind::all_to_all},
      {"all_gather", CollectiveKind::all_gather},
      {"reduce_scatter", CollectiveKind::reduce_scatter},
      {"all_reduce", CollectiveKind::all_reduce},
  }};
  name = name.substr(name.rfind('/') + 1);  // npos + 1 = 0: the whole name
  if (name.ends_with("_perf")) name.remove_suffix(5);
  return find_name(kOperations, name);
}

}  // namespace shardwright
