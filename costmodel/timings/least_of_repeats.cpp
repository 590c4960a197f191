#include "costmodel/timings/least_of_repeats.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace shardwright {
namespace {

using Measurement =
    std::tuple<std::string, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;

Measurement measurement_of(const ComputeTiming& row) {
  return {row.hardware, row.seed, row.set, row.variant, row.busy_ranks};
}

bool same_batch(const ComputeTiming& a, const ComputeTiming& b) {
  return a.batch_size == b.batch_size && a.optimizer == b.optimizer && a.dtype == b.dtype &&
         a.tables == b.tables;
}

void take_less(const ComputeTiming& other, ComputeTiming& row) {
  if (!same_batch(other, row)) {
    throw InputError(fmt::format(
        "Batch {} of table set {} (seed {}) has other tables or samples in one run than in "
        "another: these are no repeats. Give runs of one version of `profile compute` with the "
        "same --pool, --tables, --memory and --most-pass-ms, or another --seed.",
        row.variant, row.set, row.seed));
  }
  if (row.probe.known() || other.probe.known()) {  // a time goes with the speed that it was at
    if (other.forward_ms + other.backward_ms < row.forward_ms + row.backward_ms) row = other;
    return;
  }
  if (other.forward_ms < row.forward_ms) {
    row.forward_ms = other.forward_ms;
    row.forward_ci = other.forward_ci;
  }
  if (other.backward_ms < row.backward_ms) {
    row.backward_ms = other.backward_ms;
    row.backward_ci = other.backward_ci;
  }
}

}  // namespace

std::vector<ComputeTiming> least_of_repeats(std::vector<ComputeTiming> rows) {
  std::map<Measurement, std::size_t> places;
  std::vector<ComputeTiming> result;
  for (ComputeTiming& row : rows) {
    const auto [place, is_new] = places.emplace(measurement_of(row), result.size());
    if (is_new) {
      result.push_back(std::move(row));
    } else {
      take_less(row, result[place->second]);
    }
  }
  return result;
}

}  // namespace shardwright
