#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Timings as the matrices that a fit works on. A cell is all rows that differ in bytes, time and
/// repeat only (evenness and wait share are the same): they share one curve.
struct CommDesign {
  std::int64_t num_curves = 0;
  std::int64_t num_cells = 0;
  std::vector<double> factors;  ///< [cell][curve]: how often a curve is added to a cell's
  // per row
  std::vector<std::int64_t> cell;
  std::vector<std::int64_t> low;   ///< index of the knot below
  std::vector<double> along;       ///< KnotPosition
  std::vector<double> size_ratio;  ///< of time_between()
  std::vector<double> log_time;    ///< ln µs
};

/// Which curve of the design stands for which curve of the model.
struct CurveIndex {
  std::size_t effect = 0;
  std::string key;
};

struct CommDesignAndIndex {
  CommDesign design;
  std::vector<CurveIndex> curves;
};

/// Knots for a new model: the sizes in the rows of equal sizes, or half octaves from the least to
/// the largest size if they are more than 48. Throws InputError for fewer than two sizes.
std::vector<double> choose_knots(std::span<const CommTiming> rows);

/// `model` gives knots, pace, effects, and the range of element sizes; its curves are not looked
/// at. Curves whose factor is 0 in all rows are left out.
CommDesignAndIndex make_design(const CommModel& model, std::span<const CommTiming> rows);

/// What the rows cover, without the fingerprint.
CommTraining coverage_of(std::span<const CommTiming> rows);

}  // namespace shardwright
